// The weights of a converted model: rows in their order, in their format, checked to be numbers.
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/convert_private.h"

enum {
    ROWS = 16,       // of a matrix that a thread takes at once
    CHUNK = 1 << 22, // weights between two writes
};

static const float f16_max = 65504;

struct rows {
    const struct convert_item *item;
    size_t first; // row of this chunk
    unsigned char *blocks;
    float *floats; // of each thread
    bool *bad;     // of each piece: a weight that is no number, or too large
};

// In GGUF's llama, dimensions 2i and 2i + 1 of a head turn together; in the folder i and i + D / 2.
static size_t source_row(const struct convert_item *i, size_t row)
{
    if (!i->heads)
        return row;
    size_t D = i->rows / i->heads, at = row % D;
    return row - at + at % 2 * (D / 2) + at / 2;
}

static void convert_rows(void *arg, unsigned thread, size_t from, size_t to)
{
    const struct rows *r = arg;
    const struct convert_item *item = r->item;
    const struct quant_format *f = item->from->format;
    size_t cols = item->cols, n = (to - from) * cols;
    float *x = r->floats + thread * ROWS * cols;
    float most = item->to->type == QUANT_F16 ? f16_max : FLT_MAX;
    for (size_t i = from; i < to; i++)
        f->dequantize(item->from->data + source_row(item, r->first + i) * cols * f->bytes,
                      x + (i - from) * cols, cols);
    for (size_t i = 0; i < n; i++)
        if (!(fabsf(x[i]) <= most))
            r->bad[from / ROWS] = true;
    item->to->quantize(x, r->blocks + quant_bytes(item->to, from * cols), n);
}

// Tells how far the work is.
static enum err_code advance(struct convert_job *j, uint64_t weights)
{
    j->done += weights;
    if (j->plan->each && !j->plan->each(j->plan->arg, j->done, j->weights))
        return err_set(j->err, ERR_CANCELLED, "stopped; nothing was written");
    return ERR_OK;
}

static enum err_code write_values(struct convert_job *j, const struct convert_item *i)
{
    gguf_write_data(j->out, i->values, i->rows * sizeof *i->values);
    return advance(j, i->rows);
}

static enum err_code write_chunk(struct convert_job *j, struct rows *r, size_t rows)
{
    const struct convert_item *i = r->item;
    size_t pieces = (rows + ROWS - 1) / ROWS;
    memset(r->bad, 0, pieces * sizeof *r->bad);
    nn_split(&j->work, rows, ROWS, convert_rows, r);
    for (size_t k = 0; k < pieces; k++)
        if (r->bad[k])
            return err_set(j->err, ERR_CORRUPT,
                           "%s: tensor '%.*s' holds weights that are no numbers, or too large "
                           "for %s",
                           i->file, STR_ARG(i->from->name), i->to->name);
    gguf_write_data(j->out, r->blocks, quant_bytes(i->to, (uint64_t)rows * i->cols));
    return advance(j, (uint64_t)rows * i->cols);
}

static enum err_code write_matrix(struct convert_job *j, const struct convert_item *i)
{
    size_t all = (size_t)i->rows, most = (CHUNK / (size_t)i->cols / ROWS + 1) * ROWS;
    most = most < all ? most : all;
    size_t bytes = quant_bytes(i->to, (uint64_t)most * i->cols);
    struct rows r = {.item = i};
    enum err_code code = ERR_OK;
    r.blocks = malloc(bytes);
    r.floats = calloc((size_t)j->plan->threads * ROWS * i->cols, sizeof *r.floats);
    r.bad = calloc((most + ROWS - 1) / ROWS, sizeof *r.bad);
    if (!bytes || !r.blocks || !r.floats || !r.bad)
        code = err_set(j->err, ERR_NO_MEMORY, "out of memory for tensor '%s'", i->name);
    for (; r.first < all && !code; r.first += most)
        code = write_chunk(j, &r, all - r.first < most ? all - r.first : most);
    free(r.blocks);
    free(r.floats);
    free(r.bad);
    return code;
}

enum err_code convert_write_tensors(struct convert_job *j)
{
    enum err_code code = ERR_OK;
    for (size_t k = 0; k < j->count; k++) {
        const struct convert_item *i = &j->items[k];
        uint64_t vector[] = {i->rows}, matrix[] = {i->cols, i->rows};
        gguf_write_tensor(j->out, i->name, i->to, i->cols == 1 ? vector : matrix,
                          i->cols == 1 ? 1 : 2);
        j->result->bytes += quant_bytes(i->to, (uint64_t)i->rows * i->cols);
    }
    for (size_t k = 0; k < j->count && !code; k++) {
        const struct convert_item *i = &j->items[k];
        code = i->values ? write_values(j, i) : write_matrix(j, i);
    }
    return code;
}
