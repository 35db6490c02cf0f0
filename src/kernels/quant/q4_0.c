// Q4_0: 32 weights as a half scale, then 16 bytes of nibbles (low: first 16, high: last 16).
// w = d * (q - 8).
#include "kernels/quant.h"

#include "kernels/quant/fit.h"

enum { BLOCK = 32, BYTES = 18 };

void quant_q4_0_dequantize(const void *blocks, float *out, size_t n)
{
    const uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float d = fit_load_half(p);
        for (size_t j = 0; j < 16; j++) {
            out[i + j] = d * (float)((p[2 + j] & 15) - 8);
            out[i + j + 16] = d * (float)((p[2 + j] >> 4) - 8);
        }
    }
}

void quant_q4_0_quantize(const float *in, const float *importance, void *blocks, size_t n)
{
    uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float d = importance ? fit_symmetric(in + i, importance + i, BLOCK, -8, 7)
                             : fit_largest(in + i, BLOCK) / -8;
        float inverse = fit_inverse(d);
        fit_store_half(p, d);
        for (size_t j = 0; j < 16; j++) {
            int low = fit_round(in[i + j] * inverse + 8, 0, 15);
            int high = fit_round(in[i + j + 16] * inverse + 8, 0, 15);
            p[2 + j] = (uint8_t)(low | high << 4);
        }
    }
}
