// Q4_1: 32 weights as half scale, half minimum, then 16 bytes of nibbles. w = d * q + m.
#include "kernels/quant.h"

#include "kernels/quant/fit.h"

enum { BLOCK = 32, BYTES = 20 };

void quant_q4_1_dequantize(const void *blocks, float *out, size_t n)
{
    const uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float d = fit_load_half(p), m = fit_load_half(p + 2);
        for (size_t j = 0; j < 16; j++) {
            out[i + j] = d * (float)(p[4 + j] & 15) + m;
            out[i + j + 16] = d * (float)(p[4 + j] >> 4) + m;
        }
    }
}

void quant_q4_1_quantize(const float *in, const float *importance, void *blocks, size_t n)
{
    (void)importance;
    uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float min, max;
        fit_range(in + i, BLOCK, &min, &max);
        float d = (max - min) / 15, inverse = fit_inverse(d);
        fit_store_half(p, d);
        fit_store_half(p + 2, min);
        for (size_t j = 0; j < 16; j++) {
            int low = fit_round((in[i + j] - min) * inverse, 0, 15);
            int high = fit_round((in[i + j + 16] - min) * inverse, 0, 15);
            p[4 + j] = (uint8_t)(low | high << 4);
        }
    }
}
