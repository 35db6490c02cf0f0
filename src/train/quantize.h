// Writes a GGUF model anew: its matrices in other formats, an adapter merged into them.
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
    bool adapted; // by the adapter; the error is that of quantizing the sum
};

// False stops, with ERR_CANCELLED.
typedef bool quantize_fn(void *arg, const struct quantize_tensor *t);

// Called every few million weights with how many of all are done.
typedef void quantize_progress_fn(void *arg, uint64_t done, uint64_t all);

struct quantize_plan {
    const char *in, *out;
    const char *mix; // see mix.h; NULL: every tensor keeps its format
    unsigned threads;
    const struct importance *importance; // NULL: all columns matter alike
    const char *adapter;                 // LoRA in GGUF form that is merged; NULL: none
    float adapter_scale;
    quantize_fn *each;              // NULL: none
    quantize_progress_fn *progress; // NULL: none
    void *arg;                      // of both
};

struct quantize_result {
    uint64_t bytes_before, bytes_after; // of tensors
    double error;                       // over all weights, none weighed
    uint64_t weighed, adapted;          // tensors
};

// Which tensor gets which format says mix.h; one that has it already and that no adapter changes
// is copied. Merging adds adapter_scale * alpha / rank * B A to every adapted matrix. ERR_INPUT
// when weights are no numbers, no tensor of the model is in `importance`, or the adapter does not
// fit (named).
enum err_code quantize_model(const struct quantize_plan *plan, struct quantize_result *result,
                             struct err *err);

#endif
