// Runs a detector over one series and keeps what it said of each row.
#ifndef FETTLE_EVAL_JUDGE_H
#define FETTLE_EVAL_JUDGE_H

#include "eval/detector.h"
#include "eval/series.h"

struct eval_marks {
    double *scores; // one a row, as all of these
    unsigned char *alarms;
    unsigned char *changes;
    double seconds; // of processor time that the detector took
};

// A score that is not finite is the detector's fault: ERR_INTERNAL. Nothing to free on failure.
enum err_code eval_judge(const struct eval_detector *detector, const struct eval_series *series,
                         size_t train_rows, uint64_t seed, struct eval_marks *out, struct err *err);
void eval_marks_close(struct eval_marks *m); // zeroes; safe on a zeroed one

#endif
