// The 16 unevenly spaced levels of IQ4_NL and IQ4_XS.
#include "kernels/quant/iq4_levels.h"

const int8_t iq4_levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                               1,    13,   25,  38,  53,  69,  89,  113};

// Above the middle between two levels the upper one is nearer.
int iq4_nearest(float v)
{
    int above = 0;
    for (int i = 1; i < 16; i++)
        above += v > 0.5f * (float)(iq4_levels[i - 1] + iq4_levels[i]);
    return above;
}
