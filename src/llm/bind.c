// Binds tensors to their places in a model, checks their shapes.
#include "llm/bind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 4096 };

const struct model_shape *binder_shape(const struct binder *b)
{
    return &b->model->shape;
}

static void full_name(const struct binder *b, const char *name, char out[GGUF_NAME_MAX + 1])
{
    snprintf(out, GGUF_NAME_MAX + 1, "blk.%u.%s", b->layer, name);
}

// A tensor of rows x cols; a vector has 1 row.
static enum err_code find(struct binder *b, const char *name, uint32_t rows, uint32_t cols,
                          const struct gguf_tensor **out)
{
    const struct gguf *g = b->model->file;
    const struct gguf_tensor *t = *out = gguf_find_tensor(g, name);
    if (!t)
        return err_set(b->err, ERR_INPUT, "%s: tensor '%s' is missing", gguf_name(g), name);
    if (t->ne[0] != cols || t->ne[1] != rows || t->count != (uint64_t)rows * cols)
        return err_set(b->err, ERR_INPUT,
                       "%s: tensor '%s' is %llu x %llu (%llu weights), expected %u x %u",
                       gguf_name(g), name, (unsigned long long)t->ne[0],
                       (unsigned long long)t->ne[1], (unsigned long long)t->count, cols, rows);
    return ERR_OK;
}

enum err_code bind_named_vector(struct binder *b, const char *name, uint32_t n, float **out)
{
    const struct gguf_tensor *t;
    enum err_code code = find(b, name, 1, n, &t);
    if (code)
        return code;
    *out = malloc(n * sizeof **out);
    if (!*out)
        return err_set(b->err, ERR_NO_MEMORY, "out of memory for tensor '%s'", name);
    t->format->dequantize(t->data, *out, n);
    return ERR_OK;
}

static enum err_code remember(struct binder *b, struct matrix *matrix, const struct gguf_tensor *t)
{
    struct model *m = b->model;
    if (m->weight_count == b->weight_cap) {
        size_t cap = b->weight_cap ? 2 * b->weight_cap : 256;
        struct weight *weights = realloc(m->weights, cap * sizeof *weights);
        if (!weights)
            return err_set(b->err, ERR_NO_MEMORY, "out of memory for %zu tensors", cap);
        m->weights = weights;
        b->weight_cap = cap;
    }
    m->weights[m->weight_count++] = (struct weight){matrix, t, m->packed_bytes};
    m->packed_bytes += (matrix_bytes(matrix) + ALIGN - 1) / ALIGN * ALIGN;
    return ERR_OK;
}

enum err_code bind_named_matrix(struct binder *b, const char *name, uint32_t rows, uint32_t cols,
                                struct matrix *out)
{
    const struct gguf_tensor *t;
    enum err_code code = find(b, name, rows, cols, &t);
    if (!code)
        code = matrix_shape(out, t->format, rows, cols, b->err);
    return code ? code : remember(b, out, t);
}

enum err_code bind_vector(struct binder *b, const char *name, uint32_t n, float **out)
{
    char full[GGUF_NAME_MAX + 1];
    full_name(b, name, full);
    return bind_named_vector(b, full, n, out);
}

enum err_code bind_matrix(struct binder *b, const char *name, uint32_t rows, uint32_t cols,
                          struct matrix *out)
{
    char full[GGUF_NAME_MAX + 1];
    full_name(b, name, full);
    return bind_named_matrix(b, full, rows, cols, out);
}

enum err_code bind_part(struct binder *b, const char *name, uint32_t rows, uint32_t cols,
                        struct joined *to)
{
    to->from[to->parts] = to->rows;
    to->rows += rows;
    return bind_matrix(b, name, rows, cols, &to->part[to->parts++]);
}

enum err_code bind_bias(struct binder *b, const char *name, uint32_t from, uint32_t n,
                        struct joined *to)
{
    float *bias;
    enum err_code code = bind_vector(b, name, n, &bias);
    if (code)
        return code;
    if (!to->bias && !(to->bias = calloc(to->rows, sizeof *to->bias)))
        code = err_set(b->err, ERR_NO_MEMORY, "out of memory for tensor '%s'", name);
    else
        memcpy(to->bias + from, bias, n * sizeof *bias);
    free(bias);
    return code;
}

enum err_code bind_norms(struct binder *b, struct layer *l)
{
    uint32_t C = binder_shape(b)->C;
    enum err_code code = bind_vector(b, "attn_norm.weight", C, &l->attention_norm);
    return code ? code : bind_vector(b, "ffn_norm.weight", C, &l->hidden_norm);
}

enum err_code bind_qkv(struct binder *b, struct layer *l)
{
    const struct model_shape *s = binder_shape(b);
    uint32_t q = s->H * s->D, kv = s->H_kv * s->D;
    enum err_code code;
    if ((code = bind_part(b, "attn_q.weight", q, s->C, &l->qkv)) ||
        (code = bind_part(b, "attn_k.weight", kv, s->C, &l->qkv)) ||
        (code = bind_part(b, "attn_v.weight", kv, s->C, &l->qkv)))
        return code;
    return bind_matrix(b, "attn_output.weight", s->C, q, &l->out);
}

enum err_code bind_feed_forward(struct binder *b, struct layer *l)
{
    const struct model_shape *s = binder_shape(b);
    enum err_code code;
    if ((code = bind_part(b, "ffn_gate.weight", s->hidden, s->C, &l->gate_up)) ||
        (code = bind_part(b, "ffn_up.weight", s->hidden, s->C, &l->gate_up)))
        return code;
    return bind_matrix(b, "ffn_down.weight", s->C, s->hidden, &l->down);
}
