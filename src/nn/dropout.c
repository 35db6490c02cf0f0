// Dropout: floats left out by chance, the same ones in the forward and the backward pass.
#include "base/rng.h"
#include "nn/layers.h"

enum { ROWS = 16, BITS = 16, DRAWS = 64 / BITS };

struct job {
    float dropout;
    uint64_t stream;
    const float *x;
    float *y;
    size_t C;
    bool add;
};

// Each row draws by itself: 16 bits a float.
static void drop(void *arg, unsigned thread, size_t from, size_t to)
{
    (void)thread;
    const struct job *j = arg;
    uint32_t least = (uint32_t)(j->dropout * (1 << BITS) + 0.5f);
    float factor = 1 / (1 - j->dropout);
    for (size_t t = from; t < to; t++) {
        struct rng rng;
        rng_seed_stream(&rng, j->stream, t);
        const float *x = j->x + t * j->C;
        float *y = j->y + t * j->C;
        uint64_t drawn = 0;
        for (size_t i = 0; i < j->C; i++, drawn >>= BITS) {
            if (i % DRAWS == 0)
                drawn = rng_u64(&rng);
            float kept = (drawn & ((1 << BITS) - 1)) < least ? 0 : factor * x[i];
            y[i] = j->add ? y[i] + kept : kept;
        }
    }
}

void nn_dropout(struct nn_work *k, float dropout, uint64_t stream, const float *x, size_t T,
                size_t C, float *y, bool add)
{
    nn_split(k, T, ROWS, drop, &(struct job){dropout, stream, x, y, C, add});
}
