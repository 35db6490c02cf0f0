// Products with quantized weights in an ONNX graph.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "train/export_onnx_private.h"
#include "train/onnx_blocks.h"

enum { ROWS = 64 }; // that a thread quantizes at a time

void onnx_job_node(struct onnx_job *j, const char *op, const char *output,
                   const struct onnx_attribute *attributes, size_t n, const char *format, ...)
{
    char inputs[8 * ONNX_NAME_BYTES];
    va_list ap;
    va_start(ap, format);
    vsnprintf(inputs, sizeof inputs, format, ap);
    va_end(ap);
    onnx_node(j->o, op, inputs, output, attributes, n);
}

void onnx_job_floats(struct onnx_job *j, const char *name, const float *v, uint64_t rows,
                     uint64_t cols)
{
    onnx_tensor(j->o, name, ONNX_F32, rows > 1 ? (uint64_t[]){rows, cols} : (uint64_t[]){cols},
                rows > 1 ? 2 : 1);
    onnx_data(j->o, v, (size_t)(rows * cols) * sizeof *v);
}

struct quantized {
    const struct onnx_slice *slice;
    float *x; // [thread][blocks * 32]
    uint8_t *q, *zeros;
    float *scales;
};

static void quantize_rows(void *arg, unsigned thread, size_t from, size_t to)
{
    const struct quantized *d = arg;
    const struct onnx_slice *s = d->slice;
    size_t q_bytes = s->blocks * ONNX_BLOCK * s->bits / 8,
           zero_bytes = (s->blocks * s->bits + 7) / 8;
    size_t row_bytes = quant_bytes(s->t->format, s->cols);
    for (size_t r = from; r < to; r++)
        onnx_blocks_quantize(s->t->format, s->t->data + (s->first + r) * row_bytes, s->cols,
                             s->bits, d->x + thread * s->blocks * ONNX_BLOCK, d->q + r * q_bytes,
                             d->scales + r * s->blocks, d->zeros + r * zero_bytes);
}

static void write_quantized(struct onnx_job *j, const char *name, const struct quantized *d)
{
    const struct onnx_slice *s = d->slice;
    size_t q_bytes = ONNX_BLOCK * s->bits / 8, zero_bytes = (s->blocks * s->bits + 7) / 8;
    char part[ONNX_NAME_BYTES];
    snprintf(part, sizeof part, "%s.q", name);
    onnx_tensor(j->o, part, ONNX_U8, (uint64_t[]){s->rows, s->blocks, q_bytes}, 3);
    onnx_data(j->o, d->q, s->rows * s->blocks * q_bytes);
    snprintf(part, sizeof part, "%s.scales", name);
    onnx_tensor(j->o, part, ONNX_F32, (uint64_t[]){s->rows, s->blocks}, 2);
    onnx_data(j->o, d->scales, s->rows * s->blocks * sizeof *d->scales);
    if (s->exact)
        return;
    snprintf(part, sizeof part, "%s.zeros", name);
    onnx_tensor(j->o, part, ONNX_U8, (uint64_t[]){s->rows, zero_bytes}, 2);
    onnx_data(j->o, d->zeros, s->rows * zero_bytes);
}

void onnx_job_tell(struct onnx_job *j)
{
    const struct export_onnx *p = j->plan;
    j->done++;
    if (!j->code && p->progress && !p->progress(p->arg, j->done, j->total))
        j->code = err_set(j->err, ERR_CANCELLED, "stopped; nothing was written");
}

void onnx_job_multiply(struct onnx_job *j, const struct onnx_slice *s, const char *input,
                       const char *output)
{
    if (j->code)
        return;
    struct quantized d = {
        .slice = s,
        .x = malloc(j->plan->threads * s->blocks * ONNX_BLOCK * sizeof(float)),
        .q = malloc(s->rows * s->blocks * ONNX_BLOCK * s->bits / 8),
        .zeros = malloc(s->rows * ((s->blocks * s->bits + 7) / 8)),
        .scales = malloc(s->rows * s->blocks * sizeof(float)),
    };
    if (!d.x || !d.q || !d.zeros || !d.scales) {
        j->code =
            err_set(j->err, ERR_NO_MEMORY, "out of memory for tensor '%.*s'", STR_ARG(s->t->name));
    } else {
        nn_split(&j->work, s->rows, ROWS, quantize_rows, &d);
        write_quantized(j, output, &d);
        struct onnx_attribute a[] = {
            ONNX_ATTRIBUTE_INT("K", (int64_t)s->cols), ONNX_ATTRIBUTE_INT("N", (int64_t)s->rows),
            ONNX_ATTRIBUTE_INT("bits", s->bits), ONNX_ATTRIBUTE_INT("block_size", ONNX_BLOCK),
            ONNX_ATTRIBUTE_INT("accuracy_level", 4)};
        onnx_job_node(j, MS "MatMulNBits", output, a, 5,
                      s->exact ? "%s,%s.q,%s.scales" : "%s,%s.q,%s.scales,%s.zeros", input, output,
                      output, output);
    }
    free(d.x);
    free(d.q);
    free(d.zeros);
    free(d.scales);
    onnx_job_tell(j);
}

struct onnx_slice onnx_job_slice(const struct onnx_job *j, size_t place,
                                 const struct joined *joined, uint32_t first, uint32_t rows,
                                 unsigned bits)
{
    uint32_t part = joined ? joined->parts - 1 : 0;
    while (joined && joined->from[part] > first)
        part--;
    struct onnx_slice s = {.rows = rows, .bits = bits};
    const struct matrix *m = model_matrix(j->model, place + part, &s.t);
    s.first = joined ? first - joined->from[part] : first;
    s.cols = m->cols;
    s.blocks = (m->cols + ONNX_BLOCK - 1) / ONNX_BLOCK;
    s.exact = onnx_blocks_exact(s.t->format, bits);
    return s;
}

void onnx_job_multiply_joined(struct onnx_job *j, size_t place, const struct joined *joined,
                              uint32_t first, uint32_t rows, const char *input, const char *output)
{
    size_t at = (size_t)j->layer * MODEL_PLACES + place;
    struct onnx_slice s = onnx_job_slice(j, at, joined, first, rows, j->plan->bits);
    if (!joined || !joined->bias) {
        onnx_job_multiply(j, &s, input, output);
        return;
    }
    char product[ONNX_NAME_BYTES], bias[ONNX_NAME_BYTES];
    snprintf(product, sizeof product, "%s_product", output);
    snprintf(bias, sizeof bias, "%s.bias", output);
    onnx_job_multiply(j, &s, input, product);
    onnx_job_floats(j, bias, joined->bias + first, 1, rows);
    onnx_job_node(j, "Add", output, NULL, 0, "%s,%s", product, bias);
}
