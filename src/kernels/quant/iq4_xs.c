// IQ4_XS: 256 weights in 8 groups of 32 with uneven levels. w = d * (sc - 32) * level[q].
//
// Bytes: half d, 2 of the scales' high bits (2 each), 4 of their low nibbles, 128 of nibbles: each
// group's 16 bytes hold its first 16 weights low, its last 16 high.
#include "kernels/quant.h"

#include "kernels/quant/fit.h"
#include "kernels/quant/iq4_levels.h"

enum { BLOCK = 256, BYTES = 136, HIGH = 2, LOW = 4, QS = 8 };

void quant_iq4_xs_dequantize(const void *blocks, float *out, size_t n)
{
    const uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float d = fit_load_half(p);
        for (size_t g = 0; g < 8; g++) {
            int sc = (p[LOW + g / 2] >> (g % 2 * 4) & 15) | (fit_load16(p + HIGH) >> 2 * g & 3)
                                                                << 4;
            float scale = d * (float)(sc - 32);
            for (size_t j = 0; j < 32; j++) {
                int q = p[QS + 16 * g + j % 16] >> (j / 16 * 4) & 15;
                out[i + 32 * g + j] = scale * (float)iq4_levels[q];
            }
        }
    }
}

void quant_iq4_xs_quantize(const float *in, const float *importance, void *blocks, size_t n)
{
    uint8_t *p = blocks;
    for (size_t i = 0; i < n; i += BLOCK, p += BYTES) {
        float scale[8];
        for (size_t g = 0; g < 8; g++)
            scale[g] = fit_iq4(in + i + 32 * g, fit_at(importance, i + 32 * g), 32);
        memset(p, 0, BYTES);
        float d = fit_store_half(p, fit_largest(scale, 8) / -32), inverse = fit_inverse(d);
        unsigned high = 0;
        for (size_t g = 0; g < 8; g++) {
            int sc = fit_round(scale[g] * inverse, -32, 31);
            p[LOW + g / 2] |= (uint8_t)(((sc + 32) & 15) << (g % 2 * 4));
            high |= (unsigned)(sc + 32) >> 4 << 2 * g;
            float back = fit_inverse(d * (float)sc);
            for (size_t j = 0; j < 32; j++) {
                int q = iq4_nearest(in[i + 32 * g + j] * back);
                p[QS + 16 * g + j % 16] |= (uint8_t)(q << (j / 16 * 4));
            }
        }
        p[HIGH] = (uint8_t)high;
        p[HIGH + 1] = (uint8_t)(high >> 8);
    }
}
