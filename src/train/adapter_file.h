// Adapters as files, in llama.cpp's layout, and merged into their base.
#ifndef FETTLE_TRAIN_ADAPTER_FILE_H
#define FETTLE_TRAIN_ADAPTER_FILE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "nn/weights.h"

// Writes general.type "adapter", adapter.type "lora", adapter.lora.alpha, and the tensors as F32.
enum err_code adapter_file_write(const struct nn_adapter *a, struct str arch, const char *name,
                                 const char *path, struct err *err);

// Writes the base with W + scale * alpha / rank * B A for every adapted matrix W, each in the
// base's own format, or as `format` names ("F16"; NULL: the base's own). ERR_INPUT names a tensor
// that does not fit the base.
enum err_code adapter_merge(const char *base, const char *adapter, float scale, const char *format,
                            const char *out, struct err *err);

#endif
