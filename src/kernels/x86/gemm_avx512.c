// Tiles of dense products for AVX-512, in floats.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "kernels/gemm_kernel.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)
#else
#pragma GCC target("avx512f")
#endif

#define LEVEL     gemm_kernels_avx512
#define ROWS      12
#define LANES     16
#define IN_A_STEP 1

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
    return _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_set1_epi32((int)word)), b, sum);
}

#include "kernels/gemm_body.inc"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
