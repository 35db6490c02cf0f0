// Turns a Hugging Face folder into a GGUF model that llama.cpp reads, too.
#ifndef FETTLE_TRAIN_CONVERT_H
#define FETTLE_TRAIN_CONVERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

// After each tensor; false stops, with ERR_CANCELLED.
typedef bool convert_fn(void *arg, uint64_t weights_done, uint64_t weights);

struct convert_plan {
    const char *dir, *out;
    const char *type; // a mix of mix.h; NULL: matrices as they are in the folder
    unsigned threads;
    convert_fn *each; // NULL: none
    void *arg;
};

struct convert_result {
    const char *arch;
    uint64_t tensors, weights, bytes; // that were written
    uint32_t tokens;
};

// Llama (and Mistral), Qwen2, Qwen3, Phi-3, by config.json's "architectures". The file appears when
// it is whole. ERR_INPUT names file and tensor or field, also for a tensor that is left over;
// ERR_CORRUPT a weight that is no number or does not fit the format.
enum err_code convert_model(const struct convert_plan *plan, struct convert_result *result,
                            struct err *err);

struct convert_adapter {
    const char *dir;  // PEFT's: adapter_config.json, adapter_model.safetensors
    const char *base; // the GGUF model it belongs to
    const char *out;
};

// A LoRA adapter in llama.cpp's layout, as F32. ERR_UNSUPPORTED names what PEFT can and llama.cpp
// cannot (DoRA, ranks or alphas of single layers, whole modules saved beside).
enum err_code convert_adapter(const struct convert_adapter *plan, struct convert_result *result,
                              struct err *err);

#endif
