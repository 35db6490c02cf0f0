// Adapters as files, in llama.cpp's layout, and what they add to their base.
#ifndef FETTLE_TRAIN_ADAPTER_FILE_H
#define FETTLE_TRAIN_ADAPTER_FILE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "llm/gguf.h"
#include "nn/weights.h"

// Writes general.type "adapter", adapter.type "lora", adapter.lora.alpha, and the tensors as F32.
enum err_code adapter_file_write(const struct nn_adapter *a, struct str arch, const char *name,
                                 const char *path, struct err *err);

// Opens an adapter and checks that each of its tensors has a place in `base`, which has the
// architecture it was made for. ERR_INPUT names the tensor.
enum err_code adapter_file_open(const char *path, const struct gguf *base, struct gguf **out,
                                struct err *err);

// What it adds to one matrix: scale * B A.
struct adapter_pair {
    float *a, *b;      // [rank][cols], [rows][rank], one block
    size_t rank, cols; // rank 0: it adds nothing
    float scale;       // alpha / rank
};

// The pair of the base's tensor `t`, which the caller frees. ERR_INPUT when it does not fit.
enum err_code adapter_pair_read(const struct gguf *adapter, const struct gguf_tensor *t,
                                struct adapter_pair *p, struct err *err);
void adapter_pair_free(struct adapter_pair *p);

// Adds it, times `scale`, to rows first .. first + rows of the matrix: x [rows][cols].
void adapter_pair_add(const struct adapter_pair *p, float scale, size_t first, size_t rows,
                      float *x);

#endif
