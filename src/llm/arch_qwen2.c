// Qwen2 and Qwen2.5: Llama with biases on query, key and value, and halves that turn.
#include "llm/arch.h"

static enum err_code bind(struct binder *b, struct layer *l)
{
    const struct model_shape *s = binder_shape(b);
    uint32_t q = s->H * s->D, kv = s->H_kv * s->D;
    enum err_code code;
    if ((code = bind_norms(b, l)) || (code = bind_qkv(b, l)) ||
        (code = bind_bias(b, "attn_q.bias", 0, q, &l->qkv)) ||
        (code = bind_bias(b, "attn_k.bias", q, kv, &l->qkv)) ||
        (code = bind_bias(b, "attn_v.bias", q + kv, kv, &l->qkv)))
        return code;
    return bind_feed_forward(b, l);
}

const struct arch arch_qwen2 = {.name = "qwen2", .rope = ROPE_HALVES, .bind_layer = bind};
