// Tabular CUSUM (Page 1954; Montgomery's form): S+ = max(0, S+ + z - k), S- alike, z in deviations
// from the level; k = 1, alarm at h = 20 (readings of real sensors are not independent).
#ifndef FETTLE_DETECT_CUSUM_H
#define FETTLE_DETECT_CUSUM_H

#include "detect/baseline.h"
#include "detect/point.h"

struct cusum {
    struct baseline baseline;
    float high, low; // the sums
};

void cusum_push(struct cusum *s, int64_t time_us, double value, struct point *out);

#endif
