// What a Hugging Face config.json says of a model: its family, shape and rotation.
#include "train/hf_config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct hf_name llama_names[] = {
    {"input_layernorm.weight", "attn_norm.weight", HF_WIDTH, HF_ONE, HF_AS_IS},
    {"self_attn.q_proj.weight", "attn_q.weight", HF_Q, HF_WIDTH, HF_TURN_Q},
    {"self_attn.k_proj.weight", "attn_k.weight", HF_KV, HF_WIDTH, HF_TURN_KV},
    {"self_attn.v_proj.weight", "attn_v.weight", HF_KV, HF_WIDTH, HF_AS_IS},
    {"self_attn.o_proj.weight", "attn_output.weight", HF_WIDTH, HF_Q, HF_AS_IS},
    {"post_attention_layernorm.weight", "ffn_norm.weight", HF_WIDTH, HF_ONE, HF_AS_IS},
    {"mlp.gate_proj.weight", "ffn_gate.weight", HF_HIDDEN, HF_WIDTH, HF_AS_IS},
    {"mlp.up_proj.weight", "ffn_up.weight", HF_HIDDEN, HF_WIDTH, HF_AS_IS},
    {"mlp.down_proj.weight", "ffn_down.weight", HF_WIDTH, HF_HIDDEN, HF_AS_IS},
    {NULL, NULL, HF_ONE, HF_ONE, HF_AS_IS}};

#define QWEN_COMMON                                                                                \
    {"input_layernorm.weight", "attn_norm.weight", HF_WIDTH, HF_ONE, HF_AS_IS},                    \
        {"self_attn.q_proj.weight", "attn_q.weight", HF_Q, HF_WIDTH, HF_AS_IS},                    \
        {"self_attn.k_proj.weight", "attn_k.weight", HF_KV, HF_WIDTH, HF_AS_IS},                   \
        {"self_attn.v_proj.weight", "attn_v.weight", HF_KV, HF_WIDTH, HF_AS_IS},                   \
        {"self_attn.o_proj.weight", "attn_output.weight", HF_WIDTH, HF_Q, HF_AS_IS},               \
        {"post_attention_layernorm.weight", "ffn_norm.weight", HF_WIDTH, HF_ONE, HF_AS_IS},        \
        {"mlp.gate_proj.weight", "ffn_gate.weight", HF_HIDDEN, HF_WIDTH, HF_AS_IS},                \
        {"mlp.up_proj.weight", "ffn_up.weight", HF_HIDDEN, HF_WIDTH, HF_AS_IS},                    \
    {                                                                                              \
        "mlp.down_proj.weight", "ffn_down.weight", HF_WIDTH, HF_HIDDEN, HF_AS_IS                   \
    }

static const struct hf_name qwen2_names[] = {
    QWEN_COMMON,
    {"self_attn.q_proj.bias", "attn_q.bias", HF_Q, HF_ONE, HF_AS_IS},
    {"self_attn.k_proj.bias", "attn_k.bias", HF_KV, HF_ONE, HF_AS_IS},
    {"self_attn.v_proj.bias", "attn_v.bias", HF_KV, HF_ONE, HF_AS_IS},
    {NULL, NULL, HF_ONE, HF_ONE, HF_AS_IS}};

static const struct hf_name qwen3_names[] = {
    QWEN_COMMON,
    {"self_attn.q_norm.weight", "attn_q_norm.weight", HF_HEAD, HF_ONE, HF_AS_IS},
    {"self_attn.k_norm.weight", "attn_k_norm.weight", HF_HEAD, HF_ONE, HF_AS_IS},
    {NULL, NULL, HF_ONE, HF_ONE, HF_AS_IS}};

static const struct hf_name phi3_names[] = {
    {"input_layernorm.weight", "attn_norm.weight", HF_WIDTH, HF_ONE, HF_AS_IS},
    {"self_attn.qkv_proj.weight", "attn_qkv.weight", HF_QKV, HF_WIDTH, HF_AS_IS},
    {"self_attn.o_proj.weight", "attn_output.weight", HF_WIDTH, HF_Q, HF_AS_IS},
    {"post_attention_layernorm.weight", "ffn_norm.weight", HF_WIDTH, HF_ONE, HF_AS_IS},
    {"mlp.gate_up_proj.weight", "ffn_up.weight", HF_GATE_UP, HF_WIDTH, HF_AS_IS},
    {"mlp.down_proj.weight", "ffn_down.weight", HF_WIDTH, HF_HIDDEN, HF_AS_IS},
    {NULL, NULL, HF_ONE, HF_ONE, HF_AS_IS}};

static const struct hf_family families[] = {{"LlamaForCausalLM", "llama", llama_names, false},
                                            {"MistralForCausalLM", "llama", llama_names, false},
                                            {"Qwen2ForCausalLM", "qwen2", qwen2_names, false},
                                            {"Qwen3ForCausalLM", "qwen3", qwen3_names, false},
                                            {"Phi3ForCausalLM", "phi3", phi3_names, true}};

struct reader {
    const struct json_node *config;
    const struct json_node *rope; // "rope_parameters" or "rope_scaling"; NULL: none
    const char *where;
    struct err *err;
};

static const struct json_node *get(const struct json_node *object, const char *field)
{
    const struct json_node *n = json_get(object, field);
    return n && n->type != JSON_NULL ? n : NULL;
}

static enum err_code take_u32(const struct reader *r, const struct json_node *in, const char *field,
                              bool needed, uint32_t least, uint32_t most, uint32_t *out)
{
    const struct json_node *n = get(in, field);
    int64_t v;
    if (!n && !needed)
        return ERR_OK;
    if (!n)
        return err_set(r->err, ERR_INPUT, "%s: field '%s' is missing", r->where, field);
    if (n->type != JSON_NUMBER || !str_to_i64(n->text, &v) || v < least || v > most)
        return err_set(r->err, ERR_INPUT, "%s: field '%s': a whole number of %u to %u is expected",
                       r->where, field, least, most);
    *out = (uint32_t)v;
    return ERR_OK;
}

static enum err_code take_f32(const struct reader *r, const struct json_node *in, const char *field,
                              bool needed, float least, float most, float *out)
{
    const struct json_node *n = get(in, field);
    if (!n && !needed)
        return ERR_OK;
    if (!n)
        return err_set(r->err, ERR_INPUT, "%s: field '%s' is missing", r->where, field);
    if (n->type != JSON_NUMBER || !(n->number >= (double)least && n->number <= (double)most))
        return err_set(r->err, ERR_INPUT, "%s: field '%s': a number of %g to %g is expected",
                       r->where, field, (double)least, (double)most);
    *out = (float)n->number;
    return ERR_OK;
}

static enum err_code find_family(const struct reader *r, struct hf_config *c)
{
    const struct json_node *list = get(r->config, "architectures");
    const char *class =
        list && list->type == JSON_ARRAY && list->first ? list->first->text.p : NULL;
    if (!class)
        return err_set(r->err, ERR_INPUT, "%s: field 'architectures' names none", r->where);
    struct buf names = {0};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        buf_printf(&names, "%s%s", i ? ", " : "", families[i].class);
        if (strcmp(class, families[i].class) == 0)
            c->family = &families[i];
    }
    enum err_code code = ERR_OK;
    if (!c->family)
        code = err_set(r->err, ERR_UNSUPPORTED, "%s: '%.64s' is not supported; these are: %s",
                       r->where, class, names.p ? names.p : "");
    buf_free(&names);
    return code;
}

// What the engine would compute otherwise than the model was meant.
static enum err_code check_extras(const struct reader *r)
{
    const struct json_node *quantized = get(r->config, "quantization_config");
    const char *act = json_get_text(r->config, "hidden_act");
    static const char *const biases[] = {"attention_bias", "mlp_bias"};
    if (quantized)
        return err_set(r->err, ERR_UNSUPPORTED,
                       "%s: weights quantized by '%.32s' are not read; convert the model in its "
                       "own precision",
                       r->where, json_get_text(quantized, "quant_method"));
    if (*act && strcmp(act, "silu") != 0 && strcmp(act, "swish") != 0)
        return err_set(r->err, ERR_UNSUPPORTED, "%s: hidden_act '%.32s' is not supported", r->where,
                       act);
    for (size_t i = 0; i < sizeof biases / sizeof *biases; i++)
        if (json_get_bool(r->config, biases[i]))
            return err_set(r->err, ERR_UNSUPPORTED, "%s: %s is not supported", r->where, biases[i]);
    return ERR_OK;
}

static enum err_code read_shape(const struct reader *r, struct hf_config *c)
{
    const struct json_node *n = r->config;
    enum err_code code;
    if ((code = take_u32(r, n, "num_hidden_layers", true, 1, MODEL_LAYERS_MAX, &c->L)) ||
        (code = take_u32(r, n, "hidden_size", true, 1, MODEL_WIDTH_MAX, &c->C)) ||
        (code = take_u32(r, n, "num_attention_heads", true, 1, MODEL_HEADS_MAX, &c->H)))
        return code;
    c->H_kv = c->H;
    c->D = c->C / c->H;
    if ((code = take_u32(r, n, "num_key_value_heads", false, 1, c->H, &c->H_kv)) ||
        (code = take_u32(r, n, "head_dim", false, 1, MODEL_HEAD_MAX, &c->D)) ||
        (code = take_u32(r, n, "intermediate_size", true, 1, MODEL_HIDDEN_MAX, &c->hidden)) ||
        (code = take_u32(r, n, "vocab_size", true, 1, 1 << 21, &c->V)) ||
        (code = take_u32(r, n, "max_position_embeddings", true, 1, 1 << 30, &c->context)) ||
        (code = take_f32(r, n, "rms_norm_eps", true, 0, 1, &c->eps)))
        return code;
    if (c->D == 0 || c->D % 2 || c->D > MODEL_HEAD_MAX || (!get(n, "head_dim") && c->C % c->H) ||
        c->H % c->H_kv)
        return err_set(r->err, ERR_INPUT,
                       "%s: field 'num_attention_heads': %u heads and %u of keys do not divide a "
                       "width of %u",
                       r->where, c->H, c->H_kv, c->C);
    c->tied = json_get_bool(n, "tie_word_embeddings");
    return ERR_OK;
}

// Within the window every position sees all others: a context no longer than it needs no window.
// Phi-3's is written down but not applied, as in llama.cpp, which the engine matches.
static enum err_code read_window(const struct reader *r, struct hf_config *c)
{
    const struct json_node *use = get(r->config, "use_sliding_window");
    uint32_t window = 0;
    enum err_code code = take_u32(r, r->config, "sliding_window", false, 0, 1 << 30, &window);
    if (code || window == 0 || (use && !use->truth))
        return code;
    if (c->family->long_rope)
        c->sliding_window = window;
    else if (window < c->context)
        c->context = window;
    return ERR_OK;
}

// Llama 3.1: waves longer than the old context are stretched, short ones kept, those between in
// proportion.
static enum err_code read_llama3(const struct reader *r, struct hf_config *c)
{
    float factor = 0, low = 0, high = 0, original = 0;
    enum err_code code;
    if ((code = take_f32(r, r->rope, "factor", true, 1, 1e4f, &factor)) ||
        (code = take_f32(r, r->rope, "low_freq_factor", true, 0.01f, 1e4f, &low)) ||
        (code = take_f32(r, r->rope, "high_freq_factor", true, 0.01f, 1e4f, &high)) ||
        (code = take_f32(r, r->rope, "original_max_position_embeddings", true, 1, 1e9f, &original)))
        return code;
    if (high <= low)
        return err_set(r->err, ERR_INPUT, "%s: field 'high_freq_factor' is not above the low one",
                       r->where);
    for (uint32_t i = 0; i < c->rope_dims / 2; i++) {
        double wave = 2 * M_PI * pow((double)c->rope_base, 2.0 * i / c->rope_dims);
        double smooth = ((double)original / wave - (double)low) / ((double)high - (double)low);
        if (smooth >= 1)
            c->rope_freqs[i] = 1;
        else if (smooth <= 0)
            c->rope_freqs[i] = factor;
        else
            c->rope_freqs[i] = (float)(1 / ((1 - smooth) / (double)factor + smooth));
    }
    c->has_rope_freqs = true;
    return ERR_OK;
}

static enum err_code take_factors(const struct reader *r, const struct hf_config *c,
                                  const char *field, float *out)
{
    const struct json_node *list = get(r->rope, field);
    if (!list || list->type != JSON_ARRAY || list->count != c->rope_dims / 2)
        return err_set(r->err, ERR_INPUT, "%s: field '%s': an array of %u numbers is expected",
                       r->where, field, c->rope_dims / 2);
    uint32_t i = 0;
    for (const struct json_node *n = list->first; n; n = n->next) {
        if (n->type != JSON_NUMBER || !(n->number > 0 && n->number < 1e9))
            return err_set(r->err, ERR_INPUT, "%s: field '%s': number %u is not positive", r->where,
                           field, i);
        out[i++] = (float)n->number;
    }
    return ERR_OK;
}

// Ding et al., "LongRoPE", 2024, as Phi-3 has it: factors for each frequency, and an amplitude.
static enum err_code read_long_rope(const struct reader *r, struct hf_config *c)
{
    uint32_t original = 0;
    const struct json_node *in =
        get(r->config, "original_max_position_embeddings") ? r->config : r->rope;
    enum err_code code;
    if (!c->family->long_rope)
        return err_set(r->err, ERR_UNSUPPORTED, "%s: long-rope is not supported with %s", r->where,
                       c->family->class);
    if ((code = take_u32(r, in, "original_max_position_embeddings", true, 2, 1 << 30, &original)) ||
        (code = take_factors(r, c, "short_factor", c->rope_short)) ||
        (code = take_factors(r, c, "long_factor", c->rope_long)))
        return code;
    double scale = (double)c->context / original;
    c->rope_original = original;
    c->rope_amplitude = scale > 1 ? (float)sqrt(1 + log(scale) / log(original)) : 1;
    c->has_rope_factors = true;
    return ERR_OK;
}

static enum err_code read_rope(struct reader *r, struct hf_config *c)
{
    float part = 1;
    enum err_code code;
    r->rope = get(r->config, "rope_parameters");
    if (!r->rope)
        r->rope = get(r->config, "rope_scaling");
    const struct json_node *base = get(r->config, "rope_theta") ? r->config : r->rope;
    c->rope_base = 10000;
    if ((code = take_f32(r, base, "rope_theta", false, 1, 1e12f, &c->rope_base)) ||
        (code = take_f32(r, r->config, "partial_rotary_factor", false, 0.01f, 1, &part)) ||
        (code = take_f32(r, r->rope, "partial_rotary_factor", false, 0.01f, 1, &part)))
        return code;
    c->rope_dims = (uint32_t)lroundf(part * (float)c->D);
    if (c->rope_dims < 2 || c->rope_dims % 2)
        return err_set(r->err, ERR_INPUT, "%s: field 'partial_rotary_factor' leaves %u dimensions",
                       r->where, c->rope_dims);
    const char *type = json_get_text(r->rope, "rope_type");
    if (!*type)
        type = json_get_text(r->rope, "type");
    if (!*type || strcmp(type, "default") == 0)
        return ERR_OK;
    if (strcmp(type, "linear") == 0)
        return take_f32(r, r->rope, "factor", true, 0.01f, 1e4f, &c->linear_factor);
    if (strcmp(type, "llama3") == 0)
        return read_llama3(r, c);
    if (strcmp(type, "longrope") == 0 || strcmp(type, "su") == 0)
        return read_long_rope(r, c);
    return err_set(r->err, ERR_UNSUPPORTED, "%s: rope scaling '%.32s' is not supported", r->where,
                   type);
}

enum err_code hf_config_read(const struct json_node *config, const char *where,
                             struct hf_config *out, struct err *err)
{
    struct reader r = {.config = config, .where = where, .err = err};
    enum err_code code;
    *out = (struct hf_config){.rope_amplitude = 1};
    if ((code = find_family(&r, out)) || (code = check_extras(&r)) || (code = read_shape(&r, out)))
        return code;
    if ((code = read_window(&r, out)))
        return code;
    return read_rope(&r, out);
}

const struct hf_family *hf_family_of(struct str arch)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (str_is(arch, families[i].arch))
            return &families[i];
    return NULL;
}

uint32_t hf_config_size(const struct hf_config *c, enum hf_size size)
{
    switch (size) {
    case HF_ONE:
        return 1;
    case HF_WIDTH:
        return c->C;
    case HF_HEAD:
        return c->D;
    case HF_Q:
        return c->H * c->D;
    case HF_KV:
        return c->H_kv * c->D;
    case HF_QKV:
        return (c->H + 2 * c->H_kv) * c->D;
    case HF_HIDDEN:
        return c->hidden;
    case HF_GATE_UP:
        return 2 * c->hidden;
    }
    return 0;
}
