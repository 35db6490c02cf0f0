// Embeddings and heads that point the same way: models with decided next tokens.
#include <math.h>
#include <stdlib.h>

#include "llm/synth_private.h"

// Such that on tiny models the token leaned to has a fifth to a half of the probability, and is now
// and then outvoted by the layers.
static const float NORM = 0.2f;
static const double SPREAD = 0.35;
static const uint32_t LAYERS = 2;

// More layers add more to the embedding, which must stand out all the same.
static double gain(const struct synth_writer *w)
{
    return sqrt((double)w->shape->L / LAYERS);
}

float synth_peaked_norm(const struct synth_writer *w)
{
    return NORM / (float)gain(w);
}

void synth_peaked(struct synth_writer *w, const char *name, const char *type, uint32_t shift)
{
    uint32_t C = w->shape->C, V = w->shape->V;
    const struct quant_format *f = synth_fitting(type, C);
    if (!w->data) {
        gguf_write_tensor(w->file, name, f, (uint64_t[]){C, V}, 2);
        return;
    }
    float *x = malloc(C * sizeof *x);
    void *blocks = malloc(quant_bytes(f, C));
    if (!x || !blocks)
        w->code = err_set(w->err, ERR_NO_MEMORY, "out of memory for random weights");
    double spread = SPREAD * gain(w);
    for (uint32_t row = 0; row < V && !w->code; row++) {
        struct rng rng;
        rng_seed_stream(&rng, w->options->seed, (row + V - shift) % V);
        for (uint32_t i = 0; i < C; i++)
            x[i] = (float)(rng_normal(&rng) * spread);
        f->quantize(x, blocks, C);
        gguf_write_data(w->file, blocks, quant_bytes(f, C));
    }
    free(blocks);
    free(x);
}
