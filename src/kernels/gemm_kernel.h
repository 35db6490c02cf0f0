// One table of product kernels per kind of instructions, filled from the same body.
//
// A "step" is one 32-bit word of K: a float, or two bfloat16 that follow one another in K.
#ifndef FETTLE_KERNELS_GEMM_KERNEL_H
#define FETTLE_KERNELS_GEMM_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GEMM_STEPS = 256, // of a block of K
    GEMM_TILE_ROWS_MAX = 12,
    GEMM_TILE_COLUMNS = 32,
};

struct gemm_kernels {
    size_t rows;      // of a tile
    size_t in_a_step; // elements of K: 1, or 2

    // A tile of `rows` x GEMM_TILE_COLUMNS. b is [steps][GEMM_TILE_COLUMNS]; a is
    // [rows][GEMM_STEPS] ("by rows") or [steps][rows] ("by steps").
    void (*tile_by_rows)(size_t steps, const uint32_t *a, const uint32_t *b, float *c, size_t ldc,
                         bool add);
    void (*tile_by_steps)(size_t steps, const uint32_t *a, const uint32_t *b, float *c, size_t ldc,
                          bool add);

    // n consecutive elements of K to words: n / in_a_step, rounded up.
    void (*words_along)(const float *x, size_t n, uint32_t *out);

    // n words, each from x[i] and (with two in a step) y[i]; y is NULL past the last of K. Every
    // `width` of them go to the next tile, `stride` words on.
    void (*words_across)(const float *x, const float *y, size_t n, size_t width, uint32_t *out,
                         size_t stride);
};

extern const struct gemm_kernels gemm_kernels_plain;
#if defined(__x86_64__)
extern const struct gemm_kernels gemm_kernels_avx2, gemm_kernels_avx512, gemm_kernels_bf16;
#elif defined(__aarch64__)
extern const struct gemm_kernels gemm_kernels_neon;
#endif

#endif
