// Writes a decoder's weights as a GGUF model that src/llm and llama.cpp load.
#ifndef FETTLE_TRAIN_MODEL_WRITE_H
#define FETTLE_TRAIN_MODEL_WRITE_H

#include "kernels/quant.h"
#include "llm/gguf_write.h"
#include "nn/weights.h"

struct model_write {
    const struct nn_weights *weights;
    const struct gguf *tokenizer;      // whose tokenizer.* keys are copied
    const struct quant_format *format; // of matrices; vectors are F32
    const char *name;
};

enum err_code model_write(const struct model_write *m, const char *path, struct err *err);

// The parts of it, for files that hold more: the keys, the declarations, the data.
void model_write_keys(const struct model_write *m, struct gguf_writer *w);
void model_write_names(const struct model_write *m, struct gguf_writer *w);
enum err_code model_write_data(const struct model_write *m, struct gguf_writer *w, struct err *err);

#endif
