// The mean of the weights of models of one shape, such as stages of a run.
//
// Between the ends of two stages that go on from one another the mean is often better than either
// (Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization").
#ifndef FETTLE_TRAIN_AVERAGE_H
#define FETTLE_TRAIN_AVERAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { AVERAGE_MODELS_MAX = 16 };

struct average_plan {
    const char *const *models;
    size_t count; // 2 to AVERAGE_MODELS_MAX
    const char *out;
    // Called every few million weights with how many of all are done; NULL: not.
    void (*progress)(void *arg, uint64_t done, uint64_t all);
    void *arg;
};

// Writes the mean of GGUF models: keys and formats are those of the first. `*weights` gets how many
// weights it has. ERR_USAGE: too few or too many, or `out` is one of them; ERR_INPUT names the
// tensor that a model lacks or has in another shape.
enum err_code average_models(const struct average_plan *plan, uint64_t *weights, struct err *err);

#endif
