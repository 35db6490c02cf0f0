// BERT (also all-MiniLM, bge): an encoder with learned positions, biases, and norms after each
// part.
#include "llm/arch.h"

static enum err_code bind(struct binder *b, struct layer *l)
{
    const struct model_shape *s = binder_shape(b);
    uint32_t q = s->H * s->D;
    enum err_code code;
    if ((code = bind_qkv(b, l)) || (code = bind_bias(b, "attn_q.bias", 0, q, &l->qkv)) ||
        (code = bind_bias(b, "attn_k.bias", q, q, &l->qkv)) ||
        (code = bind_bias(b, "attn_v.bias", 2 * q, q, &l->qkv)) ||
        (code = bind_vector(b, "attn_output.bias", s->C, &l->out_bias)) ||
        (code = bind_vector(b, "attn_output_norm.weight", s->C, &l->attention_norm)) ||
        (code = bind_vector(b, "attn_output_norm.bias", s->C, &l->attention_norm_bias)) ||
        (code = bind_part(b, "ffn_up.weight", s->hidden, s->C, &l->gate_up)) ||
        (code = bind_bias(b, "ffn_up.bias", 0, s->hidden, &l->gate_up)) ||
        (code = bind_matrix(b, "ffn_down.weight", s->C, s->hidden, &l->down)) ||
        (code = bind_vector(b, "ffn_down.bias", s->C, &l->down_bias)) ||
        (code = bind_vector(b, "layer_output_norm.weight", s->C, &l->hidden_norm)))
        return code;
    return bind_vector(b, "layer_output_norm.bias", s->C, &l->hidden_norm_bias);
}

const struct arch arch_bert = {.name = "bert", .bind_layer = bind, .encoder = true};
