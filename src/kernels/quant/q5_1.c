// Q5_1: 32 weights as half scale, half minimum, 32 fifth bits, 16 bytes of nibbles. w = d * q + m.
#include "kernels/quant.h"

#include "kernels/quant/fit.h"

enum { BLOCK = 32, BYTES = 24 };

static int fifth_bit(const uint8_t *bits, size_t i)
{
    return (bits[i / 8] >> (i % 8) & 1) << 4;
}

void quant_q5_1_dequantize(const void *blocks, float *out, size_t n)
{
    const uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float d = fit_load_half(p), m = fit_load_half(p + 2);
        for (size_t j = 0; j < 16; j++) {
            out[i + j] = d * (float)((p[8 + j] & 15) | fifth_bit(p + 4, j)) + m;
            out[i + j + 16] = d * (float)(p[8 + j] >> 4 | fifth_bit(p + 4, j + 16)) + m;
        }
    }
}

void quant_q5_1_quantize(const float *in, const float *importance, void *blocks, size_t n)
{
    (void)importance;
    uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float min, max;
        fit_range(in + i, BLOCK, &min, &max);
        float d = (max - min) / 31, inverse = fit_inverse(d);
        fit_store_half(p, d);
        fit_store_half(p + 2, min);
        memset(p + 4, 0, BYTES - 4);
        for (size_t j = 0; j < BLOCK; j++) {
            int q = fit_round((in[i + j] - min) * inverse, 0, 31);
            p[4 + j / 8] |= (uint8_t)((q >> 4) << (j % 8));
            p[8 + j % 16] |= (uint8_t)((q & 15) << (j < 16 ? 0 : 4));
        }
    }
}
