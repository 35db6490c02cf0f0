// The searches for scales that the quantizers share.
#ifndef FETTLE_KERNELS_QUANT_FIT_H
#define FETTLE_KERNELS_QUANT_FIT_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels/half.h"

static inline uint16_t fit_load16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline float fit_load_half(const uint8_t *p)
{
    return half_to_float(fit_load16(p));
}

// Stores as half and returns the value as stored.
static inline float fit_store_half(uint8_t *p, float v)
{
    uint16_t h = half_from_float(v);
    p[0] = (uint8_t)h;
    p[1] = (uint8_t)(h >> 8);
    return half_to_float(h);
}

// Nearest integer within lo..hi; NaN gives lo.
static inline int fit_round(float v, int lo, int hi)
{
    if (!(v > (float)lo))
        return lo;
    if (v >= (float)hi)
        return hi;
    return (int)lrintf(v);
}

static inline float fit_inverse(float v)
{
    return v != 0 && isfinite(1 / v) ? 1 / v : 0;
}

// The value of greatest magnitude, with its sign; 0 when there is none that is finite.
float fit_largest(const float *x, size_t n);
void fit_range(const float *x, size_t n, float *min, float *max);

enum { FIT_MAX = 32 }; // values that are fitted at once

// How errors weigh where no importance is given.
enum fit_weighing { FIT_EVENLY, FIT_BY_SQUARES };

// The weight of each value's squared error. Importance is the mean square of the input that the
// weight is multiplied by; larger weights of a group count somewhat more, too, as in ggml.
void fit_weigh(const float *x, const float *importance, size_t n, enum fit_weighing without,
               float *weights);

static inline const float *fit_at(const float *importance, size_t i)
{
    return importance ? importance + i : NULL;
}

// `importance` [n] is not negative, or NULL; n <= FIT_MAX.

// x ~ scale * q with q in lo..hi (lo < 0): returns the scale of least squared error among
// candidates around the one that maps the largest magnitude to `lo`; without importance larger
// values weigh more.
float fit_symmetric(const float *x, const float *importance, size_t n, int lo, int hi);

// The same for x ~ scale * level of IQ4.
float fit_iq4(const float *x, const float *importance, size_t n);

// x ~ scale * q - *min with q in 0..hi and *min >= 0: returns the scale.
float fit_affine(const float *x, const float *importance, size_t n, int hi, float *min);

// The same with scale and minimum in whole steps, 0 .. top of each: improves *scale and *min by
// what is one step away.
struct fit_steps {
    float scale, min; // of a step
    int top;
};
void fit_affine_steps(const float *x, const float *importance, size_t n, int hi,
                      const struct fit_steps *f, int *scale, int *min);

// fit_round of (x + add) * inverse for n values, a multiple of 16; lo and hi are signed bytes.
void fit_round_all(const float *x, size_t n, float add, float inverse, int lo, int hi, int8_t *q);

#endif
