// The product for formats without a packed layout: weights become floats, a block at a time.
#include <string.h>

#include "kernels/matrix_private.h"

enum { LANES = 16, PIECE = 256 };

// Adds w . x over n <= PIECE weights to 16 running sums, lane i taking every 16th product.
static void add_products(const float *w, const float *x, size_t n, float sums[LANES])
{
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            sums[k] += w[i + k] * x[i + k];
    for (size_t k = 0; i + k < n; k++)
        sums[k] += w[i + k] * x[i + k];
}

static float fold(const float sums[LANES])
{
    float s[LANES];
    memcpy(s, sums, sizeof s);
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t k = 0; k < half; k++)
            s[k] += s[k + half];
    return s[0];
}

// One row with up to 8 vectors.
static void multiply_row(const struct matrix *m, const unsigned char *row, const float *x,
                         size_t cols, size_t count, float *out)
{
    float w[PIECE], sums[8][LANES] = {{0}};
    for (size_t i = 0; i < cols; i += PIECE) {
        size_t n = cols - i < PIECE ? cols - i : PIECE;
        m->format->dequantize(row + i / m->format->block * m->format->bytes, w, n);
        for (size_t t = 0; t < count; t++)
            add_products(w, x + t * cols + i, n, sums[t]);
    }
    for (size_t t = 0; t < count; t++)
        out[t] = fold(sums[t]);
}

void matrix_multiply_rows(const struct matrix *m, const struct vectors *v, float *y, size_t stride,
                          size_t from, size_t to)
{
    size_t row_bytes = quant_bytes(m->format, m->cols);
    size_t last = to * MATRIX_GROUP < m->rows ? to * MATRIX_GROUP : m->rows;
    for (size_t row = from * MATRIX_GROUP; row < last; row++) {
        for (size_t t = 0; t < v->count; t += 8) {
            size_t count = v->count - t < 8 ? v->count - t : 8;
            float out[8];
            multiply_row(m, m->data + row * row_bytes, v->x + t * v->cols, v->cols, count, out);
            for (size_t k = 0; k < count; k++)
                y[(t + k) * stride + row] = out[k];
        }
    }
}
