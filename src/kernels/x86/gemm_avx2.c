// Tiles of dense products for AVX2 with FMA.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "kernels/gemm_kernel.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#define LEVEL     gemm_kernels_avx2
#define ROWS      3
#define LANES     8
#define IN_A_STEP 1

typedef __m256 vec;

static inline vec vec_zero(void)
{
    return _mm256_setzero_ps();
}

static inline vec vec_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

static inline vec vec_words(const uint32_t *p)
{
    return _mm256_castsi256_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
}

static inline void vec_store(float *p, vec a)
{
    _mm256_storeu_ps(p, a);
}

static inline vec vec_add(vec a, vec b)
{
    return _mm256_add_ps(a, b);
}

static inline vec vec_dot(vec sum, uint32_t word, vec b)
{
    return _mm256_fmadd_ps(_mm256_castsi256_ps(_mm256_set1_epi32((int)word)), b, sum);
}

#include "kernels/gemm_body.inc"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
