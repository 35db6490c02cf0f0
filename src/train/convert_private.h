// One conversion of a Hugging Face folder, between its parts.
#ifndef FETTLE_TRAIN_CONVERT_PRIVATE_H
#define FETTLE_TRAIN_CONVERT_PRIVATE_H

#include "llm/gguf_write.h"
#include "llm/safetensors.h"
#include "nn/work.h"
#include "train/convert.h"
#include "train/hf_config.h"
#include "train/hf_folder.h"
#include "train/hf_vocabulary.h"
#include "train/mix.h"

// A tensor to write: from the folder, or values that are at hand.
struct convert_item {
    char name[GGUF_NAME_MAX + 1];
    const struct safetensors_tensor *from;
    const char *file;
    const float *values;
    uint32_t rows, cols;
    uint32_t heads; // whose rows change from halves to pairs; 0: as they are
    const struct quant_format *to;
};

struct convert_job {
    const struct convert_plan *plan;
    struct convert_result *result;
    struct hf_folder *folder;
    struct hf_config config;
    struct hf_vocabulary vocabulary;
    const struct mix *mix; // NULL: as they are
    struct convert_item *items;
    size_t count, cap;
    bool *used; // of the folder's tensors
    struct nn_work work;
    struct gguf_writer *out;
    uint64_t weights, done;
    struct err *err;
};

// The keys: what the model is, its shape, where its positions turn, its vocabulary.
void convert_write_keys(const struct convert_job *j);

// Names and shapes of all items, then their weights, a few million at a time.
enum err_code convert_write_tensors(struct convert_job *j);

#endif
