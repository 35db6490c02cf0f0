// Q5_K: Q4_K with a fifth bit: bit g of byte j belongs to weight j of group g.
//
// Bytes: half d, half dmin, 12 of scales, 32 of fifth bits, 128 of nibbles.
#include "kernels/quant.h"

#include "kernels/quant/fit.h"
#include "kernels/quant/k4_scales.h"

enum { BLOCK = 256, BYTES = 176, SCALES = 4, QH = 16, QS = 48 };

void quant_q5_k_dequantize(const void *blocks, float *out, size_t n)
{
    const uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float d = fit_load_half(p), dmin = fit_load_half(p + 2);
        for (size_t g = 0; g < 8; g++) {
            uint8_t sc, m;
            k4_unpack(p + SCALES, g, &sc, &m);
            float scale = d * (float)sc, min = dmin * (float)m;
            for (size_t j = 0; j < 32; j++) {
                int q = p[QS + g / 2 * 32 + j] >> (g % 2 * 4) & 15;
                q |= (p[QH + j] >> g & 1) << 4;
                out[i + 32 * g + j] = scale * (float)q - min;
            }
        }
    }
}

void quant_q5_k_quantize(const float *in, const float *importance, void *blocks, size_t n)
{
    uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float scale[8], min[8];
        for (size_t g = 0; g < 8; g++)
            scale[g] = fit_affine(in + i + 32 * g, fit_at(importance, i + 32 * g), 32, 31, &min[g]);
        memset(p, 0, BYTES);
        float d = fit_store_half(p, fabsf(fit_largest(scale, 8)) / 63);
        float dmin = fit_store_half(p + 2, fabsf(fit_largest(min, 8)) / 63);
        for (size_t g = 0; g < 8; g++) {
            int sc = fit_round(scale[g] * fit_inverse(d), 0, 63);
            int m = fit_round(min[g] * fit_inverse(dmin), 0, 63);
            k4_pack(p + SCALES, g, sc, m);
            int8_t q[32];
            fit_round_all(in + i + 32 * g, 32, dmin * (float)m, fit_inverse(d * (float)sc), 0, 31,
                          q);
            for (size_t j = 0; j < 32; j++) {
                p[QS + g / 2 * 32 + j] |= (uint8_t)((q[j] & 15) << (g % 2 * 4));
                p[QH + j] |= (uint8_t)((q[j] >> 4) << g);
            }
        }
    }
}
