// The generated series behind the golden surprises of the univariate detector.
#ifndef FETTLE_TESTS_DETECT_UNIVARIATE_SERIES_H
#define FETTLE_TESTS_DETECT_UNIVARIATE_SERIES_H

#include <math.h>

#include "base/clock.h"
#include "base/rng.h"

enum { SERIES_READINGS = 20000, SERIES_WARM_UP = 750 };

// Every five minutes, from 2026-01-01: a daily course, weekends apart, coloured noise; a spike, a
// level shift, a burst of scatter, a still hour and a missing day's course in it.
static inline void series_make(double value[SERIES_READINGS], int64_t time_us[SERIES_READINGS])
{
    struct rng rng;
    double colour = 0;
    rng_seed(&rng, 77);
    for (int i = 0; i < SERIES_READINGS; i++) {
        time_us[i] = 1767225600 * US_PER_SECOND + i * 5 * US_PER_MINUTE;
        int day = i / 288;
        double phase = 6.283185307179586 * (double)(i % 288) / 288;
        colour = 0.8 * colour + rng_normal(&rng);
        double v = 50 + ((day + 3) % 7 >= 5 ? 4 : 10) * cos(phase) + colour;
        if (i == 6000)
            v += 40;
        if (i >= 9000 && i < 9100)
            v += 15;
        if (i >= 12000 && i < 12060)
            v += 6 * rng_normal(&rng);
        if (i >= 14000 && i < 14040)
            v = value[13999];
        if (i >= 17000 && i < 17144)
            v = 50 + colour;
        value[i] = v;
    }
}

#endif
