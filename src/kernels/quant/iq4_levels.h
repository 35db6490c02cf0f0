// The 16 unevenly spaced levels of IQ4_NL and IQ4_XS.
#ifndef FETTLE_KERNELS_QUANT_IQ4_LEVELS_H
#define FETTLE_KERNELS_QUANT_IQ4_LEVELS_H

#include <stdint.h>

extern const int8_t iq4_levels[16];

// The level nearest to v.
int iq4_nearest(float v);

#endif
