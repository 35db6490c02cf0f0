// A linear prediction of the next reading from the last PREDICT_ORDER, learnt by recursive least
// squares with forgetting (Haykin, Adaptive Filter Theory): what cannot be foreseen is strange.
#ifndef FETTLE_DETECT_PREDICT_H
#define FETTLE_DETECT_PREDICT_H

#include "detect/baseline.h"
#include "detect/point.h"

enum { PREDICT_ORDER = 8 };

struct predict {
    struct baseline baseline;  // of the values: prediction works on scaled ones
    float past[PREDICT_ORDER]; // newest first, scaled
    double weights[PREDICT_ORDER];
    double inverse[PREDICT_ORDER][PREDICT_ORDER]; // of the correlation matrix
    float error;                                  // 1.25 times the mean absolute error, scaled
    uint32_t errors;
};

void predict_push(struct predict *s, int64_t time_us, double value, struct point *out);

#endif
