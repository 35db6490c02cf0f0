// Finds a drift that is slower than days: the mean of each day against those of the weeks before.
//
// A cumulative sum (Page 1954) of how far the days' means lie from what they used to be, in
// deviations of such means. A jump from one day to the next is no creeping: what it jumped by is
// taken as normal, others find it.
#ifndef FETTLE_DETECT_CREEP_H
#define FETTLE_DETECT_CREEP_H

#include <stdbool.h>
#include <stdint.h>

enum { CREEP_LEARN_DAYS = 7, CREEP_DAY_READINGS = 24, CREEP_ACCEPT_DAYS = 14 };

// Zero-initialise to start.
struct creep {
    int64_t day_us; // when the present day began: 24 hours from the first reading, and so on
    double sum;     // of its readings less `base`
    float base;     // the first reading of all
    float step_sum; // of differences from one reading to the next
    float off_sum;  // of distances from yesterday's mean
    float last;
    uint32_t readings;             // of the present day
    uint32_t days;                 // known
    float first[CREEP_LEARN_DAYS]; // means of the days learnt from, less base
    float usual, spread, before;   // mean and deviation of days' means; yesterday's mean
    float rise, fall;              // the sums
    int64_t rise_us, fall_us;      // since when each is above 0
    float mean;                    // of the newest day, on the value's own scale
    float low, high;               // where it should be
    uint16_t outside_days;         // 0: all is well
    bool high_side;
};

// The next reading (finite), in order of time. True when it ended a day that was judged: then
// `outside_days`, `mean` and the band are new.
bool creep_push(struct creep *c, int64_t time_us, double value, double sensitivity);

#endif
