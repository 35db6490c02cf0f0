// The 16 unevenly spaced levels of IQ4_NL and IQ4_XS.
#include "kernels/quant/iq4_levels.h"

#include "kernels/quant/fit.h"

const int8_t iq4_levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                               1,    13,   25,  38,  53,  69,  89,  113};

int iq4_nearest(float v)
{
    int best = 0;
    for (int i = 1; i < 16; i++)
        if (fabsf(v - (float)iq4_levels[i]) < fabsf(v - (float)iq4_levels[best]))
            best = i;
    return best;
}

float iq4_fit(const float *x, const float *importance, int n)
{
    float largest = fit_largest(x, (size_t)n);
    if (largest == 0)
        return 0;
    float weights[FIT_MAX];
    fit_weigh(x, importance, (size_t)n, FIT_BY_SQUARES, weights);
    float best_scale = 0, best_gain = -1;
    for (int step = -7; step <= 7; step++) {
        float inverse = ((float)iq4_levels[0] + (float)step) / largest, sum_xq = 0, sum_qq = 0;
        for (int i = 0; i < n; i++) {
            float q = (float)iq4_levels[iq4_nearest(x[i] * inverse)], w = weights[i];
            if (!isfinite(w))
                continue;
            sum_xq += w * x[i] * q;
            sum_qq += w * q * q;
        }
        if (sum_qq > 0 && sum_xq * sum_xq > best_gain * sum_qq) {
            best_gain = sum_xq * sum_xq / sum_qq;
            best_scale = sum_xq / sum_qq;
        }
    }
    return isfinite(best_scale) ? best_scale : 0;
}
