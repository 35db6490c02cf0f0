// A model's tensors, one after another, into other formats.
#include "train/quantize.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "llm/gguf_write.h"
#include "nn/work.h"
#include "train/mix.h"

enum { ROWS = 16 }; // of a matrix at once

struct job {
    const struct quantize_plan *plan;
    const struct mix *mix;
    const struct gguf *in;
    struct gguf_writer *out;
    struct nn_work work;
    struct mix_model model;
    double squares, differences; // over all changed tensors
    struct quantize_result *result;
};

static const struct quant_format *format_for(const struct job *j, const struct gguf_tensor *t)
{
    return mix_format(j->mix, &j->model, t->name, t->dims, t->ne[0]);
}

// Of squares: of the weights, of what they are off by.
struct sums {
    double weights, differences;
    double important, important_differences; // each times its column's importance
};

struct rows {
    const struct gguf_tensor *t;
    const struct quant_format *to;
    const float *importance; // of the columns; NULL: all alike
    unsigned char *blocks;
    float *floats;     // of each thread: two pieces
    struct sums *sums; // of each piece
};

static void add_errors(const struct rows *r, const float *x, const float *y, size_t n,
                       struct sums *s)
{
    size_t cols = (size_t)r->t->ne[0];
    for (size_t i = 0; i < n; i++) {
        double off = (double)x[i] - (double)y[i], square = (double)x[i] * (double)x[i];
        double weight = r->importance ? (double)r->importance[i % cols] : 1;
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
    unsigned char *blocks = r->blocks + quant_bytes(r->to, from * cols);
    r->t->format->dequantize(r->t->data + quant_bytes(r->t->format, from * cols), x, n);
    if (r->importance)
        for (size_t i = 0; i < n; i += cols)
            r->to->quantize_weighed(x + i, r->importance, blocks + quant_bytes(r->to, i), cols);
    else
        r->to->quantize(x, blocks, n);
    r->to->dequantize(blocks, y, n);
    add_errors(r, x, y, n, &r->sums[from / ROWS]);
}

static enum err_code deliver(struct job *j, const struct rows *r, const struct sums *s,
                             struct err *err)
{
    const struct gguf_tensor *t = r->t;
    size_t bytes = quant_bytes(r->to, t->count);
    double off = s->important > 0 ? sqrt(s->important_differences / s->important) : 0;
    struct quantize_tensor done = {.name = t->name,
                                   .from = t->format->name,
                                   .to = r->to->name,
                                   .weights = t->count,
                                   .bytes_before = t->bytes,
                                   .bytes_after = bytes,
                                   .error = off,
                                   .weighed = r->importance != NULL};
    gguf_write_data(j->out, r->blocks, bytes);
    j->squares += s->weights;
    j->differences += s->differences;
    j->result->bytes_before += t->bytes;
    j->result->bytes_after += bytes;
    j->result->weighed += done.weighed;
    if (j->plan->each && !j->plan->each(j->plan->arg, &done))
        return err_set(err, ERR_CANCELLED, "stopped; nothing was written");
    return ERR_OK;
}

static enum err_code convert(struct job *j, const struct gguf_tensor *t, struct err *err)
{
    size_t cols = (size_t)t->ne[0], count = (size_t)(t->count / t->ne[0]);
    size_t pieces = (count + ROWS - 1) / ROWS;
    struct rows r = {.t = t, .to = format_for(j, t)};
    if (j->plan->importance && t->dims > 1)
        r.importance = importance_of(j->plan->importance, t->name, t->ne[0]);
    r.blocks = malloc(quant_bytes(r.to, t->count));
    r.floats = calloc((size_t)j->plan->threads * 2 * ROWS * cols, sizeof *r.floats);
    r.sums = calloc(pieces, sizeof *r.sums);
    enum err_code code = ERR_OK;
    struct sums all = {0};
    if (!r.blocks || !r.floats || !r.sums) {
        code = err_set(err, ERR_NO_MEMORY, "out of memory for tensor '%.*s'", STR_ARG(t->name));
    } else {
        nn_split(&j->work, count, ROWS, convert_rows, &r);
        for (size_t i = 0; i < pieces; i++) {
            all.weights += r.sums[i].weights;
            all.differences += r.sums[i].differences;
            all.important += r.sums[i].important;
            all.important_differences += r.sums[i].important_differences;
        }
        if (!isfinite(all.weights))
            code = err_set(err, ERR_INPUT, "%s: tensor '%.*s' has weights that are no numbers",
                           gguf_name(j->in), STR_ARG(t->name));
    }
    if (!code)
        code = deliver(j, &r, &all, err);
    free(r.blocks);
    free(r.floats);
    free(r.sums);
    return code;
}

static void write_keys(struct job *j)
{
    for (size_t i = 0; i < gguf_key_count(j->in); i++) {
        const struct gguf_value *v = gguf_key_at(j->in, i);
        if (!str_is(v->key, "general.file_type") && !str_is(v->key, "general.quantization_version"))
            gguf_write_copy(j->out, v);
    }
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
        if (mix_layer_of(gguf_tensor_at(j->in, i)->name, &layer) && layer >= j->model.layers)
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

enum err_code quantize_model(const struct quantize_plan *plan, struct quantize_result *result,
                             struct err *err)
{
    struct job j = {.plan = plan, .result = result};
    struct gguf *in;
    *result = (struct quantize_result){0};
    enum err_code code = mix_find(plan->mix, &j.mix, err);
    if (code || (code = gguf_open(plan->in, &in, err)))
        return code;
    j.in = in;
    look_at_model(&j);
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
    gguf_close(&in);
    return code;
}
