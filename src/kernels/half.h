// The 16-bit float formats as bits: IEEE half (F16) and bfloat16 (BF16).
#ifndef FETTLE_KERNELS_HALF_H
#define FETTLE_KERNELS_HALF_H

#include <stdint.h>
#include <string.h>

static inline uint32_t half_bits_of_float(float f)
{
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u;
}

static inline float half_float_of_bits(uint32_t u)
{
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

static inline float half_to_float(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 31, mantissa = h & 0x3ff;
    if (exponent == 31)
        return half_float_of_bits(sign | 0x7f800000 | mantissa << 13);
    if (exponent == 0) {
        float f = (float)mantissa * 0x1p-24f;
        return sign ? -f : f;
    }
    return half_float_of_bits(sign | (exponent + 112) << 23 | mantissa << 13);
}

// Rounds to nearest even; what is too large becomes infinity; NaN stays NaN.
static inline uint16_t half_from_float(float f)
{
    uint32_t u = half_bits_of_float(f), sign = (u >> 16) & 0x8000, rest = u & 0x7fffffff;
    if (rest > 0x7f800000)
        return (uint16_t)(sign | 0x7e00);
    if (rest >= 0x477ff000)
        return (uint16_t)(sign | 0x7c00);
    if (rest < 0x38800000) { // subnormal: the addition rounds at 2^-24
        float at = half_float_of_bits(rest) + 0.5f;
        return (uint16_t)(sign | (half_bits_of_float(at) - 0x3f000000));
    }
    uint32_t odd = (rest >> 13) & 1;
    return (uint16_t)(sign | ((rest - 0x38000000 + 0xfff + odd) >> 13));
}

static inline float bf16_to_float(uint16_t h)
{
    return half_float_of_bits((uint32_t)h << 16);
}

// Rounds to nearest even; NaN stays NaN.
static inline uint16_t bf16_from_float(float f)
{
    uint32_t u = half_bits_of_float(f);
    if ((u & 0x7fffffff) > 0x7f800000)
        return (uint16_t)(u >> 16 | 64);
    return (uint16_t)((u + 0x7fff + ((u >> 16) & 1)) >> 16);
}

#endif
