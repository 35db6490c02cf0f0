// Qwen3: Qwen2 without biases, with a norm over every query and key head.
#include "llm/arch.h"

static enum err_code bind(struct binder *b, struct layer *l)
{
    const struct model_shape *s = binder_shape(b);
    enum err_code code;
    if ((code = bind_norms(b, l)) || (code = bind_qkv(b, l)) ||
        (code = bind_vector(b, "attn_q_norm.weight", s->D, &l->q_norm)) ||
        (code = bind_vector(b, "attn_k_norm.weight", s->D, &l->k_norm)))
        return code;
    return bind_feed_forward(b, l);
}

const struct arch arch_qwen3 = {.name = "qwen3", .rope = ROPE_HALVES, .bind_layer = bind};
