// The linear layer: a product with a weight matrix.
#include "kernels/rows.h"
#include "nn/linear_frozen.h"

enum { ROWS = 64, COLUMNS = 64 };

struct job {
    const float *from;
    float *to;
    size_t T, out;
};

static void add_bias(void *arg, unsigned thread, size_t from, size_t to)
{
    (void)thread;
    const struct job *j = arg;
    for (size_t t = from; t < to; t++)
        rows_add(j->from, j->out, j->to + t * j->out);
}

void nn_linear_forward(struct nn_work *k, const struct nn_linear *l, const float *x, size_t T,
                       float *y, bool add)
{
    if (l->w)
        gemm_run(k->gemm, &(struct gemm){T, l->out, l->in, gemm_rows(x, l->in),
                                         gemm_turned(l->w, l->in), y, l->out, add});
    else
        nn_frozen_forward(k, l, x, T, y, add);
    if (l->bias)
        nn_split(k, T, ROWS, add_bias, &(struct job){l->bias, y, T, l->out});
}

static void sum_bias(void *arg, unsigned thread, size_t from, size_t to)
{
    (void)thread;
    const struct job *j = arg;
    for (size_t t = 0; t < j->T; t++)
        rows_add(j->from + t * j->out + from, to - from, j->to + from);
}

void nn_linear_backward_input(struct nn_work *k, const struct nn_linear *l, const float *dy,
                              size_t T, float *dx)
{
    if (!l->w)
        nn_frozen_backward_input(k, l, dy, T, dx);
    else
        gemm_run(k->gemm, &(struct gemm){T, l->in, l->out, gemm_rows(dy, l->out),
                                         gemm_rows(l->w, l->in), dx, l->in, false});
}

void nn_linear_backward_weights(struct nn_work *k, const struct nn_linear *l, const float *x,
                                const float *dy, size_t T)
{
    if (!l->w)
        nn_frozen_backward_weights(k, l, x, dy, T);
    if (l->dw)
        gemm_run(k->gemm, &(struct gemm){l->out, l->in, T, gemm_turned(dy, l->out),
                                         gemm_rows(x, l->in), l->dw, l->in, true});
    if (l->dbias)
        nn_split(k, l->out, COLUMNS, sum_bias, &(struct job){dy, l->dbias, T, l->out});
}

void nn_linear_backward(struct nn_work *k, const struct nn_linear *l, const float *x,
                        const float *dy, size_t T, float *dx)
{
    nn_linear_backward_input(k, l, dy, T, dx);
    nn_linear_backward_weights(k, l, x, dy, T);
}
