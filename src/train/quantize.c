// A model's tensors, one after another, into other formats.
#include "train/quantize.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "llm/gguf_write.h"
#include "nn/work.h"
#include "train/adapter_file.h"
#include "train/mix.h"

enum {
    ROWS = 16,       // of a matrix that a thread takes at once
    CHUNK = 1 << 22, // weights between two writes
};

struct job {
    const struct quantize_plan *plan;
    const struct mix *mix; // NULL: formats stay
    const struct gguf *in;
    struct gguf *adapter; // NULL: none
    struct gguf_writer *out;
    struct nn_work work;
    struct mix_model model;
    double squares, differences; // over all changed tensors
    uint64_t done, all;          // weights
    struct quantize_result *result;
};

static const struct quant_format *format_for(const struct job *j, const struct gguf_tensor *t)
{
    return j->mix ? mix_format(j->mix, &j->model, t->name, t->dims, t->ne[0]) : t->format;
}

// Of squares: of the weights, of what they are off by.
struct sums {
    double weights, differences;
    double important, important_differences; // each times its column's importance
};

// Consecutive rows of a tensor on their way.
struct rows {
    const struct gguf_tensor *t;
    const struct quant_format *to;
    bool copied;             // as they are
    const float *importance; // of the columns; NULL: all alike
    struct adapter_pair pair;
    float adapter_scale;
    size_t first; // row
    const unsigned char *from;
    unsigned char *blocks;
    float *floats;     // of each thread: two pieces
    struct sums *sums; // of each piece
};

// x: one row of weights, y: the same as stored.
static void add_errors(const struct rows *r, const float *x, const float *y, struct sums *s)
{
    size_t cols = (size_t)r->t->ne[0];
    for (size_t i = 0; i < cols; i++) {
        double off = (double)x[i] - (double)y[i], square = (double)x[i] * (double)x[i];
        double weight = r->importance ? (double)r->importance[i] : 1;
        s->weights += square;
        s->differences += off * off;
        s->important += weight * square;
        s->important_differences += weight * off * off;
    }
}

static void convert_rows(void *arg, unsigned thread, size_t from, size_t to)
{
    const struct rows *r = arg;
    size_t cols = (size_t)r->t->ne[0], n = (to - from) * cols;
    float *x = r->floats + thread * 2 * ROWS * cols, *y = x + ROWS * cols;
    struct sums *s = &r->sums[from / ROWS];
    *s = (struct sums){0};
    r->t->format->dequantize(r->from + quant_bytes(r->t->format, from * cols), x, n);
    if (r->pair.rank)
        adapter_pair_add(&r->pair, r->adapter_scale, r->first + from, to - from, x);
    if (!r->copied) {
        unsigned char *blocks = r->blocks + quant_bytes(r->to, from * cols);
        if (r->importance)
            for (size_t i = 0; i < n; i += cols)
                r->to->quantize_weighed(x + i, r->importance, blocks + quant_bytes(r->to, i), cols);
        else
            r->to->quantize(x, blocks, n);
        r->to->dequantize(blocks, y, n);
    }
    for (size_t i = 0; i < n; i += cols)
        add_errors(r, x + i, r->copied ? x + i : y + i, s);
}

// Tells of a tensor that is written.
static enum err_code deliver(struct job *j, const struct rows *r, const struct sums *s,
                             struct err *err)
{
    const struct gguf_tensor *t = r->t;
    double off = s->important > 0 ? sqrt(s->important_differences / s->important) : 0;
    struct quantize_tensor done = {.name = t->name,
                                   .from = t->format->name,
                                   .to = r->to->name,
                                   .weights = t->count,
                                   .bytes_before = t->bytes,
                                   .bytes_after = quant_bytes(r->to, t->count),
                                   .error = off,
                                   .weighed = r->importance != NULL,
                                   .adapted = r->pair.rank > 0};
    if (!isfinite(s->weights))
        return err_set(err, ERR_INPUT, "%s: tensor '%.*s' has weights that are no numbers%s",
                       gguf_name(j->in), STR_ARG(t->name),
                       done.adapted ? ", or its adapter has" : "");
    j->squares += s->weights;
    j->differences += s->differences;
    j->result->bytes_before += t->bytes;
    j->result->bytes_after += done.bytes_after;
    j->result->weighed += done.weighed;
    j->result->adapted += done.adapted;
    if (j->plan->each && !j->plan->each(j->plan->arg, &done))
        return err_set(err, ERR_CANCELLED, "stopped; nothing was written");
    return ERR_OK;
}

static void convert_chunk(struct job *j, struct rows *r, size_t rows, struct sums *all)
{
    size_t cols = (size_t)r->t->ne[0];
    r->from = r->t->data + quant_bytes(r->t->format, r->first * cols);
    nn_split(&j->work, rows, ROWS, convert_rows, r);
    gguf_write_data(j->out, r->copied ? r->from : r->blocks, quant_bytes(r->to, rows * cols));
    for (size_t i = 0; i < (rows + ROWS - 1) / ROWS; i++) {
        all->weights += r->sums[i].weights;
        all->differences += r->sums[i].differences;
        all->important += r->sums[i].important;
        all->important_differences += r->sums[i].important_differences;
    }
    j->done += rows * cols;
    if (j->plan->progress)
        j->plan->progress(j->plan->arg, j->done, j->all);
}

static enum err_code convert(struct job *j, const struct gguf_tensor *t, struct err *err)
{
    size_t cols = (size_t)t->ne[0], count = (size_t)(t->count / t->ne[0]);
    size_t most = (CHUNK / cols / ROWS + 1) * ROWS;
    most = most < count ? most : count;
    struct rows r = {.t = t, .to = format_for(j, t), .adapter_scale = j->plan->adapter_scale};
    enum err_code code = ERR_OK;
    if (j->adapter && (code = adapter_pair_read(j->adapter, t, &r.pair, err)))
        return code;
    r.copied = r.to == t->format && !r.pair.rank;
    if (j->plan->importance && t->dims > 1 && !r.copied)
        r.importance = importance_of(j->plan->importance, t->name, t->ne[0]);
    r.blocks = malloc(quant_bytes(r.to, most * cols));
    r.floats = calloc((size_t)j->plan->threads * 2 * ROWS * cols, sizeof *r.floats);
    r.sums = calloc((most + ROWS - 1) / ROWS, sizeof *r.sums);
    struct sums all = {0};
    if (!r.blocks || !r.floats || !r.sums)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for tensor '%.*s'", STR_ARG(t->name));
    for (; r.first < count && !code; r.first += most)
        convert_chunk(j, &r, count - r.first < most ? count - r.first : most, &all);
    if (!code)
        code = deliver(j, &r, &all, err);
    adapter_pair_free(&r.pair);
    free(r.blocks);
    free(r.floats);
    free(r.sums);
    return code;
}

static void write_keys(struct job *j)
{
    for (size_t i = 0; i < gguf_key_count(j->in); i++) {
        const struct gguf_value *v = gguf_key_at(j->in, i);
        bool of_mix =
            str_is(v->key, "general.file_type") || str_is(v->key, "general.quantization_version");
        if (!j->mix || !of_mix)
            gguf_write_copy(j->out, v);
    }
    if (!j->mix)
        return;
    gguf_write_u32(j->out, "general.quantization_version", 2);
    gguf_write_u32(j->out, "general.file_type", mix_file_type(j->mix));
}

// A key of the file's architecture, such as "llama.attention.head_count"; 0 where there is none.
static uint32_t number_of(const struct gguf *g, const char *key)
{
    char full[GGUF_KEY_MAX + 1];
    struct str arch = {0};
    uint32_t v = 0;
    struct err ignored;
    if (gguf_string(g, "general.architecture", &arch, &ignored))
        return 0;
    snprintf(full, sizeof full, "%.*s.%s", STR_ARG(arch), key);
    return gguf_u32(g, full, &v, &ignored) ? 0 : v;
}

static void look_at_model(struct job *j)
{
    uint32_t H = number_of(j->in, "attention.head_count");
    uint32_t H_kv = number_of(j->in, "attention.head_count_kv");
    j->model.shared = H_kv ? H / H_kv : 1;
    j->model.has_important = j->plan->importance != NULL;
    j->model.tied = !gguf_find_tensor(j->in, "output.weight");
    for (size_t i = 0; i < gguf_tensor_count(j->in); i++) {
        uint32_t layer;
        const struct gguf_tensor *t = gguf_tensor_at(j->in, i);
        j->all += t->count;
        if (mix_layer_of(t->name, &layer) && layer >= j->model.layers)
            j->model.layers = layer + 1;
    }
}

static bool any_is_important(const struct job *j)
{
    for (size_t i = 0; i < gguf_tensor_count(j->in); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(j->in, i);
        if (importance_of(j->plan->importance, t->name, t->ne[0]))
            return true;
    }
    return false;
}

static enum err_code write_all(struct job *j, struct err *err)
{
    enum err_code code = ERR_OK;
    char name[GGUF_NAME_MAX + 1];
    if (j->plan->importance && !any_is_important(j))
        return err_set(err, ERR_INPUT, "%s: the importance is that of another model",
                       gguf_name(j->in));
    write_keys(j);
    for (size_t i = 0; i < gguf_tensor_count(j->in); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(j->in, i);
        str_copy(name, sizeof name, t->name);
        gguf_write_tensor(j->out, name, format_for(j, t), t->ne, t->dims);
    }
    for (size_t i = 0; i < gguf_tensor_count(j->in) && !code; i++)
        code = convert(j, gguf_tensor_at(j->in, i), err);
    return code;
}

// What is read would be lost if the new file took its place.
static enum err_code check_names(const struct quantize_plan *p, struct err *err)
{
    if (file_same(p->in, p->out) || (p->adapter && file_same(p->adapter, p->out)))
        return err_set(err, ERR_USAGE, "%s is to be read and written; another name expected",
                       p->out);
    return ERR_OK;
}

enum err_code quantize_model(const struct quantize_plan *plan, struct quantize_result *result,
                             struct err *err)
{
    struct job j = {.plan = plan, .result = result};
    struct gguf *in;
    *result = (struct quantize_result){0};
    enum err_code code = check_names(plan, err);
    if (!code && plan->mix)
        code = mix_find(plan->mix, &j.mix, err);
    if (code || (code = gguf_open(plan->in, &in, err)))
        return code;
    j.in = in;
    look_at_model(&j);
    if (plan->adapter)
        code = adapter_file_open(plan->adapter, in, &j.adapter, err);
    if (!code)
        code = nn_work_open(plan->threads, GEMM_F32, &j.work, err);
    if (!code)
        code = gguf_write_open(plan->out, &j.out, err);
    if (!code)
        code = write_all(&j, err);
    if (!code)
        code = gguf_write_finish(&j.out, err);
    else if (j.out)
        gguf_write_abandon(&j.out);
    result->error = j.squares > 0 ? sqrt(j.differences / j.squares) : 0;
    nn_work_close(&j.work);
    gguf_close(&j.adapter);
    gguf_close(&in);
    return code;
}
