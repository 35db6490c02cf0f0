// Loads a model: reads its shape, binds and packs its weights.
#include "llm/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "llm/arch.h"
#include "llm/bind.h"
#include "llm/pack.h"

// A number under "<arch>.<name>" within bounds; a missing one keeps *out when it is not `needed`.
static enum err_code read_u32(const struct model *m, const char *name, bool needed, uint32_t least,
                              uint32_t most, uint32_t *out, struct err *err)
{
    char key[GGUF_KEY_MAX];
    snprintf(key, sizeof key, "%s.%s", m->arch->name, name);
    enum err_code code = gguf_u32(m->file, key, out, err);
    if (code == ERR_NOT_FOUND && !needed)
        return ERR_OK;
    if (code == ERR_NOT_FOUND)
        return err_set(err, ERR_INPUT, "%s: key '%s' is missing", gguf_name(m->file), key);
    if (code)
        return code;
    if (*out < least || *out > most)
        return err_set(err, ERR_INPUT, "%s: key '%s' is %u, expected %u to %u", gguf_name(m->file),
                       key, *out, least, most);
    return ERR_OK;
}

static enum err_code read_f32(const struct model *m, const char *name, float least, float most,
                              float *out, struct err *err)
{
    char key[GGUF_KEY_MAX];
    snprintf(key, sizeof key, "%s.%s", m->arch->name, name);
    enum err_code code = gguf_f32(m->file, key, out, err);
    if (code == ERR_NOT_FOUND)
        return ERR_OK;
    if (!code && !(*out >= least && *out <= most))
        return err_set(err, ERR_INPUT, "%s: key '%s' is %g, expected %g to %g", gguf_name(m->file),
                       key, (double)*out, (double)least, (double)most);
    return code;
}

static enum err_code read_rope(struct model *m, struct err *err)
{
    struct model_shape *s = &m->shape;
    s->rope_dims = s->D;
    s->rope_base = 10000;
    s->rope_scale = s->rope_amplitude = 1;
    float factor = 1;
    enum err_code code;
    if ((code = read_u32(m, "rope.dimension_count", false, 2, s->D, &s->rope_dims, err)) ||
        (code = read_u32(m, "rope.scaling.original_context_length", false, 0, UINT32_MAX,
                         &s->rope_original, err)) ||
        (code = read_f32(m, "rope.freq_base", 1, 1e12f, &s->rope_base, err)) ||
        (code = read_f32(m, "rope.scaling.factor", 0.01f, 1e4f, &factor, err)) ||
        (code = read_f32(m, "rope.scaling.attn_factor", 0.01f, 100, &s->rope_amplitude, err)))
        return code;
    if (s->rope_dims % 2)
        return err_set(err, ERR_INPUT, "%s: an odd number of dimensions to rotate: %u",
                       gguf_name(m->file), s->rope_dims);
    char key[GGUF_KEY_MAX];
    struct str type = STR_LIT("none");
    snprintf(key, sizeof key, "%s.rope.scaling.type", m->arch->name);
    code = gguf_string(m->file, key, &type, err);
    if (code && code != ERR_NOT_FOUND)
        return code;
    if (str_is(type, "linear"))
        s->rope_scale = 1 / factor;
    else if (!str_is(type, "none") && !str_is(type, "longrope"))
        return err_set(err, ERR_UNSUPPORTED, "%s: rope scaling '%.*s' is not supported",
                       gguf_name(m->file), type.n > 32 ? 32 : (int)type.n, type.p);
    return ERR_OK;
}

static enum err_code read_shape(struct model *m, struct err *err)
{
    struct model_shape *s = &m->shape;
    enum err_code code;
    if ((code = read_u32(m, "block_count", true, 1, MODEL_LAYERS_MAX, &s->L, err)) ||
        (code = read_u32(m, "embedding_length", true, 1, MODEL_WIDTH_MAX, &s->C, err)) ||
        (code = read_u32(m, "attention.head_count", true, 1, MODEL_HEADS_MAX, &s->H, err)) ||
        (code = read_u32(m, "feed_forward_length", true, 1, MODEL_HIDDEN_MAX, &s->hidden, err)) ||
        (code = read_u32(m, "context_length", true, 1, UINT32_MAX, &s->context, err)))
        return code;
    s->H_kv = s->H;
    s->D = s->C / s->H;
    s->eps = 1e-5f;
    if ((code = read_u32(m, "attention.head_count_kv", false, 1, s->H, &s->H_kv, err)) ||
        (code = read_u32(m, "attention.key_length", false, 1, MODEL_HEAD_MAX, &s->D, err)) ||
        (code = read_f32(m,
                         m->arch->encoder ? "attention.layer_norm_epsilon"
                                          : "attention.layer_norm_rms_epsilon",
                         0, 1, &s->eps, err)))
        return code;
    if (m->arch->encoder && (s->H_kv != s->H || s->D * s->H != s->C))
        return err_set(err, ERR_INPUT, "%s: an encoder of width %u cannot have %u heads of %u",
                       gguf_name(m->file), s->C, s->H, s->D);
    if (s->H % s->H_kv || s->H / s->H_kv > MODEL_SHARED_MAX)
        return err_set(err, ERR_INPUT, "%s: %u heads cannot share %u KV heads", gguf_name(m->file),
                       s->H, s->H_kv);
    if (s->D == 0 || s->D > MODEL_HEAD_MAX || s->D % 16 || s->hidden % 16)
        return err_set(err, ERR_UNSUPPORTED,
                       "%s: heads of %u or a feed-forward of %u are not supported (no multiple of "
                       "16, or too large)",
                       gguf_name(m->file), s->D, s->hidden);
    uint32_t experts = 0;
    if ((code = read_u32(m, "expert_count", false, 0, UINT32_MAX, &experts, err)))
        return code;
    if (experts)
        return err_set(err, ERR_UNSUPPORTED, "%s: mixtures of experts are not supported",
                       gguf_name(m->file));
    return read_rope(m, err);
}

static enum err_code bind_rope_factors(struct binder *b, const char *name, float **out)
{
    if (!gguf_find_tensor(b->model->file, name))
        return ERR_OK;
    enum err_code code = bind_named_vector(b, name, b->model->shape.rope_dims / 2, out);
    for (uint32_t i = 0; !code && i < b->model->shape.rope_dims / 2; i++)
        if (!((*out)[i] > 0) || isinf((*out)[i]))
            code = err_set(b->err, ERR_INPUT, "%s: tensor '%s' holds a factor that is not positive",
                           gguf_name(b->model->file), name);
    return code;
}

// What is behind the layers of a model that writes.
static enum err_code bind_output(struct binder *b)
{
    struct model *m = b->model;
    struct model_shape *s = &m->shape;
    bool tied = !gguf_find_tensor(m->file, "output.weight");
    enum err_code code;
    if ((code = bind_named_matrix(b, tied ? "token_embd.weight" : "output.weight", s->V, s->C,
                                  &m->head)) ||
        (code = bind_named_vector(b, "output_norm.weight", s->C, &m->final_norm)) ||
        (code = bind_rope_factors(b, "rope_freqs.weight", &m->rope_short)) ||
        (!m->rope_short &&
         (code = bind_rope_factors(b, "rope_factors_short.weight", &m->rope_short))))
        return code;
    return bind_rope_factors(b, "rope_factors_long.weight", &m->rope_long);
}

// What is before the layers of an encoder.
static enum err_code bind_encoder(struct binder *b)
{
    struct model *m = b->model;
    struct encoder *e = &m->encoder;
    uint32_t C = m->shape.C, pooling = POOLING_MEAN;
    enum err_code code;
    if ((code = read_u32(m, "pooling_type", false, 0, UINT32_MAX, &pooling, b->err)))
        return code;
    if (pooling > POOLING_FIRST)
        return err_set(b->err, ERR_UNSUPPORTED,
                       "%s: pooling of type %u is not supported (mean: 1, first token: 2)",
                       gguf_name(m->file), pooling);
    e->pooling = pooling == POOLING_FIRST ? POOLING_FIRST : POOLING_MEAN;
    e->positions = gguf_find_tensor(m->file, "position_embd.weight");
    const struct gguf_tensor *types = gguf_find_tensor(m->file, "token_types.weight");
    if (!e->positions || e->positions->ne[0] != C || e->positions->ne[1] < m->shape.context)
        return err_set(b->err, ERR_INPUT,
                       "%s: tensor 'position_embd.weight' is missing or smaller than %u x %u",
                       gguf_name(m->file), C, m->shape.context);
    if (types && (types->ne[0] != C || types->ne[1] == 0))
        return err_set(b->err, ERR_INPUT,
                       "%s: tensor 'token_types.weight' has rows of %llu, not %u",
                       gguf_name(m->file), (unsigned long long)types->ne[0], C);
    if (!(e->type = calloc(C, sizeof *e->type)))
        return err_set(b->err, ERR_NO_MEMORY, "out of memory for tensor 'token_types.weight'");
    if (types)
        types->format->dequantize(types->data, e->type, C);
    if ((code = bind_named_vector(b, "token_embd_norm.weight", C, &e->norm)))
        return code;
    return bind_named_vector(b, "token_embd_norm.bias", C, &e->norm_bias);
}

static enum err_code bind_model(struct binder *b)
{
    struct model *m = b->model;
    struct model_shape *s = &m->shape;
    m->embedding = gguf_find_tensor(m->file, "token_embd.weight");
    if (!m->embedding)
        return err_set(b->err, ERR_INPUT, "%s: tensor 'token_embd.weight' is missing",
                       gguf_name(m->file));
    if (m->embedding->ne[1] == 0 || m->embedding->ne[1] > 1 << 21)
        return err_set(b->err, ERR_INPUT, "%s: tensor 'token_embd.weight' has %llu rows",
                       gguf_name(m->file), (unsigned long long)m->embedding->ne[1]);
    if (m->embedding->ne[0] != s->C)
        return err_set(b->err, ERR_INPUT,
                       "%s: tensor 'token_embd.weight' has rows of %llu, "
                       "expected %u",
                       gguf_name(m->file), (unsigned long long)m->embedding->ne[0], s->C);
    s->V = (uint32_t)m->embedding->ne[1];
    enum err_code code = m->arch->encoder ? bind_encoder(b) : bind_output(b);
    for (b->layer = 0; b->layer < s->L && !code; b->layer++)
        code = m->arch->bind_layer(b, &m->layers[b->layer]);
    return code;
}

// All but the packing.
static enum err_code read_file(struct model *m, struct err *err)
{
    struct str name;
    enum err_code code = gguf_string(m->file, "general.architecture", &name, err);
    if (code)
        return code;
    m->arch = arch_by_name(name);
    if (!m->arch)
        return err_set(err, ERR_UNSUPPORTED, "%s: architecture '%.*s' is not supported",
                       gguf_name(m->file), name.n > 64 ? 64 : (int)name.n, name.p);
    if ((code = read_shape(m, err)))
        return code;
    m->layers = calloc(m->shape.L, sizeof *m->layers);
    if (!m->layers)
        return err_set(err, ERR_NO_MEMORY, "out of memory for %u layers", m->shape.L);
    struct binder b = {.model = m, .err = err};
    return bind_model(&b);
}

static enum err_code load(struct model *m, const struct packed_folder *folder, struct team *team,
                          struct err *err)
{
    enum err_code code = read_file(m, err);
    if (!code)
        code = pack_weights(m, folder, team, err);
    for (size_t i = 0; i < gguf_tensor_count(m->file); i++)
        m->shape.parameters += gguf_tensor_at(m->file, i)->count;
    return code;
}

enum err_code model_check(struct gguf *file, struct err *err)
{
    struct model *m = calloc(1, sizeof *m);
    if (!m)
        return err_set(err, ERR_NO_MEMORY, "out of memory for %s", gguf_name(file));
    m->file = file;
    enum err_code code = read_file(m, err);
    m->file = NULL; // the caller's
    model_close(&m);
    return code;
}

enum err_code model_open(const char *path, const struct packed_folder *folder, struct team *team,
                         struct model **out, struct err *err)
{
    *out = NULL;
    struct model *m = calloc(1, sizeof *m);
    if (!m)
        return err_set(err, ERR_NO_MEMORY, "out of memory for %s", path);
    enum err_code code = gguf_open(path, &m->file, err);
    if (!code)
        code = load(m, folder, team, err);
    if (code)
        model_close(&m);
    *out = m;
    return code;
}

void model_close(struct model **out)
{
    struct model *m = *out;
    if (!m)
        return;
    for (uint32_t l = 0; m->layers && l < m->shape.L; l++) {
        free(m->layers[l].attention_norm);
        free(m->layers[l].hidden_norm);
        free(m->layers[l].q_norm);
        free(m->layers[l].k_norm);
        free(m->layers[l].qkv.bias);
        free(m->layers[l].gate_up.bias);
        free(m->layers[l].attention_norm_bias);
        free(m->layers[l].hidden_norm_bias);
        free(m->layers[l].out_bias);
        free(m->layers[l].down_bias);
    }
    free(m->layers);
    free(m->weights);
    free(m->encoder.type);
    free(m->encoder.norm);
    free(m->encoder.norm_bias);
    free(m->final_norm);
    free(m->rope_short);
    free(m->rope_long);
    pack_release(m);
    gguf_close(&m->file);
    free(m);
    *out = NULL;
}

static const struct matrix *place_of(const struct model *m, size_t place)
{
    size_t l = place / MODEL_PLACES, i = place % MODEL_PLACES;
    const struct layer *layer = &m->layers[l];
    if (l == m->shape.L)
        return i == 0 ? &m->head : NULL;
    if (i < MODEL_OUT)
        return &layer->qkv.part[i - MODEL_QKV];
    if (i == MODEL_OUT || i == MODEL_DOWN)
        return i == MODEL_OUT ? &layer->out : &layer->down;
    return &layer->gate_up.part[i - MODEL_GATE_UP];
}

const struct matrix *model_matrix(const struct model *m, size_t place,
                                  const struct gguf_tensor **tensor)
{
    const struct matrix *matrix = place_of(m, place);
    *tensor = NULL;
    for (size_t i = 0; i < m->weight_count; i++)
        if (m->weights[i].matrix == matrix)
            *tensor = m->weights[i].tensor;
    return matrix;
}

const char *model_arch_name(const struct model *m)
{
    return m->arch->name;
}
