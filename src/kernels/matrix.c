// The product of packed weights with vectors: walks groups and tiles, calls the level's kernels.
#include "kernels/matrix.h"

#include <stdbool.h>
#include <string.h>

#include "kernels/matrix_private.h"

// Groups that share one pass over a tile, so that the tile is read from near memory.
enum { TOGETHER = 4 };

static void store_rows(const struct matrix *m, size_t g, const float *out, size_t size, float *y,
                       size_t stride)
{
    size_t row = g * MATRIX_GROUP, left = m->rows - row;
    size_t n = left < MATRIX_GROUP ? left : MATRIX_GROUP;
    for (size_t t = 0; t < size; t++)
        memcpy(y + t * stride + row, out + t * MATRIX_GROUP, n * sizeof *y);
}

void matrix_multiply(const struct matrix *m, const struct vectors *v, float *y, size_t stride,
                     size_t from, size_t to)
{
    matrix_kernel_fn *const *kernels = matrix_kernels_now()->multiply[m->format->type];
    bool floats = m->format->block == 1;
    size_t blocks = m->cols / MATRIX_BLOCK;
    float out[8 * MATRIX_GROUP];
    for (size_t g = from; g < to; g += TOGETHER) {
        size_t end = to - g < TOGETHER ? to : g + TOGETHER;
        for (size_t t = 0; t < v->count;) {
            int log2;
            matrix_tile_of(v->count, t, &log2);
            size_t size = (size_t)1 << log2, at = t * blocks;
            struct matrix_tile tile = {
                .x = v->x + t * v->cols,
                .stride = v->cols,
                .q = v->q + at * MATRIX_BLOCK,
                .scale = v->scale + at,
                .sum = v->sum + at,
                .zero = v->zero + at * MATRIX_ZEROS,
            };
            for (size_t i = g; i < end; i++) {
                kernels[log2](m->data + i * m->group_bytes, floats ? m->cols : blocks, &tile, out);
                store_rows(m, i, out, size, y + t * stride, stride);
            }
            t += size;
        }
    }
}
