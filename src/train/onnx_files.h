// The small files beside an ONNX model: what runtimes want to know of model and tokenizer.
#ifndef FETTLE_TRAIN_ONNX_FILES_H
#define FETTLE_TRAIN_ONNX_FILES_H

#include "llm/model.h"

#define ONNX_FILES_MODEL "model.onnx"

struct onnx_files {
    const struct model *model;
    uint32_t context;
    const char *dir;
    struct err *note; // as in struct export_onnx
};

// config.json (transformers' names), genai_config.json (onnxruntime-genai's), tokenizer.json and
// tokenizer_config.json.
enum err_code onnx_files_write(const struct onnx_files *f, struct err *err);

#endif
