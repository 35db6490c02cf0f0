// Vectors ready for products: floats, and the same as signed bytes in tiles.
#include <string.h>

#include "kernels/matrix_kernel.h"
#include "kernels/matrix_private.h"
#include "kernels/memory.h"

static const struct matrix_kernels *const levels[CPU_LEVEL_COUNT] = {
    [CPU_PLAIN] = &matrix_kernels_plain,
#if defined(__x86_64__)
    [CPU_AVX2] = &matrix_kernels_avx2,
    [CPU_AVX512_VNNI] = &matrix_kernels_avx512_vnni,
#elif defined(__aarch64__)
    [CPU_NEON] = &matrix_kernels_neon,
#endif
};

const struct matrix_kernels *matrix_kernels_now(void)
{
    return levels[cpu_level()];
}

static size_t blocks_of(size_t cols)
{
    return (cols + MATRIX_BLOCK - 1) / MATRIX_BLOCK;
}

enum err_code vectors_open(struct vectors *v, size_t count, size_t cols, struct err *err)
{
    *v = (struct vectors){.cap = count, .cols_cap = cols};
    size_t blocks = blocks_of(cols) * count;
    v->x = memory_take(count * cols * sizeof *v->x);
    v->q = memory_take(blocks * MATRIX_BLOCK);
    v->scale = memory_take(blocks * sizeof *v->scale);
    v->sum = memory_take(blocks * sizeof *v->sum);
    v->zero = memory_take(blocks * MATRIX_ZEROS * sizeof *v->zero);
    if (!v->x || !v->q || !v->scale || !v->sum || !v->zero) {
        vectors_close(v);
        return err_set(err, ERR_NO_MEMORY, "out of memory for %zu vectors of %zu", count, cols);
    }
    vectors_shape(v, count, cols);
    return ERR_OK;
}

void vectors_close(struct vectors *v)
{
    size_t blocks = blocks_of(v->cols_cap) * v->cap;
    memory_give(v->x, v->cap * v->cols_cap * sizeof *v->x);
    memory_give(v->q, blocks * MATRIX_BLOCK);
    memory_give(v->scale, blocks * sizeof *v->scale);
    memory_give(v->sum, blocks * sizeof *v->sum);
    memory_give(v->zero, blocks * MATRIX_ZEROS * sizeof *v->zero);
    *v = (struct vectors){0};
}

void vectors_shape(struct vectors *v, size_t count, size_t cols)
{
    v->count = count;
    v->cols = cols;
}

// The tile that holds vector t: its first vector and log2 of its size.
size_t matrix_tile_of(size_t count, size_t t, int *log2)
{
    size_t first = 0;
    for (*log2 = 3;; (*log2)--) {
        size_t size = (size_t)1 << *log2, whole = (count - first) / size * size;
        if (t < first + whole)
            return first + (t - first) / size * size;
        first += whole;
    }
}

void vectors_quantize(struct vectors *v, size_t t, size_t from, size_t to)
{
    const struct matrix_kernels *k = matrix_kernels_now();
    size_t blocks = v->cols / MATRIX_BLOCK;
    int log2;
    size_t tile = matrix_tile_of(v->count, t, &log2);
    for (size_t b = from; b < to; b++) {
        size_t at = tile * blocks + (b << log2) + (t - tile);
        k->quantize(v->x + t * v->cols + b * MATRIX_BLOCK, v->q + at * MATRIX_BLOCK, v->scale + at,
                    v->sum + at, v->zero + at * MATRIX_ZEROS);
    }
}
