// Llama (also TinyLlama, SmolLM2): separate projections without biases, dimensions turn in pairs.
#include "llm/arch.h"

static enum err_code bind(struct binder *b, struct layer *l)
{
    enum err_code code = bind_norms(b, l);
    if (!code)
        code = bind_qkv(b, l);
    return code ? code : bind_feed_forward(b, l);
}

const struct arch arch_llama = {.name = "llama", .rope = ROPE_PAIRS, .bind_layer = bind};
