// Q8_0: 32 weights as a half scale, then 32 signed bytes. w = d * q.
#include "kernels/quant.h"

#include "kernels/quant/fit.h"

enum { BLOCK = 32, BYTES = 34 };

void quant_q8_0_dequantize(const void *blocks, float *out, size_t n)
{
    const uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float d = fit_load_half(p);
        for (size_t j = 0; j < BLOCK; j++)
            out[i + j] = d * (float)(int8_t)p[2 + j];
    }
}

void quant_q8_0_quantize(const float *in, const float *importance, void *blocks, size_t n)
{
    (void)importance;
    uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float d = fabsf(fit_largest(in + i, BLOCK)) / 127;
        float inverse = fit_inverse(d);
        fit_store_half(p, d);
        for (size_t j = 0; j < BLOCK; j++)
            p[2 + j] = (uint8_t)(int8_t)fit_round(in[i + j] * inverse, -127, 127);
    }
}
