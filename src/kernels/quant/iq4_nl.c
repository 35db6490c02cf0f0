// IQ4_NL: Q4_0's layout with uneven levels. w = d * level[q].
#include "kernels/quant.h"

#include "kernels/quant/fit.h"
#include "kernels/quant/iq4_levels.h"

enum { BLOCK = 32, BYTES = 18 };

void quant_iq4_nl_dequantize(const void *blocks, float *out, size_t n)
{
    const uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float d = fit_load_half(p);
        for (size_t j = 0; j < 16; j++) {
            out[i + j] = d * (float)iq4_levels[p[2 + j] & 15];
            out[i + j + 16] = d * (float)iq4_levels[p[2 + j] >> 4];
        }
    }
}

void quant_iq4_nl_quantize(const float *in, const float *importance, void *blocks, size_t n)
{
    uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float inverse =
            fit_inverse(fit_store_half(p, fit_iq4(in + i, fit_at(importance, i), BLOCK)));
        for (size_t j = 0; j < 16; j++) {
            int low = iq4_nearest(in[i + j] * inverse),
                high = iq4_nearest(in[i + j + 16] * inverse);
            p[2 + j] = (uint8_t)(low | high << 4);
        }
    }
}
