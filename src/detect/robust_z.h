// Robust z-score: how far a value lies from the median of the last ones, in their median absolute
// deviation (scaled by 1.4826, so that it is a standard deviation for normal values).
#ifndef FETTLE_DETECT_ROBUST_Z_H
#define FETTLE_DETECT_ROBUST_Z_H

#include "detect/point.h"

enum { ROBUST_Z_WINDOW = 128 };

struct robust_z {
    float ring[ROBUST_Z_WINDOW], sorted[ROBUST_Z_WINDOW];
    uint32_t count, at;
};

void robust_z_push(struct robust_z *s, int64_t time_us, double value, struct point *out);

#endif
