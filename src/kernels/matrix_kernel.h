// What the kernels of all CPU levels are: one table per level, filled from the same body.
#ifndef FETTLE_KERNELS_MATRIX_KERNEL_H
#define FETTLE_KERNELS_MATRIX_KERNEL_H

#include "kernels/matrix.h"

// A tile of 1, 2, 4 or 8 vectors (see struct vectors).
struct matrix_tile {
    const float *x; // of the first vector; the next is `stride` floats on
    size_t stride;
    const int8_t *q;
    const float *scale, *sum;
    const int32_t *zero;
};

enum { MATRIX_TILES = 4, MATRIX_ZEROS = 4 };

// One group of 16 rows times one tile of 2^log2 vectors: out[vector][row]. `n` counts blocks of 32
// columns, or columns where weights are floats.
typedef void matrix_kernel_fn(const unsigned char *group, size_t n, const struct matrix_tile *tile,
                              float *out);

// 32 floats to bytes; writes scale, scale * sum, and the four zero-point terms.
typedef void matrix_quantize_fn(const float *x, int8_t *q, float *scale, float *sum, int32_t *zero);

struct matrix_kernels {
    matrix_kernel_fn *multiply[QUANT_TYPE_COUNT][MATRIX_TILES];
    matrix_quantize_fn *quantize;
};

// iq4_levels + 128
extern const unsigned char matrix_iq4_levels[16];

extern const struct matrix_kernels matrix_kernels_plain;
#if defined(__x86_64__)
extern const struct matrix_kernels matrix_kernels_avx2, matrix_kernels_avx512_vnni;
#elif defined(__aarch64__)
extern const struct matrix_kernels matrix_kernels_neon;
#endif

#endif
