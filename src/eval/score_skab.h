// Scores predictions as the SKAB leaderboard does: outliers by row, change points by time.
//
// Katser, Kozitsin, "Skoltech Anomaly Benchmark" (2020), core/metrics.py. Counts are summed over
// all files before anything is divided. Pure functions.
#ifndef FETTLE_EVAL_SCORE_SKAB_H
#define FETTLE_EVAL_SCORE_SKAB_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct score_skab_outliers {
    uint64_t tp, fp, fn, tn; // rows
};

// Adds the rows of a file: `truth` and `alarms` are 0 or 1 each, no tolerance and no adjustment.
void score_skab_add_outliers(struct score_skab_outliers *to, const unsigned char *truth,
                             const unsigned char *alarms, size_t rows);

double score_skab_f1(const struct score_skab_outliers *o);  // 0 to 1; NaN without any positive
double score_skab_far(const struct score_skab_outliers *o); // false alarms, % of normal rows
double score_skab_mar(const struct score_skab_outliers *o); // missed, % of anomalous rows

enum skab_profile { SKAB_STANDARD, SKAB_LOW_FP, SKAB_LOW_FN, SKAB_PROFILES };

struct score_skab_changes {
    double sum[SKAB_PROFILES];
    uint64_t truths;       // change points that there are
    uint64_t missed;       // of them, those without a detection within 60 s after
    uint64_t false_alarms; // detections outside every such window
};

// Adds the change points of a file: `truth` and `found` are 0 or 1 for each row.
enum err_code score_skab_add_changes(struct score_skab_changes *to, const int64_t *times_us,
                                     const unsigned char *truth, const unsigned char *found,
                                     size_t rows, struct err *err);

// 100 for a perfect detector, 0 for a silent one, NaN when there was nothing to find.
double score_skab_change_score(const struct score_skab_changes *c, enum skab_profile profile);

#endif
