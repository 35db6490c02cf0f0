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

// Long-rope has factors for documents within the context that the model knew first, and others for
// longer ones. What is trained on short documents is asked in short sessions.
static enum err_code read_factors(const struct gguf *g, struct str arch, struct nn_shape *s,
                                  float *factors, struct err *err)
{
    uint32_t original = 0;
    enum err_code code = read_u32(g, arch, "rope.scaling.original_context_length", &original, err);
    if (!missing_is_fine(code))
        return code;
    static const char *const names[] = {"rope_freqs.weight", "rope_factors_short.weight",
                                        "rope_factors_long.weight"};
    bool is_long = original && s->context > original && gguf_find_tensor(g, names[2]);
    const struct gguf_tensor *t = gguf_find_tensor(g, names[is_long ? 2 : 0]);
    if (!t && !(t = gguf_find_tensor(g, names[1])))
        return ERR_OK;
    if (t->count != s->D / 2 || t->count > NN_FACTORS_MAX)
        return err_set(err, ERR_INPUT, "%s: tensor '%.*s' has %llu weights, %u expected",
                       gguf_name(g), STR_ARG(t->name), (unsigned long long)t->count, s->D / 2);
    t->format->dequantize(t->data, factors, (size_t)t->count);
    s->rope_factors = factors;
    return ERR_OK;
}

// Ways to stretch positions that are not computed here are refused rather than left out.
static enum err_code read_rope(const struct gguf *g, struct str arch, struct nn_shape *s,
                               struct err *err)
{
    char key[GGUF_KEY_MAX + 1];
    struct str type = STR_LIT("none");
    uint32_t turned = s->D;
    snprintf(key, sizeof key, "%.*s.rope.scaling.type", STR_ARG(arch));
    enum err_code code = gguf_string(g, key, &type, err);
    if (missing_is_fine(code))
        code = read_u32(g, arch, "rope.dimension_count", &turned, err);
    if (missing_is_fine(code))
        code = read_f32(g, arch, "rope.freq_base", &s->rope_base, err);
    if (missing_is_fine(code))
        code = read_f32(g, arch, "rope.scaling.attn_factor", &s->rope_amplitude, err);
    if (!missing_is_fine(code))
        return code;
    if (!str_is(type, "none") && !str_is(type, "longrope"))
        return err_set(err, ERR_UNSUPPORTED, "%s: rope scaling '%.*s' cannot be trained here",
                       gguf_name(g), type.n > 32 ? 32 : (int)type.n, type.p);
    if (turned != s->D)
        return err_set(err, ERR_UNSUPPORTED,
                       "%s: heads of %u that turn %u of their dimensions cannot be trained here",
                       gguf_name(g), s->D, turned);
    return ERR_OK;
}

static const struct family {
    const char *arch;
    enum nn_rope rope;
    bool biases, head_norms, fused;
} families[] = {{"llama", NN_ROPE_PAIRS, false, false, false},
                {"qwen2", NN_ROPE_HALVES, true, false, false},
                {"qwen3", NN_ROPE_HALVES, false, true, false},
                {"phi3", NN_ROPE_HALVES, false, false, true}};

static const struct family *family_of(struct str arch)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (str_is(arch, families[i].arch))
            return &families[i];
    return NULL;
}

enum err_code model_read_shape(const struct gguf *g, uint32_t context, struct nn_shape *out,
                               float *factors, struct err *err)
{
    struct str arch = {"", 0};
    enum err_code code = gguf_string(g, "general.architecture", &arch, err);
    if (code)
        return code;
    const struct family *f = family_of(arch);
    if (!f)
        return err_set(err, ERR_UNSUPPORTED,
                       "%s: architecture '%.*s' cannot be trained here; llama, qwen2, qwen3, phi3 "
                       "can",
                       gguf_name(g), STR_ARG(arch));
    *out = (struct nn_shape){.eps = 1e-5f,
                             .rope_base = 1e4f,
                             .rope = f->rope,
                             .rope_amplitude = 1,
                             .biases = f->biases,
                             .head_norms = f->head_norms,
                             .fused = f->fused,
                             .tied = !gguf_find_tensor(g, "output.weight")};
    const struct gguf_tensor *embedding = gguf_find_tensor(g, "token_embd.weight");
    if (!embedding || embedding->ne[1] > UINT32_MAX)
        return err_set(err, ERR_INPUT, "%s: tensor 'token_embd.weight' is missing", gguf_name(g));
    out->V = (uint32_t)embedding->ne[1];
    if ((code = read_counts(g, arch, out, err)))
        return code;
    if (context > out->context)
        return err_set(err, ERR_USAGE, "model.context is %u, %s was trained for %u", context,
                       gguf_name(g), out->context);
    out->context = context ? context : out->context;
    code = read_f32(g, arch, "attention.layer_norm_rms_epsilon", &out->eps, err);
    if (missing_is_fine(code))
        code = read_rope(g, arch, out, err);
    return code ? code : read_factors(g, arch, out, factors, err);
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
