// The learning rate over the steps of a run.
#ifndef FETTLE_NN_SCHEDULE_H
#define FETTLE_NN_SCHEDULE_H

#include <stdint.h>

enum nn_schedule_kind { NN_SCHEDULE_COSINE, NN_SCHEDULE_LINEAR, NN_SCHEDULE_CONSTANT };

struct nn_schedule {
    enum nn_schedule_kind kind;
    uint64_t warmup, steps; // steps that rise linearly to the peak; all steps
    double peak, last;      // rates; `last` is reached with the last step
};

// Of step 1 .. steps; beyond them, the last.
double nn_schedule_rate(const struct nn_schedule *s, uint64_t step);

#endif
