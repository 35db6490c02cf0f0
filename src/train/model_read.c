// GGUF models for training.
#include "train/model_read.h"

#include <stdio.h>
#include <string.h>

static enum err_code read_u32(const struct gguf *g, struct str arch, const char *name,
                              uint32_t *out, struct err *err)
{
    char key[GGUF_KEY_MAX + 1];
    snprintf(key, sizeof key, "%.*s.%s", STR_ARG(arch), name);
    return gguf_u32(g, key, out, err);
}

static enum err_code read_f32(const struct gguf *g, struct str arch, const char *name, float *out,
                              struct err *err)
{
    char key[GGUF_KEY_MAX + 1];
    snprintf(key, sizeof key, "%.*s.%s", STR_ARG(arch), name);
    return gguf_f32(g, key, out, err);
}

static bool missing_is_fine(enum err_code code)
{
    return code == ERR_OK || code == ERR_NOT_FOUND;
}

static enum err_code read_counts(const struct gguf *g, struct str arch, struct nn_shape *s,
                                 struct err *err)
{
    const struct {
        const char *name;
        uint32_t *to;
    } counts[] = {{"block_count", &s->L},          {"context_length", &s->context},
                  {"embedding_length", &s->C},     {"feed_forward_length", &s->hidden},
                  {"attention.head_count", &s->H}, {"attention.head_count_kv", &s->H_kv}};
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < sizeof counts / sizeof *counts && !code; i++)
        code = read_u32(g, arch, counts[i].name, counts[i].to, err);
    if (code)
        return code == ERR_NOT_FOUND
                   ? err_set(err, ERR_INPUT, "%s: a key of its shape is missing", gguf_name(g))
                   : code;
    s->D = s->H ? s->C / s->H : 0;
    code = read_u32(g, arch, "attention.key_length", &s->D, err);
    return missing_is_fine(code) ? ERR_OK : code;
}

static enum err_code read_factors(const struct gguf *g, struct nn_shape *s, float *factors,
                                  struct err *err)
{
    const struct gguf_tensor *t = gguf_find_tensor(g, "rope_freqs.weight");
    if (!t)
        return ERR_OK;
    if (t->count != s->D / 2 || t->count > NN_FACTORS_MAX)
        return err_set(err, ERR_INPUT,
                       "%s: tensor 'rope_freqs.weight' has %llu weights, %u "
                       "expected",
                       gguf_name(g), (unsigned long long)t->count, s->D / 2);
    t->format->dequantize(t->data, factors, (size_t)t->count);
    s->rope_factors = factors;
    return ERR_OK;
}

enum err_code model_read_shape(const struct gguf *g, struct nn_shape *out, float *factors,
                               struct err *err)
{
    struct str arch = {"", 0};
    enum err_code code = gguf_string(g, "general.architecture", &arch, err);
    if (code)
        return code;
    bool llama = str_is(arch, "llama");
    if (!llama && !str_is(arch, "qwen2"))
        return err_set(err, ERR_UNSUPPORTED, "%s: architecture '%.*s' cannot be trained here",
                       gguf_name(g), STR_ARG(arch));
    *out = (struct nn_shape){.eps = 1e-5f,
                             .rope_base = 1e4f,
                             .rope = llama ? NN_ROPE_PAIRS : NN_ROPE_HALVES,
                             .biases = !llama,
                             .tied = !gguf_find_tensor(g, "output.weight")};
    const struct gguf_tensor *embedding = gguf_find_tensor(g, "token_embd.weight");
    if (!embedding || embedding->ne[1] > UINT32_MAX)
        return err_set(err, ERR_INPUT, "%s: tensor 'token_embd.weight' is missing", gguf_name(g));
    out->V = (uint32_t)embedding->ne[1];
    if ((code = read_counts(g, arch, out, err)))
        return code;
    code = read_f32(g, arch, "attention.layer_norm_rms_epsilon", &out->eps, err);
    if (missing_is_fine(code))
        code = read_f32(g, arch, "rope.freq_base", &out->rope_base, err);
    return missing_is_fine(code) ? read_factors(g, out, factors, err) : code;
}

enum err_code model_read_weights(const struct gguf *g, struct nn_weights *w, struct err *err)
{
    for (size_t i = 0; i < w->tensor_count; i++) {
        const struct nn_tensor *to = &w->tensors[i];
        const struct gguf_tensor *from = gguf_find_tensor(g, to->name);
        if (!from)
            return err_set(err, ERR_INPUT, "%s: tensor '%s' is missing", gguf_name(g), to->name);
        if (from->ne[0] != to->cols || from->count != (uint64_t)to->rows * to->cols)
            return err_set(err, ERR_INPUT,
                           "%s: tensor '%s' has %llu x %llu weights, expected "
                           "%zu x %zu",
                           gguf_name(g), to->name, (unsigned long long)from->ne[0],
                           (unsigned long long)(from->count / from->ne[0]), to->cols, to->rows);
        if (w->frozen && to->rows > 1)
            w->frozen[i] = (struct nn_frozen){from->format, from->data};
        else
            from->format->dequantize(from->data, w->w + to->at, to->rows * to->cols);
    }
    return ERR_OK;
}
