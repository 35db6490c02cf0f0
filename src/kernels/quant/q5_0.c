// Q5_0: 32 weights as half scale, 32 fifth bits, 16 bytes of nibbles. w = d * (q - 16).
#include "kernels/quant.h"

#include "kernels/quant/fit.h"

enum { BLOCK = 32, BYTES = 22 };

static int fifth_bit(const uint8_t *bits, size_t i)
{
    return (bits[i / 8] >> (i % 8) & 1) << 4;
}

void quant_q5_0_dequantize(const void *blocks, float *out, size_t n)
{
    const uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float d = fit_load_half(p);
        for (size_t j = 0; j < 16; j++) {
            out[i + j] = d * (float)(((p[6 + j] & 15) | fifth_bit(p + 2, j)) - 16);
            out[i + j + 16] = d * (float)((p[6 + j] >> 4 | fifth_bit(p + 2, j + 16)) - 16);
        }
    }
}

void quant_q5_0_quantize(const float *in, const float *importance, void *blocks, size_t n)
{
    uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float d = importance ? fit_symmetric(in + i, importance + i, BLOCK, -16, 15)
                             : fit_largest(in + i, BLOCK) / -16;
        float inverse = fit_inverse(d);
        fit_store_half(p, d);
        memset(p + 2, 0, BYTES - 2);
        for (size_t j = 0; j < BLOCK; j++) {
            int q = fit_round(in[i + j] * inverse + 16, 0, 31);
            p[2 + j / 8] |= (uint8_t)((q >> 4) << (j % 8));
            p[6 + j % 16] |= (uint8_t)((q & 15) << (j < 16 ? 0 : 4));
        }
    }
}
