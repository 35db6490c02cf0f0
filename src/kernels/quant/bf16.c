// BF16: the upper half of a float.
#include "kernels/quant.h"

#include "kernels/quant/fit.h"

void quant_bf16_dequantize(const void *blocks, float *out, size_t n)
{
    const uint8_t *p = blocks;
    for (size_t i = 0; i < n; i++)
        out[i] = bf16_to_float(fit_load16(p + 2 * i));
}

void quant_bf16_quantize(const float *in, const float *importance, void *blocks, size_t n)
{
    (void)importance;
    uint8_t *p = blocks;
    for (size_t i = 0; i < n; i++) {
        uint16_t h = bf16_from_float(in[i]);
        p[2 * i] = (uint8_t)h;
        p[2 * i + 1] = (uint8_t)(h >> 8);
    }
}
