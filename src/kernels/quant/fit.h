// The searches for scales that the quantizers share.
#ifndef FETTLE_KERNELS_QUANT_FIT_H
#define FETTLE_KERNELS_QUANT_FIT_H

#include <math.h>
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

// x ~ scale * q with q in lo..hi (lo < 0): returns the scale of least squared error among
// candidates around the one that maps the largest magnitude to `lo`; larger values weigh more.
float fit_symmetric(const float *x, size_t n, int lo, int hi);

// x ~ scale * q - *min with q in 0..hi and *min >= 0: returns the scale.
float fit_affine(const float *x, size_t n, int hi, float *min);

#endif
