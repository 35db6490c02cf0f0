// The linear layer over frozen matrices: their rows are thawed, some at a time, for each product.
#include "nn/linear_frozen.h"

#include "kernels/rows.h"

enum { ROWS = 8 };

struct thaw {
    const struct nn_frozen *from;
    size_t in, first;
    float *to;
};

static void thaw_rows(void *arg, unsigned thread, size_t from, size_t to)
{
    (void)thread;
    const struct thaw *j = arg;
    const struct quant_format *f = j->from->format;
    f->dequantize(j->from->data + quant_bytes(f, (j->first + from) * j->in), j->to + from * j->in,
                  (to - from) * j->in);
}

// Rows [first, first + n) of a part as floats.
static const float *thaw(struct nn_work *k, const struct nn_linear *l, const struct nn_part *part,
                         size_t first, size_t n)
{
    nn_split(k, n, ROWS, thaw_rows, &(struct thaw){&part->frozen, l->in, first, k->thawed});
    return k->thawed;
}

static size_t rows_at_once(const struct nn_work *k, const struct nn_linear *l)
{
    return k->thawed_floats / l->in;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

// What a low-rank product sees of x.
static const float *seen_of(struct nn_work *k, const struct nn_linear *l,
                            const struct nn_low_rank *low, const float *x, size_t T)
{
    if (low->dropout <= 0)
        return x;
    float *to = k->low + 2 * T * low->rank;
    nn_dropout(k, low->dropout, low->stream, x, T, l->in, to, false);
    return to;
}

// scale * x a^T of what is seen of x: T x rank.
static const float *inner_of(struct nn_work *k, const struct nn_linear *l,
                             const struct nn_low_rank *low, const float *x, size_t T)
{
    gemm_run(k->gemm, &(struct gemm){T, low->rank, l->in, gemm_rows(x, l->in),
                                     gemm_turned(low->a, l->in), k->low, low->rank, false});
    rows_scale(k->low, T * low->rank, low->scale);
    return k->low;
}

// Its gradient: scale * dy b, T x rank. `dy` points to the part's first column.
static const float *inner_slope(struct nn_work *k, const struct nn_linear *l,
                                const struct nn_part *part, const float *dy, size_t T)
{
    const struct nn_low_rank *low = &part->low;
    float *to = k->low + T * low->rank;
    gemm_run(k->gemm, &(struct gemm){T, low->rank, part->rows, gemm_rows(dy, l->out),
                                     gemm_rows(low->b, low->rank), to, low->rank, false});
    rows_scale(to, T * low->rank, low->scale);
    return to;
}

void nn_frozen_forward(struct nn_work *k, const struct nn_linear *l, const float *x, size_t T,
                       float *y, bool add)
{
    size_t column = 0;
    for (size_t p = 0; p < l->parts; column += l->part[p++].rows) {
        const struct nn_part *part = &l->part[p];
        for (size_t from = 0; from < part->rows; from += rows_at_once(k, l)) {
            size_t n = least(rows_at_once(k, l), part->rows - from);
            const float *w = thaw(k, l, part, from, n);
            gemm_run(k->gemm,
                     &(struct gemm){T, n, l->in, gemm_rows(x, l->in), gemm_turned(w, l->in),
                                    y + column + from, l->out, add});
        }
        const struct nn_low_rank *low = &part->low;
        if (low->rank)
            gemm_run(k->gemm,
                     &(struct gemm){
                         T, part->rows, low->rank,
                         gemm_rows(inner_of(k, l, low, seen_of(k, l, low, x, T), T), low->rank),
                         gemm_turned(low->b, low->rank), y + column, l->out, true});
    }
}

// dx += the gradient through a part's low-rank product.
static void add_low_slope(struct nn_work *k, const struct nn_linear *l, const struct nn_part *part,
                          const float *dy, size_t T, float *dx)
{
    const struct nn_low_rank *low = &part->low;
    bool drops = low->dropout > 0;
    float *to = drops ? k->low + 2 * T * low->rank : dx;
    gemm_run(k->gemm, &(struct gemm){T, l->in, low->rank,
                                     gemm_rows(inner_slope(k, l, part, dy, T), low->rank),
                                     gemm_rows(low->a, l->in), to, l->in, !drops});
    if (drops)
        nn_dropout(k, low->dropout, low->stream, to, T, l->in, dx, true);
}

void nn_frozen_backward_input(struct nn_work *k, const struct nn_linear *l, const float *dy,
                              size_t T, float *dx)
{
    size_t column = 0;
    bool add = false;
    for (size_t p = 0; p < l->parts; column += l->part[p++].rows) {
        const struct nn_part *part = &l->part[p];
        for (size_t from = 0; from < part->rows; from += rows_at_once(k, l), add = true) {
            size_t n = least(rows_at_once(k, l), part->rows - from);
            const float *w = thaw(k, l, part, from, n);
            gemm_run(k->gemm, &(struct gemm){T, l->in, n, gemm_rows(dy + column + from, l->out),
                                             gemm_rows(w, l->in), dx, l->in, add});
        }
        if (part->low.rank)
            add_low_slope(k, l, part, dy + column, T, dx);
    }
}

void nn_frozen_backward_weights(struct nn_work *k, const struct nn_linear *l, const float *x,
                                const float *dy, size_t T)
{
    size_t column = 0;
    for (size_t p = 0; p < l->parts; column += l->part[p++].rows) {
        const struct nn_part *part = &l->part[p];
        const struct nn_low_rank *low = &part->low;
        if (!low->rank)
            continue;
        const float *seen = seen_of(k, l, low, x, T);
        gemm_run(k->gemm, &(struct gemm){part->rows, low->rank, T, gemm_turned(dy + column, l->out),
                                         gemm_rows(inner_of(k, l, low, seen, T), low->rank),
                                         low->db, low->rank, true});
        gemm_run(k->gemm,
                 &(struct gemm){low->rank, l->in, T,
                                gemm_turned(inner_slope(k, l, part, dy + column, T), low->rank),
                                gemm_rows(seen, l->in), low->da, l->in, true});
    }
}
