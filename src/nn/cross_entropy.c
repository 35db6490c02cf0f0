// Cross-entropy of the next token.
#include "kernels/rows.h"
#include "nn/layers.h"

enum { ROWS = 4 };

struct job {
    float *logits;
    const int32_t *targets;
    double *losses;
    size_t V;
    float scale;
};

static void row(void *arg, unsigned thread, size_t from, size_t to)
{
    (void)thread;
    const struct job *j = arg;
    for (size_t t = from; t < to; t++) {
        float *x = j->logits + t * j->V, *at = x + j->targets[t], own = *at;
        j->losses[t] = (double)rows_softmax(x, j->V, 1) - (double)own;
        if (j->scale != 0) {
            *at -= 1;
            rows_scale(x, j->V, j->scale);
        }
    }
}

double nn_cross_entropy(struct nn_work *k, float *logits, const int32_t *targets, size_t n,
                        size_t V, float scale, double *losses)
{
    nn_split(k, n, ROWS, row, &(struct job){logits, targets, losses, V, scale});
    double sum = 0;
    for (size_t t = 0; t < n; t++)
        sum += losses[t];
    return sum;
}
