// Tiles of dense products for AVX-512 with BF16: two products a lane and instruction.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "kernels/gemm_kernel.h"
#include "kernels/half.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16"))),      \
                             apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512bf16")
#endif

#define LEVEL     gemm_kernels_bf16
#define ROWS      12
#define LANES     16
#define IN_A_STEP 2

typedef __m512 vec;

static inline vec vec_zero(void)
{
    return _mm512_setzero_ps();
}

static inline vec vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

static inline vec vec_words(const uint32_t *p)
{
    return _mm512_castsi512_ps(_mm512_loadu_si512(p));
}

static inline void vec_store(float *p, vec a)
{
    _mm512_storeu_ps(p, a);
}

static inline vec vec_add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}

static inline vec vec_dot(vec sum, uint32_t word, vec b)
{
    __m512i pairs = _mm512_set1_epi32((int)word);
    return _mm512_dpbf16_ps(sum, (__m512bh)pairs, (__m512bh)_mm512_castps_si512(b));
}

static void words_along(const float *x, size_t n, uint32_t *out)
{
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        __m512bh both = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(x + i + 16), _mm512_loadu_ps(x + i));
        _mm512_storeu_si512(out + i / 2, (__m512i)both);
    }
    for (; i < n; i += 2) {
        uint32_t high = i + 1 < n ? bf16_from_float(x[i + 1]) : 0;
        out[i / 2] = high << 16 | bf16_from_float(x[i]);
    }
}

// Up to 16 words; word i has x[i] in its low half, y[i] in its high one.
static inline void join(const float *x, const float *y, size_t n, uint32_t *out)
{
    const __m512i pairs =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                         21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    __mmask16 part = (__mmask16)(n < 16 ? (1u << n) - 1 : 0xffff);
    __m512 a = _mm512_maskz_loadu_ps(part, x);
    __m512 b = y ? _mm512_maskz_loadu_ps(part, y) : _mm512_setzero_ps();
    __m512i both = (__m512i)_mm512_cvtne2ps_pbh(b, a);
    _mm512_mask_storeu_epi32(out, part, _mm512_permutexvar_epi16(pairs, both));
}

static void words_across(const float *x, const float *y, size_t n, size_t width, uint32_t *out,
                         size_t stride)
{
    for (size_t from = 0; from < n; from += width, out += stride) {
        size_t count = n - from < width ? n - from : width;
        for (size_t i = 0; i < count; i += 16)
            join(x + from + i, y ? y + from + i : NULL, count - i, out + i);
    }
}

#include "kernels/gemm_body.inc"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
