// Phi-3: query, key and value in one matrix, gate and up in one, halves that turn, long-rope.
//
// The files name a sliding window of 2047 positions for the 4k model; it is not applied, as in
// llama.cpp, whose results this must match.
#include "llm/arch.h"

static enum err_code bind(struct binder *b, struct layer *l)
{
    const struct model_shape *s = binder_shape(b);
    enum err_code code;
    if ((code = bind_norms(b, l)) ||
        (code = bind_part(b, "attn_qkv.weight", (s->H + 2 * s->H_kv) * s->D, s->C, &l->qkv)) ||
        (code = bind_matrix(b, "attn_output.weight", s->C, s->H * s->D, &l->out)) ||
        (code = bind_part(b, "ffn_up.weight", 2 * s->hidden, s->C, &l->gate_up)))
        return code;
    return bind_matrix(b, "ffn_down.weight", s->C, s->hidden, &l->down);
}

const struct arch arch_phi3 = {.name = "phi3", .rope = ROPE_HALVES, .bind_layer = bind};
