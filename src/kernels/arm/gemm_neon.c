// Tiles of dense products for NEON.
#if defined(__aarch64__)
#include <arm_neon.h>
#include <string.h>

#include "kernels/gemm_kernel.h"

#define LEVEL     gemm_kernels_neon
#define ROWS      2
#define LANES     4
#define IN_A_STEP 1

typedef float32x4_t vec;

static inline vec vec_zero(void)
{
    return vdupq_n_f32(0);
}

static inline vec vec_load(const float *p)
{
    return vld1q_f32(p);
}

static inline vec vec_words(const uint32_t *p)
{
    return vreinterpretq_f32_u32(vld1q_u32(p));
}

static inline void vec_store(float *p, vec a)
{
    vst1q_f32(p, a);
}

static inline vec vec_add(vec a, vec b)
{
    return vaddq_f32(a, b);
}

static inline vec vec_dot(vec sum, uint32_t word, vec b)
{
    return vfmaq_f32(sum, vreinterpretq_f32_u32(vdupq_n_u32(word)), b);
}

#include "kernels/gemm_body.inc"
#endif
