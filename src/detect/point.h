// What a simple detector says of one reading: how strange it is, and what was to be expected.
//
// The detectors of this kind are the textbook's: robust_z, ewma, cusum, seasons, predict. Each is
// one header with its formula, a plain struct (zero-initialise to start; no pointers), and
// `X_push(struct X *, int64_t time_us, double value, struct point *out)`. Values come in order of
// time and are finite.
#ifndef FETTLE_DETECT_POINT_H
#define FETTLE_DETECT_POINT_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "plant/plant.h"

struct point {
    float score; // 0 to 1; 0.5 is the alarm's bar
    float expected, low, high;
    enum anomaly_kind kind;
    enum anomaly_side side;
    bool learnt; // else the score is 0: nothing alarms while it warms up
};

// From a statistic and the bar it alarms at.
static inline float point_score(float statistic, float bar)
{
    float ratio = fabsf(statistic) / bar;
    return ratio < 1e6f ? ratio / (1 + ratio) : 1;
}

static inline void point_say(struct point *out, enum anomaly_kind kind, float statistic, float bar,
                             float expected, float margin)
{
    *out = (struct point){.score = point_score(statistic, bar),
                          .expected = expected,
                          .low = expected - margin,
                          .high = expected + margin,
                          .kind = kind,
                          .side = statistic > 0 ? SIDE_HIGH : SIDE_LOW,
                          .learnt = true};
}

// The width below which a deviation is rounding, not scatter.
static inline float point_least(float level)
{
    return 1e-6f * fabsf(level) + 1e-9f;
}

#endif
