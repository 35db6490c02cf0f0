// A folder with a model that ONNX Runtime runs: graph, weights, configurations, tokenizer.
//
// Matrices of the layers become blocks of 32 of 4 or 8 bits (MatMulNBits), the head of 8, the
// embedding halves, vectors floats. Names are those of transformers' ONNX exports, which
// onnxruntime-genai, optimum and transformers.js know:
//   in   input_ids [batch_size, sequence_length], attention_mask [batch_size,
//        total_sequence_length], past_key_values.N.key and .value [batch_size, KV heads,
//        past_sequence_length, D]
//   out  logits [batch_size, sequence_length, V], present.N.key and .value
// Positions count from the first token that the mask does not hide; shorter texts of a batch are
// filled up on the right.
#ifndef FETTLE_TRAIN_EXPORT_ONNX_H
#define FETTLE_TRAIN_EXPORT_ONNX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

// Tensors done and in all; false stops with ERR_CANCELLED.
typedef bool export_onnx_fn(void *arg, uint64_t done, uint64_t total);

struct export_onnx {
    const char *model; // GGUF file
    const char *dir;   // made if it is not there
    uint32_t context;  // positions at most; 0: the model's
    unsigned bits;     // of the layers' matrices: 4 or 8
    unsigned threads;
    export_onnx_fn *progress; // NULL: none
    void *arg;
    struct err *note; // gets code and words when tokenizer.json is not written; NULL: not asked for
};

// Writes model.onnx, model.onnx_data, config.json, genai_config.json, tokenizer.json (see
// tokenizer_json.h) and tokenizer_config.json. ERR_UNSUPPORTED for a model that is no decoder.
enum err_code export_onnx(const struct export_onnx *e, struct err *err);

#endif
