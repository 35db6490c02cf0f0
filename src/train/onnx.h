// Writes an ONNX model: a graph of nodes in one file, the data of its tensors in another beside it.
//
// Call order: open; nodes, inputs, outputs and tensors in any order, each tensor's data right
// behind it; finish. Errors are remembered: the first one is reported by finish, the calls after it
// do nothing. Field numbers are those of onnx.proto (ONNX, Apache-2.0).
#ifndef FETTLE_TRAIN_ONNX_H
#define FETTLE_TRAIN_ONNX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum onnx_type { ONNX_F32 = 1, ONNX_U8 = 2, ONNX_I32 = 6, ONNX_I64 = 7, ONNX_F16 = 10 };

enum onnx_attribute_type { ONNX_FLOAT = 1, ONNX_INT = 2 };
struct onnx_attribute {
    const char *name;
    enum onnx_attribute_type type;
    int64_t i;
    float f;
};
#define ONNX_ATTRIBUTE_INT(name, i)   ((struct onnx_attribute){name, ONNX_INT, i, 0})
#define ONNX_ATTRIBUTE_FLOAT(name, f) ((struct onnx_attribute){name, ONNX_FLOAT, 0, f})

enum { ONNX_DIMS = 4 };

struct onnx;

// Files `dir`/`name` and `dir`/`name`_data. ERR_IO and the like when they cannot be written.
enum err_code onnx_open(const char *dir, const char *name, struct onnx **out, struct err *err);

// `dims` is a list such as "batch_size,sequence_length,64": names stand for what may vary.
void onnx_input(struct onnx *o, const char *name, enum onnx_type type, const char *dims);
void onnx_output(struct onnx *o, const char *name, enum onnx_type type, const char *dims);

// `op` may have a domain before it: "com.microsoft.MatMulNBits". Inputs and outputs are names
// separated by commas; an empty name leaves one out. A node stands behind those it depends on.
void onnx_node(struct onnx *o, const char *op, const char *inputs, const char *outputs,
               const struct onnx_attribute *attributes, size_t n);

// A constant of whole numbers in the graph itself: n of them in a row, or 0 for the lone *v.
void onnx_ints(struct onnx *o, const char *name, const int64_t *v, size_t n);

// A tensor in the data file (row-major, at most ONNX_DIMS dims), and its bytes in pieces of any
// size.
void onnx_tensor(struct onnx *o, const char *name, enum onnx_type type, const uint64_t *dims,
                 size_t n);
void onnx_data(struct onnx *o, const void *bytes, size_t n);

// Writes the graph, syncs, frees the writer, whatever comes back. On failure there is neither file;
// ERR_USAGE when data is missing or too much.
enum err_code onnx_finish(struct onnx **o, struct err *err);
void onnx_abandon(struct onnx **o); // NULL is fine

#endif
