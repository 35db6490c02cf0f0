// Quantizes a GGUF model: matrices into smaller formats, with the error of each.
#ifndef FETTLE_TRAIN_QUANTIZE_H
#define FETTLE_TRAIN_QUANTIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

// What was done to one tensor.
struct quantize_tensor {
    struct str name;
    const char *from, *to; // formats
    uint64_t weights, bytes_before, bytes_after;
    double error; // root mean square of the difference, as a part of that of the weights
};

// False stops, with ERR_CANCELLED.
typedef bool quantize_fn(void *arg, const struct quantize_tensor *t);

struct quantize_plan {
    const char *in, *out;
    const char *mix; // see quantize_mix_name
    unsigned threads;
    quantize_fn *each; // NULL: none
    void *arg;
};

struct quantize_result {
    uint64_t bytes_before, bytes_after; // of tensors
    double error;                       // over all weights that were changed
};

// Vectors become F32. Where rows do not fit a format's blocks, the nearest larger format that they
// fit is taken (Q4_K: Q5_0, Q5_K: Q5_1, Q6_K: Q8_0; else F16), as in llama.cpp.
enum err_code quantize_model(const struct quantize_plan *plan, struct quantize_result *result,
                             struct err *err);

// "Q8_0", "Q4_K_M" and so on; NULL past the last.
const char *quantize_mix_name(size_t i);

#endif
