// The level and the deviation of a series in its calm, learnt from its first readings and followed
// slowly: what control charts compare with.
#ifndef FETTLE_DETECT_BASELINE_H
#define FETTLE_DETECT_BASELINE_H

#include <math.h>
#include <stdint.h>

enum { BASELINE_LEARN = 500, BASELINE_MEMORY = 20000 };

// Zero-initialise to start.
struct baseline {
    uint32_t readings;      // up to BASELINE_MEMORY
    float level, deviation; // 1.25 times the mean absolute deviation: sigma of normal values
};

static inline int baseline_learnt(const struct baseline *b)
{
    return b->readings >= BASELINE_LEARN;
}

// Values count up to 4 deviations once there are some.
static inline void baseline_learn(struct baseline *b, float x)
{
    if (b->readings == 0)
        b->level = x;
    if (b->readings < BASELINE_MEMORY)
        b->readings++;
    float off = x - b->level, most = 4 * b->deviation;
    if (b->readings > 50)
        off = fminf(fmaxf(off, -most), most);
    float rate = 1 / (float)b->readings;
    b->level += rate * off;
    b->deviation += rate * (1.25f * fabsf(off) - b->deviation);
}

#endif
