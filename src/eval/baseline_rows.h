// What the multivariate baselines share: training rows with gaps held, z-scores, covariance.
#ifndef FETTLE_EVAL_BASELINE_ROWS_H
#define FETTLE_EVAL_BASELINE_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "eval/detector.h"

enum { BASELINE_DIMS_MAX = 16 };

struct baseline_rows {
    size_t sensors, train_rows;
    size_t rows;   // taken so far
    double *train; // train_rows x sensors
    double *held;  // the last row, missing values as they were before (0 at the start)
};

enum err_code baseline_rows_open(struct baseline_rows *r, const struct eval_setup *setup,
                                 struct err *err);
void baseline_rows_close(struct baseline_rows *r);

// Takes the next row, into the training rows as long as those are not full. Afterwards `held` is
// the row to judge. True when this row was the last one to train with.
bool baseline_rows_take(struct baseline_rows *r, const double *row);

// z-scores by mean and population deviation; sensors that stood still in training are left out.
struct baseline_scale {
    int dims;
    size_t sensor[BASELINE_DIMS_MAX];
    double mean[BASELINE_DIMS_MAX], deviation[BASELINE_DIMS_MAX];
};

// ERR_INPUT when no sensor moves, ERR_LIMIT when more than BASELINE_DIMS_MAX do.
enum err_code baseline_scale_fit(struct baseline_scale *s, const struct baseline_rows *rows,
                                 struct err *err);
void baseline_scale_apply(const struct baseline_scale *s, const double *row, double *z);

// The sample covariance (n - 1) of the scaled training rows, dims x dims.
void baseline_covariance(const struct baseline_scale *s, const struct baseline_rows *rows,
                         double *covariance);

#endif
