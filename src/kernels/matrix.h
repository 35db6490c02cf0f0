// Products of a weight matrix with vectors: the operation that a language model spends its time on.
//
// A matrix has `rows` outputs and `cols` inputs; a product takes T vectors of `cols` floats and
// gives T vectors of `rows` floats. Weights are repacked once so that 16 rows lie side by side
// ("a group"); inputs are quantized once to signed bytes with a scale per 32 of them, unless the
// weights are floats.
//
// Every output is computed in one fixed order: the result is the same, bit for bit, at every CPU
// level, for every number of threads, and for every T that the vector is computed with.
#ifndef FETTLE_KERNELS_MATRIX_H
#define FETTLE_KERNELS_MATRIX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "kernels/cpu.h"
#include "kernels/quant.h"

enum { MATRIX_GROUP = 16, MATRIX_BLOCK = 32 };

struct matrix {
    const struct quant_format *format;
    uint32_t rows, cols;
    size_t group_bytes; // of 16 packed rows; how they lie: matrix_pack.c
    const unsigned char *data;
};

// Fills in all but `data`; ERR_USAGE when cols is no multiple of the format's block.
enum err_code matrix_shape(struct matrix *m, const struct quant_format *format, uint32_t rows,
                           uint32_t cols, struct err *err);

size_t matrix_groups(const struct matrix *m);
size_t matrix_bytes(const struct matrix *m); // packed

// Packs group g of the rows in the file's layout into `to` (m->group_bytes). Rows beyond the last
// become zeros. `rows` points to row 0.
void matrix_pack_group(const struct matrix *m, const void *rows, size_t g, unsigned char *to);

// Vectors ready for products. The vectors lie in tiles of 8, 4, 2 and 1; within a tile, per block
// of 32: 32 bytes of every vector, then the numbers below for every vector.
struct vectors {
    size_t count, cap; // vectors in use, room
    size_t cols, cols_cap;
    float *x;      // [count][cols]
    int8_t *q;     // quantized
    float *scale;  // per block
    float *sum;    // scale * sum of q over the block
    int32_t *zero; // per block: -8 * sum of q, -128 * sum of q, -32 * sum over each half
};

enum err_code vectors_open(struct vectors *v, size_t count, size_t cols, struct err *err);
void vectors_close(struct vectors *v);

// Sets the shape for the next use, within what was opened.
void vectors_shape(struct vectors *v, size_t count, size_t cols);

// Quantizes blocks [from, to) of 32 columns of v->x[t]. Columns beyond the last whole block are
// left out; matrices of F16, BF16 and F32 multiply v->x itself.
void vectors_quantize(struct vectors *v, size_t t, size_t from, size_t to);

// y[t * stride + row] = sum over columns of w[row] * x[t], for the rows of groups [from, to) and
// all vectors. Rows beyond m->rows are not written.
void matrix_multiply(const struct matrix *m, const struct vectors *v, float *y, size_t stride,
                     size_t from, size_t to);

#endif
