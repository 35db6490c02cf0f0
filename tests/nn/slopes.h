// Random floats, and slopes of functions in double by central differences.
#ifndef FETTLE_TESTS_NN_SLOPES_H
#define FETTLE_TESTS_NN_SLOPES_H

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "test.h"

static inline float *noise(size_t n, uint64_t seed, double spread)
{
    struct rng r;
    rng_seed(&r, seed);
    float *p = malloc((n ? n : 1) * sizeof *p);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = (float)(spread * rng_normal(&r));
    return p;
}

static inline double *doubles_of(const float *x, size_t n)
{
    double *p = malloc((n ? n : 1) * sizeof *p);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = (double)x[i];
    return p;
}

// d f / d x[i] for every `step`-th i against `gradient`: equal to `tolerance` of the largest slope.
typedef double slope_fn(void *arg);
static inline void assert_slopes(const char *what, slope_fn *f, void *arg, double *x,
                                 const float *gradient, size_t n, size_t step, double tolerance)
{
    double largest = 0, worst = 0, h = 1e-5;
    size_t at = 0;
    for (size_t i = 0; i < n; i += step) {
        double own = x[i];
        x[i] = own + h;
        double above = f(arg);
        x[i] = own - h;
        double below = f(arg), slope = (above - below) / (2 * h);
        x[i] = own;
        double off = fabs(slope - (double)gradient[i]);
        largest = fmax(largest, fabs(slope));
        if (!(off <= worst)) {
            worst = off;
            at = i;
        }
    }
    if (!(worst <= tolerance * largest) || largest == 0)
        fail_msg("%s: the gradient at %zu is off by %g of %g", what, at, worst, largest);
}

#endif
