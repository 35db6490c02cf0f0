// Q3_K: 256 weights in 16 groups of 16. w = d * (sc - 32) * (q - 4), q of 3 bits, sc of 6.
//
// Bytes: 32 of third bits (bit k of byte l: weight 32k + l), 64 of low bits (as in Q2_K), 12 of
// scales, half d. Of scale g, byte g % 8 holds the low nibble (in its low half for g < 8), byte
// 8 + g % 4 the two high bits at 2 * (g / 4).
#include "kernels/quant.h"

#include "kernels/quant/fit.h"

enum { BLOCK = 256, BYTES = 110, QS = 32, SCALES = 96, D = 108 };

static int scale_of(const uint8_t *s, size_t g)
{
    int low = s[g % 8] >> (g < 8 ? 0 : 4) & 15;
    return (low | (s[8 + g % 4] >> (2 * (g / 4)) & 3) << 4) - 32;
}

void quant_q3_k_dequantize(const void *blocks, float *out, size_t n)
{
    const uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float d = fit_load_half(p + D);
        for (size_t j = 0; j < BLOCK; j++) {
            int low = p[QS + j / 128 * 32 + j % 32] >> (j % 128 / 32 * 2) & 3;
            int high = p[j % 32] >> (j / 32) & 1;
            out[i + j] = d * (float)scale_of(p + SCALES, j / 16) * (float)(low + 4 * high - 4);
        }
    }
}

void quant_q3_k_quantize(const float *in, const float *importance, void *blocks, size_t n)
{
    uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        const float *x = in + i;
        float scale[16];
        for (size_t g = 0; g < 16; g++)
            scale[g] = fit_symmetric(x + 16 * g, fit_at(importance, i + 16 * g), 16, -4, 3);
        memset(p, 0, D);
        float d = fit_store_half(p + D, fit_largest(scale, 16) / -32), inverse = fit_inverse(d);
        for (size_t g = 0; g < 16; g++) {
            int sc = fit_round(scale[g] * inverse, -32, 31);
            p[SCALES + g % 8] |= (uint8_t)(((sc + 32) & 15) << (g < 8 ? 0 : 4));
            p[SCALES + 8 + g % 4] |= (uint8_t)((sc + 32) >> 4 << (2 * (g / 4)));
            int8_t q[16];
            fit_round_all(x + 16 * g, 16, 0, fit_inverse(d * (float)sc), -4, 3, q);
            uint8_t *high = p + 16 * g % 32, *low = p + QS + g / 8 * 32 + 16 * g % 32;
            for (size_t j = 0; j < 16; j++) {
                high[j] |= (uint8_t)((q[j] + 4) >> 2 << (g / 2));
                low[j] |= (uint8_t)(((q[j] + 4) & 3) << (g % 8 / 2 * 2));
            }
        }
    }
}
