// Seasonal residual: a level and up to three seasons that are found in the series itself.
//
// The last SEASONS_KEPT readings, then means of 2, 4, 8... of them, are searched for a period
// (period.h) whenever they have filled up; one that explains a good part of the rest is refined and
// becomes a season: a course of SEASONS_BINS bins that is learnt on. So a season as short as 8
// readings and as long as the series is old can be found, the short ones first.
#ifndef FETTLE_DETECT_SEASONS_H
#define FETTLE_DETECT_SEASONS_H

#include "detect/point.h"

enum { SEASONS_MOST = 3, SEASONS_KEPT = 768, SEASONS_BINS = 64 };

struct season_course {
    double period_us; // 0: none
    float mean[SEASONS_BINS];
};

struct seasons {
    float kept[SEASONS_KEPT]; // means of `stride` readings each
    int64_t first_us, last_us;
    uint32_t count, stride, gathered;
    float gathering;
    uint32_t readings;
    float level, spread; // of the residual: 1.25 times its mean absolute value
    uint32_t known_from; // readings by which the newest season had been learnt
    struct season_course course[SEASONS_MOST];
};

void seasons_push(struct seasons *s, int64_t time_us, double value, struct point *out);

// How many have been found.
int seasons_found(const struct seasons *s);

#endif
