// A graph in ONNX while it is written: its nodes, its tensors, its products with quantized weights.
#ifndef FETTLE_TRAIN_EXPORT_ONNX_PRIVATE_H
#define FETTLE_TRAIN_EXPORT_ONNX_PRIVATE_H

#include "llm/model.h"
#include "nn/work.h"
#include "train/export_onnx.h"
#include "train/onnx.h"

enum { ONNX_NAME_BYTES = 96 };

#define MS "com.microsoft." // contribution operators of ONNX Runtime

struct onnx_job {
    const struct export_onnx *plan;
    const struct model *model;
    const struct model_shape *s;
    struct onnx *o;
    struct nn_work work;
    uint32_t context;
    uint64_t done, total;
    enum err_code code;
    struct err *err;
    uint32_t layer;
    char residual[ONNX_NAME_BYTES]; // the value that layers add to
};

// Rows [first, first + rows) of a tensor.
struct onnx_slice {
    const struct gguf_tensor *t;
    size_t first, rows, cols, blocks;
    unsigned bits;
    bool exact;
};

// A node with one output; `format` gives the inputs, separated by commas.
void onnx_job_node(struct onnx_job *j, const char *op, const char *output,
                   const struct onnx_attribute *attributes, size_t n, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

void onnx_job_floats(struct onnx_job *j, const char *name, const float *v, uint64_t rows,
                     uint64_t cols);

void onnx_job_tell(struct onnx_job *j); // a part is done; j->code is set when it shall stop

// `rows` rows from row `first` of matrices that lie one below the other: they are of one part.
struct onnx_slice onnx_job_slice(const struct onnx_job *j, size_t place,
                                 const struct joined *joined, uint32_t first, uint32_t rows,
                                 unsigned bits);

// output = input times the slice's rows, whose weights are written under the output's name.
void onnx_job_multiply(struct onnx_job *j, const struct onnx_slice *s, const char *input,
                       const char *output);

// The same with rows of the layer in progress, and their bias.
void onnx_job_multiply_joined(struct onnx_job *j, size_t place, const struct joined *joined,
                              uint32_t first, uint32_t rows, const char *input, const char *output);

#endif
