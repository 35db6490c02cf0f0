// Tiles of dense products in plain C: the reference for every other kind of instructions.
#include <string.h>

#include "kernels/gemm_kernel.h"

#define LEVEL     gemm_kernels_plain
#define ROWS      4
#define LANES     16
#define IN_A_STEP 1

typedef struct {
    float v[LANES];
} vec;

#define EACH_LANE for (int i = 0; i < LANES; i++)

static inline vec vec_zero(void)
{
    return (vec){{0}};
}

static inline vec vec_load(const float *p)
{
    vec r;
    memcpy(r.v, p, sizeof r.v);
    return r;
}

static inline vec vec_words(const uint32_t *p)
{
    vec r;
    memcpy(r.v, p, sizeof r.v);
    return r;
}

static inline void vec_store(float *p, vec a)
{
    memcpy(p, a.v, sizeof a.v);
}

static inline vec vec_add(vec a, vec b)
{
    EACH_LANE a.v[i] += b.v[i];
    return a;
}

static inline vec vec_dot(vec sum, uint32_t word, vec b)
{
    float a;
    memcpy(&a, &word, sizeof a);
    EACH_LANE sum.v[i] += a * b.v[i];
    return sum;
}

#include "kernels/gemm_body.inc"
