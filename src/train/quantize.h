// Quantizes a GGUF model: matrices into smaller formats, with the error of each.
#ifndef FETTLE_TRAIN_QUANTIZE_H
#define FETTLE_TRAIN_QUANTIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "train/importance.h"

// What was done to one tensor.
struct quantize_tensor {
    struct str name;
    const char *from, *to; // formats
    uint64_t weights, bytes_before, bytes_after;
    double error; // root mean square of the difference, as a part of that of the weights
    bool weighed; // by importance, its error, too
};

// False stops, with ERR_CANCELLED.
typedef bool quantize_fn(void *arg, const struct quantize_tensor *t);

struct quantize_plan {
    const char *in, *out;
    const char *mix; // see mix.h
    unsigned threads;
    const struct importance *importance; // NULL: all columns matter alike
    quantize_fn *each;                   // NULL: none
    void *arg;
};

struct quantize_result {
    uint64_t bytes_before, bytes_after; // of tensors
    double error;                       // over all weights, none weighed
    uint64_t weighed;                   // tensors whose errors were
};

// Which tensor gets which format says mix.h. ERR_INPUT when no tensor of the model is in
// `importance`.
enum err_code quantize_model(const struct quantize_plan *plan, struct quantize_result *result,
                             struct err *err);

#endif
