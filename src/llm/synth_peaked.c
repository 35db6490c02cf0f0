// Embeddings and heads that point the same way: models with decided next tokens.
#include <stdlib.h>

#include "llm/synth_private.h"

// Such that on tiny models the token leaned to has a fifth to a half of the probability, and is now
// and then outvoted by the layers.
const float SYNTH_PEAKED_NORM = 0.2f;
static const double SPREAD = 0.35;

void synth_peaked(struct synth_writer *w, const char *name, const char *type, uint32_t shift)
{
    const struct quant_format *f = quant_format_by_name(type);
    uint32_t C = w->shape->C, V = w->shape->V;
    if (!w->data) {
        gguf_write_tensor(w->file, name, f, (uint64_t[]){C, V}, 2);
        return;
    }
    float *x = malloc(C * sizeof *x);
    void *blocks = malloc(quant_bytes(f, C));
    if (!x || !blocks)
        w->code = err_set(w->err, ERR_NO_MEMORY, "out of memory for random weights");
    for (uint32_t row = 0; row < V && !w->code; row++) {
        struct rng rng;
        rng_seed_stream(&rng, w->options->seed, (row + V - shift) % V);
        for (uint32_t i = 0; i < C; i++)
            x[i] = (float)(rng_normal(&rng) * SPREAD);
        f->quantize(x, blocks, C);
        gguf_write_data(w->file, blocks, quant_bytes(f, C));
    }
    free(blocks);
    free(x);
}
