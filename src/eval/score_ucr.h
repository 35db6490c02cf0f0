// Scores one answer as the UCR anomaly archive does: is the position near the one anomaly?
//
// Wu, Keogh, "Current Time Series Anomaly Detection Benchmarks are Flawed" (2021). Pure functions.
#ifndef FETTLE_EVAL_SCORE_UCR_H
#define FETTLE_EVAL_SCORE_UCR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The anomaly is `begin`..`end` (from 1, both inside). Right when `position` lies within the
// anomaly's own length around it, or within 100 where that is more.
bool score_ucr_right(int64_t begin, int64_t end, int64_t position);

// The position (from 1) of the highest score after the first `train` values; the first one of equal
// ones. 0 when there is none.
int64_t score_ucr_position(const double *scores, size_t count, size_t train);

#endif
