// AdamW over the blocks of a decoder's weights.
#include "nn/optimizer.h"

#include <math.h>
#include <string.h>

#include "kernels/rows.h"

struct job {
    const struct nn_weights *w;
    const struct rows_adamw *decaying, *kept;
    double *sums;
};

// Sums of pieces, then the sum of those: NORM_PIECES at a time.
enum { NORM_PIECES = 256 };

static void sum_squares(void *arg, unsigned thread, size_t from, size_t to)
{
    (void)thread;
    const struct job *j = arg;
    for (size_t p = from; p < to; p++) {
        size_t first = j->w->n / NORM_PIECES * p;
        size_t end = p + 1 == NORM_PIECES ? j->w->n : j->w->n / NORM_PIECES * (p + 1);
        j->sums[p] = rows_dot(j->w->dw + first, j->w->dw + first, end - first);
    }
}

double nn_gradient_norm(struct nn_work *k, const struct nn_weights *w)
{
    double sums[NORM_PIECES], sum = 0;
    nn_split(k, NORM_PIECES, 1, sum_squares, &(struct job){.w = w, .sums = sums});
    for (size_t p = 0; p < NORM_PIECES; p++)
        sum += sums[p];
    return sqrt(sum);
}

static void step_piece(void *arg, unsigned thread, size_t from, size_t to)
{
    (void)thread;
    const struct job *j = arg;
    const struct nn_weights *w = j->w;
    for (size_t i = from; i < to; i++) {
        const struct nn_tensor *t = &w->tensors[i];
        size_t n = t->rows * t->cols;
        rows_adamw(t->decays ? j->decaying : j->kept, n, w->w + t->at, w->dw + t->at, w->m + t->at,
                   w->v + t->at);
        memset(w->dw + t->at, 0, n * sizeof *w->dw);
    }
}

bool nn_optimizer_step(struct nn_work *k, const struct nn_optimizer *o, struct nn_weights *w,
                       double norm, double factor, uint64_t step, double rate)
{
    if (!isfinite(norm)) {
        memset(w->dw, 0, w->n * sizeof *w->dw);
        return false;
    }
    bool clips = o->clip > 0 && norm * factor > (double)o->clip;
    struct rows_adamw decaying = {
        .rate = (float)rate,
        .decay = o->decay,
        .beta1 = o->beta1,
        .beta2 = o->beta2,
        .eps = o->eps,
        .correction1 = (float)(1 - pow((double)o->beta1, (double)step)),
        .correction2 = (float)(1 - pow((double)o->beta2, (double)step)),
        .gradient_scale = (float)(clips ? (double)o->clip / norm : factor),
    };
    struct rows_adamw kept = decaying;
    kept.decay = 0;
    nn_split(k, w->tensor_count, 1, step_piece,
             &(struct job){.w = w, .decaying = &decaying, .kept = &kept});
    return true;
}
