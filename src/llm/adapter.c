// Loads low-rank adapters: finds the two matrices of each adapted weight, checks them, as floats.
#include "llm/adapter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "llm/adapter_private.h"
#include "llm/engine_private.h"

static enum err_code check_text(const struct gguf *g, const char *key, const char *want,
                                struct err *err)
{
    struct str text;
    enum err_code code = gguf_string(g, key, &text, err);
    if (code == ERR_NOT_FOUND)
        return err_set(err, ERR_INPUT, "%s: key '%s' is missing: no adapter", gguf_name(g), key);
    if (!code && !str_is(text, want))
        return err_set(err, ERR_INPUT, "%s: key '%s' is '%.*s', expected '%s'", gguf_name(g), key,
                       text.n > 64 ? 64 : (int)text.n, text.p, want);
    return code;
}

static enum err_code check_keys(const struct gguf *g, const struct engine *e, struct err *err)
{
    enum err_code code;
    if ((code = check_text(g, "general.type", "adapter", err)) ||
        (code = check_text(g, "adapter.type", "lora", err)) ||
        (code = check_text(g, "general.architecture", model_arch_name(e->model), err)))
        return code;
    if (gguf_find(g, "adapter.alora.invocation_tokens"))
        return err_set(err, ERR_UNSUPPORTED, "%s: activated LoRA is not supported", gguf_name(g));
    return ERR_OK;
}

// A tensor of rows x cols as floats.
static enum err_code read_floats(const struct gguf *g, const struct gguf_tensor *t, uint64_t rows,
                                 uint64_t cols, float **out, struct err *err)
{
    if (t->ne[0] != cols || t->ne[1] != rows || t->count != rows * cols)
        return err_set(err, ERR_INPUT, "%s: tensor '%.*s' is %llu x %llu, expected %llu x %llu",
                       gguf_name(g), STR_ARG(t->name), (unsigned long long)t->ne[0],
                       (unsigned long long)t->ne[1], (unsigned long long)cols,
                       (unsigned long long)rows);
    float *x = *out = malloc(t->count * sizeof *x), sum = 0;
    if (!x)
        return err_set(err, ERR_NO_MEMORY, "out of memory for tensor '%.*s'", STR_ARG(t->name));
    t->format->dequantize(t->data, x, t->count);
    for (size_t i = 0; i < t->count; i++)
        sum += x[i] * 0; // of zeros, or NaN
    if (sum != 0)
        return err_set(err, ERR_CORRUPT, "%s: tensor '%.*s' holds what is no number", gguf_name(g),
                       STR_ARG(t->name));
    return ERR_OK;
}

// The adapter's matrices for one weight of the model; both or none. Counts what it found.
static enum err_code read_place(const struct gguf *g, const struct gguf_tensor *base, float alpha,
                                float scale, struct low_rank *to, size_t *found, struct err *err)
{
    char name[GGUF_NAME_MAX + 16];
    const struct gguf_tensor *pair[2];
    for (size_t i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%.*s.lora_%c", STR_ARG(base->name), i ? 'b' : 'a');
        pair[i] = gguf_find_tensor(g, name);
    }
    if (!pair[0] && !pair[1])
        return ERR_OK;
    if (!pair[0] || !pair[1])
        return err_set(err, ERR_INPUT, "%s: '%.*s' has only one of lora_a and lora_b", gguf_name(g),
                       STR_ARG(base->name));
    if (str_is(base->name, "token_embd.weight"))
        return err_set(err, ERR_UNSUPPORTED, "%s: adapted token embeddings are not supported",
                       gguf_name(g));
    uint64_t rank = pair[0]->ne[1];
    if (rank == 0 || rank > ADAPTER_RANK_MAX)
        return err_set(err, ERR_UNSUPPORTED,
                       "%s: tensor '%.*s' is of rank %llu, 1 to %d are possible", gguf_name(g),
                       STR_ARG(pair[0]->name), (unsigned long long)rank, ADAPTER_RANK_MAX);
    to->cols = (uint32_t)base->ne[0];
    to->rows = (uint32_t)base->ne[1];
    to->factor = alpha != 0 ? scale * alpha / (float)rank : scale;
    enum err_code code = read_floats(g, pair[0], rank, to->cols, &to->a, err);
    if (!code)
        code = read_floats(g, pair[1], to->rows, rank, &to->b, err);
    if (!code)
        to->rank = (uint32_t)rank; // now it counts
    *found += 2;
    return code;
}

static enum err_code read_all(struct adapter *a, const struct model *m, const struct gguf *g,
                              float scale, struct err *err)
{
    float alpha = 0;
    size_t found = 0;
    enum err_code code = gguf_f32(g, "adapter.lora.alpha", &alpha, err);
    if (code == ERR_NOT_FOUND)
        code = ERR_OK;
    if (!code && !isfinite(alpha))
        code = err_set(err, ERR_INPUT, "%s: key 'adapter.lora.alpha' is no number", gguf_name(g));
    for (size_t i = 0; i < a->places && !code; i++) {
        const struct gguf_tensor *base;
        model_matrix(m, i, &base);
        if (base)
            code = read_place(g, base, alpha, scale, &a->at[i], &found, err);
        a->bytes += (size_t)a->at[i].rank * (a->at[i].rows + a->at[i].cols) * sizeof(float);
    }
    if (!code && (found == 0 || found != gguf_tensor_count(g)))
        code = err_set(err, ERR_INPUT, "%s: %zu of %zu tensors adapt weights of the model",
                       gguf_name(g), found, gguf_tensor_count(g));
    return code;
}

enum err_code adapter_open(struct engine *e, const char *path, float scale, struct adapter **out,
                           struct err *err)
{
    *out = NULL;
    struct gguf *g = NULL;
    size_t places = (size_t)e->model->shape.L * MODEL_PLACES + 1;
    struct adapter *a = calloc(1, sizeof *a + places * sizeof *a->at);
    if (!a)
        return err_set(err, ERR_NO_MEMORY, "out of memory for %s", path);
    a->places = places;
    a->number = ++e->adapters;
    enum err_code code = isfinite(scale)
                             ? gguf_open(path, &g, err)
                             : err_set(err, ERR_USAGE, "an adapter's scale is no number");
    if (!code)
        code = check_keys(g, e, err);
    if (!code)
        code = read_all(a, e->model, g, scale, err);
    gguf_close(&g);
    if (code)
        adapter_close(&a);
    *out = a;
    return code;
}

void adapter_close(struct adapter **out)
{
    struct adapter *a = *out;
    if (!a)
        return;
    for (size_t i = 0; i < a->places; i++) {
        free(a->at[i].a);
        free(a->at[i].b);
    }
    free(a);
    *out = NULL;
}

size_t adapter_bytes(const struct adapter *a)
{
    return a->bytes;
}
