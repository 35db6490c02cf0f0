// The norms of heads: every query and key head is normed over its own values.
#include <string.h>

#include "kernels/rows.h"
#include "nn/layers.h"

enum { ROWS = 32 };

struct job {
    const struct nn_head_norm *n;
    float *qkv, *before, *inverse, *parts;
    const float *known_before, *known_inverse;
    size_t T;
};

static size_t heads_of(const struct nn_head_norm *n)
{
    return n->H + n->H_kv;
}

static size_t row_width(const struct nn_head_norm *n)
{
    return (n->H + 2 * n->H_kv) * n->D;
}

static const float *weights_of(const struct nn_head_norm *n, size_t h)
{
    return n->w + (h < n->H ? 0 : n->D);
}

static void forward(void *arg, unsigned thread, size_t from, size_t to)
{
    (void)thread;
    const struct job *j = arg;
    const struct nn_head_norm *n = j->n;
    size_t D = n->D, heads = heads_of(n);
    for (size_t t = from; t < to; t++) {
        float *row = j->qkv + t * row_width(n), *kept = j->before + t * heads * D;
        memcpy(kept, row, heads * D * sizeof *row);
        for (size_t h = 0; h < heads; h++)
            j->inverse[t * heads + h] =
                rows_norm(kept + h * D, weights_of(n, h), D, n->eps, row + h * D);
    }
}

void nn_head_norm_forward(struct nn_work *k, const struct nn_head_norm *n, size_t T, float *qkv,
                          float *before, float *inverse)
{
    struct job j = {.n = n, .qkv = qkv, .before = before, .inverse = inverse};
    nn_split(k, T, ROWS, forward, &j);
}

// Part p sums its rows' share of dw by itself, so that the number of threads does not change the
// order.
static void backward(void *arg, unsigned thread, size_t from, size_t to)
{
    (void)thread;
    const struct job *j = arg;
    const struct nn_head_norm *n = j->n;
    size_t D = n->D, heads = heads_of(n);
    float dy[NN_HEAD_NORM_MAX];
    for (size_t p = from; p < to; p++) {
        float *dw = j->parts + p * 2 * D;
        memset(dw, 0, 2 * D * sizeof *dw);
        for (size_t i = p * j->T / NN_NORM_PARTS * heads;
             i < (p + 1) * j->T / NN_NORM_PARTS * heads; i++) {
            size_t t = i / heads, h = i % heads;
            float *slope = j->qkv + t * row_width(n) + h * D;
            memcpy(dy, slope, D * sizeof *dy);
            memset(slope, 0, D * sizeof *slope);
            rows_norm_back(dy, j->known_before + i * D, weights_of(n, h), D, j->known_inverse[i],
                           slope, dw + (h < n->H ? 0 : D));
        }
    }
}

void nn_head_norm_backward(struct nn_work *k, const struct nn_head_norm *n, size_t T,
                           const float *before, const float *inverse, float *parts, float *dqkv,
                           float *dw)
{
    struct job j = {.n = n,
                    .qkv = dqkv,
                    .parts = parts,
                    .known_before = before,
                    .known_inverse = inverse,
                    .T = T};
    nn_split(k, NN_NORM_PARTS, 1, backward, &j);
    for (size_t p = 0; p < NN_NORM_PARTS; p++)
        rows_add(parts + p * 2 * n->D, 2 * n->D, dw);
}
