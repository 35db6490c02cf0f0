// EWMA control chart (Roberts 1959): z = 0.2 x + 0.8 z against level +- L deviations of z, which
// is sigma sqrt(0.2 / 1.8) for independent readings. L is 8: readings of real sensors are not
// independent.
#ifndef FETTLE_DETECT_EWMA_H
#define FETTLE_DETECT_EWMA_H

#include "detect/baseline.h"
#include "detect/point.h"

struct ewma {
    struct baseline baseline;
    float z;
};

void ewma_push(struct ewma *s, int64_t time_us, double value, struct point *out);

#endif
