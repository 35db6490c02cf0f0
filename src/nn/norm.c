// The root mean square norm over rows.
#include <string.h>

#include "kernels/rows.h"
#include "nn/layers.h"

enum { ROWS = 32 };

struct job {
    const float *w, *x, *dy, *known;
    float *y, *inverse, *copy, *dx, *parts;
    size_t T, C;
    float eps;
};

static void forward(void *arg, unsigned thread, size_t from, size_t to)
{
    (void)thread;
    const struct job *j = arg;
    for (size_t t = from; t < to; t++) {
        const float *x = j->x + t * j->C;
        j->inverse[t] = rows_norm(x, j->w, j->C, j->eps, j->y + t * j->C);
        if (j->copy)
            memcpy(j->copy + t * j->C, x, j->C * sizeof *x);
    }
}

void nn_norm_forward(struct nn_work *k, const float *w, const float *x, size_t T, size_t C,
                     float eps, float *y, float *inverse, float *copy)
{
    struct job j = {.w = w, .x = x, .y = y, .inverse = inverse, .copy = copy, .C = C, .eps = eps};
    nn_split(k, T, ROWS, forward, &j);
}

static void again(void *arg, unsigned thread, size_t from, size_t to)
{
    (void)thread;
    const struct job *j = arg;
    for (size_t t = from; t < to; t++)
        rows_norm_again(j->x + t * j->C, j->w, j->C, j->known[t], j->y + t * j->C);
}

void nn_norm_again(struct nn_work *k, const float *w, const float *x, const float *inverse,
                   size_t T, size_t C, float *y)
{
    nn_split(k, T, ROWS, again, &(struct job){.w = w, .x = x, .known = inverse, .y = y, .C = C});
}

// Part p of NN_NORM_PARTS sums its rows' share of dw by itself, so that the number of threads does
// not change the order.
static void backward(void *arg, unsigned thread, size_t from, size_t to)
{
    (void)thread;
    const struct job *j = arg;
    for (size_t p = from; p < to; p++) {
        float *dw = j->parts + p * j->C;
        memset(dw, 0, j->C * sizeof *dw);
        for (size_t t = p * j->T / NN_NORM_PARTS; t < (p + 1) * j->T / NN_NORM_PARTS; t++)
            rows_norm_back(j->dy + t * j->C, j->x + t * j->C, j->w, j->C, j->known[t],
                           j->dx + t * j->C, dw);
    }
}

void nn_norm_backward(struct nn_work *k, const float *w, const float *x, const float *inverse,
                      const float *dy, size_t T, size_t C, float *parts, float *dx, float *dw)
{
    struct job j = {
        .w = w, .x = x, .dy = dy, .known = inverse, .dx = dx, .parts = parts, .T = T, .C = C};
    nn_split(k, NN_NORM_PARTS, 1, backward, &j);
    for (size_t p = 0; p < NN_NORM_PARTS; p++)
        rows_add(parts + p * C, C, dw);
}
