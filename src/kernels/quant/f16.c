// F16: IEEE half precision.
#include "kernels/quant.h"

#include "kernels/quant/fit.h"

void quant_f16_dequantize(const void *blocks, float *out, size_t n)
{
    const uint8_t *p = blocks;
    for (size_t i = 0; i < n; i++)
        out[i] = fit_load_half(p + 2 * i);
}

void quant_f16_quantize(const float *in, const float *importance, void *blocks, size_t n)
{
    (void)importance;
    uint8_t *p = blocks;
    for (size_t i = 0; i < n; i++)
        fit_store_half(p + 2 * i, in[i]);
}
