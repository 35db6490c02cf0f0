// What fitting and running share of the drift-aware T-squared.
#ifndef FETTLE_DETECT_DRIFT_T2_PRIVATE_H
#define FETTLE_DETECT_DRIFT_T2_PRIVATE_H

#include <math.h>
#include <stdint.h>

#include "detect/drift_t2.h"
#include "detect/spd.h"

enum {
    WINDOWS = 4,
    WINDOW_MAX = 64,
    LEVEL_START_ROWS = 40, // the level begins as the mean of the first rows
    LEVEL_ROWS = 100,      // and follows by 1/100 a row
    DRIFT_ROWS = 80,       // distance over which wandering is measured
    CHANGE_ROWS = 10,      // the recent mean of the change statistic
    REGIME_ROWS = 60,      // weight of the regime's mean at most
    BEFORE_ROWS = 40,      // rows before the recent ones that training differences are taken with
    QUIET_ROWS = 25,       // after a change point
    RING_UNIT = 256,       // of a deviation; beyond 127 deviations all is alike
};

static const int window_rows[WINDOWS] = {8, 16, 32, 64};

#define SHRINK          0.9  // off-diagonal covariance: 400 rows do not know it better
#define FLOOR           0.02 // in deviations: a channel is never surer than that
#define T2_LIMIT        26.1 // 0.999 quantile of chi-squared with 8 degrees of freedom
#define LIMIT_FACTOR    1.5  // over the largest T-squared of the training rows
#define CHANGE_LIMIT    60.0
#define CALM            0.5  // below this share of the limit the level follows
#define EXCURSION_SHARE 0.36 // of the squared plateau: an alarm ends below 60 % of its excursion
#define SETTLE_ROWS     300.0

// Vectors are dims long, matrices spd_size(dims); all lie in drift_t2.memory.

// One window length: everything in scaled units (value - centre) / scale.
struct t2_window {
    int32_t *sum; // of the ring's numbers: exact however long it runs
    double *level;
    double *factor; // Cholesky factor of the second moment of window mean - level
    double *drift;  // growth of its diagonal in a row without tracking
    double frozen;  // rows since the level was tracked
    double limit;
};

struct change_state {
    double *factor;
    double *mean; // of the regime so far
    long rows;
    int quiet;
};

struct drift_t2 {
    int dims;
    double *memory;
    size_t memory_bytes;
    long rows;      // pushed since the last (re)learning began
    float *train;   // DRIFT_T2_TRAIN_ROWS x dims rows less `centre` while training, then NULL
    double *last;   // raw, for missing values
    double *centre; // the first row while training
    double *scale;
    int16_t *ring; // scaled rows in units of 1 / RING_UNIT, WINDOW_MAX x dims
    struct t2_window windows[WINDOWS];
    struct change_state change;
    bool ready, alarm;
    long alarm_rows, calm_rows;
    double plateau; // running mean of sqrt(ratio) during the alarm
};

static inline int16_t t2_to_ring(double scaled)
{
    double most = INT16_MAX;
    return (int16_t)lrint(fmin(fmax(scaled * RING_UNIT, -most), most));
}

static inline double t2_of_ring(int32_t number)
{
    return (double)number * (1.0 / RING_UNIT);
}

static inline int16_t *t2_ring_row(const struct drift_t2 *t, long row)
{
    return t->ring + row % WINDOW_MAX * t->dims;
}

// From t->train: centre and scale, the windows, the change statistic. False when memory is out
// (the rows are kept and the next row tries again).
bool drift_t2_fit(struct drift_t2 *t);

// T-squared of the window's present mean against its level.
double t2_window_distance(const struct t2_window *w, const double *mean, int dims);

// Lets the level follow the mean by `rate`.
void t2_window_track(struct t2_window *w, const double *mean, int dims, double rate);

#endif
