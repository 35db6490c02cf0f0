// Drift-aware T-squared: do the sensors of one asset still fit each other and their level?
//
// Hotelling's T-squared of the mean of the last W rows against a level that is tracked while all is
// calm, for W = 8, 16, 32, 64 at once; the windows vote by the mean logarithm of T-squared over its
// limit. Three things make it hold in a real plant, where most channels wander:
// - the level follows slowly, and only rows that are no part of an alarm move it;
// - while it cannot follow (an alarm goes on), its uncertainty grows by as much as the channel
//   wandered in the training rows;
// - after a large excursion the limit is a share of it that dies away, so that an alarm ends when
//   the plant comes back although it does not come back to exactly where it was.
// A second statistic finds change points: the mean of the last 10 rows against the mean of the
// regime so far.
//
// Formulas and how the constants were chosen: docs/detection.md. One thread owns an instance.
#ifndef FETTLE_DETECT_DRIFT_T2_H
#define FETTLE_DETECT_DRIFT_T2_H

#include <stdbool.h>
#include <stddef.h>

enum { DRIFT_T2_DIMS_MAX = 16, DRIFT_T2_TRAIN_ROWS = 400 };

struct drift_t2;

// For rows of `dims` values (2 to DRIFT_T2_DIMS_MAX). NULL when memory is out.
struct drift_t2 *drift_t2_open(int dims);
void drift_t2_close(struct drift_t2 **t);

struct drift_t2_result {
    bool ready;        // the training rows are over: the rest means something
    bool alarm;        // the sensors do not fit
    bool change_point; // a regime begins here (reported once)
    double ratio;      // statistic over its present limit: above 1 in an alarm
    int worst;         // the sensor that departs most, in its own deviations
    double departure;  // by how many of its deviations, signed
    double expected;   // where that sensor should be, in its own unit
    double margin;     // half the width of its usual band, in its own unit
};

// The next row, in order of time. NaN stands for a value that is missing: the sensor is taken to be
// where it was last. The first DRIFT_T2_TRAIN_ROWS rows train, counted as normal.
void drift_t2_push(struct drift_t2 *t, const double *row, struct drift_t2_result *out);

// Forgets what is normal: the next rows train anew.
void drift_t2_relearn(struct drift_t2 *t);

// Takes the present level as normal, and keeps what is known of scatter and limits.
void drift_t2_accept(struct drift_t2 *t);

size_t drift_t2_bytes(const struct drift_t2 *t); // memory it holds now

#endif
