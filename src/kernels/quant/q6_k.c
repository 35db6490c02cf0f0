// Q6_K: 256 weights in 16 groups of 16. w = d * sc * (q - 32), q of 6 bits, sc a signed byte.
//
// Bytes: 128 of low nibbles, 64 of high bits, 16 of scales, half d. In each half of 128 weights,
// weight j has its nibble in byte j % 64 (low half for j < 64) and its bits in byte j % 32 at
// 2 * (j / 32).
#include "kernels/quant.h"

#include "kernels/quant/fit.h"

enum { BLOCK = 256, BYTES = 210, GROUP = 16, QH = 128, SCALES = 192, D = 208 };

void quant_q6_k_dequantize(const void *blocks, float *out, size_t n)
{
    const uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float d = fit_load_half(p + D);
        // Groups one by one, with nothing to choose within one: the compiler takes 16 at a time.
        for (size_t g = 0; g < BLOCK / GROUP; g++) {
            size_t half = g / 8, k = g % 8 * GROUP;
            const uint8_t *low = p + 64 * half + k % 64, *high = p + QH + 32 * half + k % 32;
            int low_shift = (int)(k / 64 * 4), high_shift = (int)(k / 32 * 2);
            float scale = d * (float)(int8_t)p[SCALES + g], *to = out + i + GROUP * g;
            for (size_t j = 0; j < GROUP; j++) {
                int q = (low[j] >> low_shift & 15) | (high[j] >> high_shift & 3) << 4;
                to[j] = scale * (float)(q - 32);
            }
        }
    }
}

void quant_q6_k_quantize(const float *in, const float *importance, void *blocks, size_t n)
{
    uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        const float *x = in + i;
        float scale[16];
        for (size_t g = 0; g < 16; g++)
            scale[g] = fit_symmetric(x + 16 * g, fit_at(importance, i + 16 * g), 16, -32, 31);
        memset(p, 0, BYTES);
        float d = fit_store_half(p + D, fit_largest(scale, 16) / -128), inverse = fit_inverse(d);
        for (size_t g = 0; g < BLOCK / GROUP; g++) {
            size_t half = g / 8, k = g % 8 * GROUP;
            int sc = fit_round(scale[g] * inverse, -128, 127);
            p[SCALES + g] = (uint8_t)(int8_t)sc;
            int8_t q[GROUP];
            fit_round_all(x + GROUP * g, GROUP, 0, fit_inverse(d * (float)sc), -32, 31, q);
            uint8_t *low = p + 64 * half + k % 64, *high = p + QH + 32 * half + k % 32;
            int low_shift = (int)(k / 64 * 4), high_shift = (int)(k / 32 * 2);
            for (size_t j = 0; j < GROUP; j++) {
                low[j] |= (uint8_t)(((q[j] + 32) & 15) << low_shift);
                high[j] |= (uint8_t)((q[j] + 32) >> 4 << high_shift);
            }
        }
    }
}
