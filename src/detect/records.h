// A calibrated record list: how surprising an excursion is, given the largest ones so far.
//
// The RECORDS_KEPT largest excursions of the last RECORDS_HORIZON readings are kept, one for each
// excursion however many readings it lasts. Beyond the smallest of them sizes are taken to follow a
// Pareto law whose exponent the kept ones tell (Hill's estimate, drawn to a prior), so any
// statistic, whatever its distribution, is judged on one scale: the negative logarithm of how often
// an excursion as large as this comes.
#ifndef FETTLE_DETECT_RECORDS_H
#define FETTLE_DETECT_RECORDS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

enum { RECORDS_KEPT = 8, RECORDS_GAP = 8, RECORDS_HORIZON = 16384 };

// Zero-initialise to start.
struct records {
    float value[RECORDS_KEPT]; // largest first
    uint32_t oldest;           // no record is older than this reading
    uint16_t at[RECORDS_KEPT]; // number of the reading, its lower half
    uint8_t count;
};

// What a value must exceed to enter the list.
static inline float records_least(const struct records *r)
{
    return r->count == RECORDS_KEPT ? r->value[RECORDS_KEPT - 1] : -(float)INFINITY;
}

// True when the list is full and `value` would not enter it: then its surprise is 0.
static inline bool records_hold(const struct records *r, float value)
{
    return r->count == RECORDS_KEPT && !(value > r->value[RECORDS_KEPT - 1]);
}

// The first reading at which records_note forgets something, however small its value.
static inline uint32_t records_forget_at(const struct records *r)
{
    return r->oldest + RECORDS_HORIZON + 1;
}

// -ln of the rate of excursions of at least `value`, after `seen` readings (up to RECORDS_HORIZON);
// 0 for one that is no record.
float records_surprise(const struct records *r, uint32_t seen, float value);

// Takes note of the value of reading number `now`. Records within RECORDS_GAP readings are one
// excursion: its peak is kept.
void records_note(struct records *r, uint32_t now, float value);

#endif
