// Q2_K: 256 weights in 16 groups of 16. w = d * sc * q - dmin * m, q of 2 bits, sc and m of 4.
//
// Bytes: 16 of sc (low nibble) and m (high), 64 of q, half d, half dmin. Each half of 128 weights
// has 32 bytes of q; bits 2k of them hold weights 32k..32k+31 of the half.
#include "kernels/quant.h"

#include "kernels/quant/fit.h"

enum { BLOCK = 256, BYTES = 84, QS = 16, D = 80, DMIN = 82 };

void quant_q2_k_dequantize(const void *blocks, float *out, size_t n)
{
    const uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float d = fit_load_half(p + D), dmin = fit_load_half(p + DMIN);
        for (size_t j = 0; j < BLOCK; j++) {
            uint8_t sm = p[j / 16], byte = p[QS + j / 128 * 32 + j % 32];
            int q = byte >> (j % 128 / 32 * 2) & 3;
            out[i + j] = d * (float)(sm & 15) * (float)q - dmin * (float)(sm >> 4);
        }
    }
}

void quant_q2_k_quantize(const float *in, const float *importance, void *blocks, size_t n)
{
    uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        const float *x = in + i;
        float scale[16], min[16];
        for (size_t g = 0; g < 16; g++)
            scale[g] = fit_affine(x + 16 * g, fit_at(importance, i + 16 * g), 16, 3, &min[g]);
        float d = fit_store_half(p + D, fabsf(fit_largest(scale, 16)) / 15);
        float dmin = fit_store_half(p + DMIN, fabsf(fit_largest(min, 16)) / 15);
        memset(p, 0, D);
        for (size_t g = 0; g < 16; g++) {
            int sc = fit_round(scale[g] * fit_inverse(d), 0, 15);
            int m = fit_round(min[g] * fit_inverse(dmin), 0, 15);
            struct fit_steps steps = {d, dmin, 15};
            if (importance)
                fit_affine_steps(x + 16 * g, importance + i + 16 * g, 16, 3, &steps, &sc, &m);
            p[g] = (uint8_t)(sc | m << 4);
        }
        for (size_t g = 0; g < 16; g++) {
            int sc = p[g] & 15, m = p[g] >> 4;
            int8_t q[16];
            fit_round_all(x + 16 * g, 16, dmin * (float)m, fit_inverse(d * (float)sc), 0, 3, q);
            for (size_t j = 0; j < 16; j++)
                p[QS + g / 8 * 32 + g % 2 * 16 + j] |= (uint8_t)(q[j] << (g % 8 / 2 * 2));
        }
    }
}
