// Whether confidences keep what they promise: of answers at 80 %, eight in ten should be right.
//
// The expected calibration error (Guo and others, "On Calibration of Modern Neural Networks", 2017)
// is the mean distance between confidence and share of right answers over bins of equal width, each
// weighed by its answers.
#ifndef FETTLE_EVAL_CALIBRATION_H
#define FETTLE_EVAL_CALIBRATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json_out.h"

enum { CALIBRATION_BINS = 10 };

// Zero-initialise.
struct calibration {
    struct calibration_bin {
        uint64_t right, wrong;
        double right_sum, wrong_sum; // of their confidences
    } bins[CALIBRATION_BINS];
};

// `confidence` is 0 to 1; NaN is not counted.
void calibration_add(struct calibration *c, double confidence, bool right);

struct calibration_result {
    uint64_t answers;
    double error;      // expected calibration error, 0 to 1; NaN without answers
    double right_mean; // confidence of right answers; NaN without any
    double wrong_mean; // of wrong ones
};
struct calibration_result calibration_result(const struct calibration *c);

void calibration_text(const struct calibration *c, struct buf *to);      // nothing without answers
void calibration_json(const struct calibration *c, struct json_out *to); // a value

#endif
