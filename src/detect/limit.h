// What spike and drift share: on which side of a pair of limits a value is, and how far.
#ifndef FETTLE_DETECT_LIMIT_H
#define FETTLE_DETECT_LIMIT_H

#include "detect/detector.h"

// The side on which `value` is strictly beyond its limit; SIDE_NONE inside.
static inline enum anomaly_side limit_side(const struct rule_limit *low,
                                           const struct rule_limit *high, double value)
{
    return value > high->at ? SIDE_HIGH : value < low->at ? SIDE_LOW : SIDE_NONE;
}

// True while a value that was beyond its limit on `side` has not come back far enough.
static inline bool limit_holds(const struct rule_limit *low, const struct rule_limit *high,
                               enum anomaly_side side, double value)
{
    return side == SIDE_HIGH ? value > high->back : side == SIDE_LOW && value < low->back;
}

static inline double limit_excess(enum anomaly_side side, double limit, double value)
{
    return side == SIDE_HIGH ? value - limit : limit - value;
}

#endif
