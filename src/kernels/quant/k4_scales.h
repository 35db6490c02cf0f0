// The 8 six-bit scales and 8 six-bit minima that Q4_K and Q5_K pack into 12 bytes.
#ifndef FETTLE_KERNELS_QUANT_K4_SCALES_H
#define FETTLE_KERNELS_QUANT_K4_SCALES_H

#include <stddef.h>
#include <stdint.h>

static inline void k4_unpack(const uint8_t s[12], size_t g, uint8_t *scale, uint8_t *min)
{
    if (g < 4) {
        *scale = s[g] & 63;
        *min = s[g + 4] & 63;
    } else {
        *scale = (uint8_t)((s[g + 4] & 15) | s[g - 4] >> 6 << 4);
        *min = (uint8_t)(s[g + 4] >> 4 | s[g] >> 6 << 4);
    }
}

// `s` starts zeroed; scale and min below 64.
static inline void k4_pack(uint8_t s[12], size_t g, int scale, int min)
{
    if (g < 4) {
        s[g] |= (uint8_t)scale;
        s[g + 4] |= (uint8_t)min;
    } else {
        s[g + 4] |= (uint8_t)((scale & 15) | (min & 15) << 4);
        s[g - 4] |= (uint8_t)(scale >> 4 << 6);
        s[g] |= (uint8_t)(min >> 4 << 6);
    }
}

#endif
