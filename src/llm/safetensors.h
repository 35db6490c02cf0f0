// Reads safetensors files (Hugging Face's format of weights), checked whole before anything is
// used.
//
// A file is 8 bytes of header length, a JSON object of tensors (dtype, shape, place), their data.
// After opening, every name, shape and place is known to lie within the file, no two tensors share
// bytes and no byte is without a tensor, as the format demands. Names belong to the file's handle,
// data points into the mapped file. Reading is thread-safe.
#ifndef FETTLE_LLM_SAFETENSORS_H
#define FETTLE_LLM_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "kernels/quant.h"

enum {
    SAFETENSORS_DIMS = 8,
    SAFETENSORS_HEADER_MAX = 100 << 20, // bytes, as in the reference implementation
    SAFETENSORS_NAME_MAX = 255,
};

struct safetensors_tensor {
    struct str name;
    const char *dtype;                 // "BF16"
    const struct quant_format *format; // F32, F16 or BF16; NULL for every other dtype
    uint32_t dims;                     // 0: a single value
    uint64_t shape[SAFETENSORS_DIMS];  // outermost first; 1 beyond `dims`
    uint64_t count;                    // of values
    const unsigned char *data;         // little endian, not aligned
    size_t bytes;
};

struct safetensors;

// ERR_INPUT names the tensor, its field and the byte; ERR_UNSUPPORTED a dtype that is not known;
// ERR_LIMIT what exceeds the limits above.
enum err_code safetensors_open(const char *path, struct safetensors **out, struct err *err);

// The same over bytes that outlive it; `name` stands for the path in messages.
enum err_code safetensors_open_bytes(const void *bytes, size_t n, const char *name,
                                     struct safetensors **out, struct err *err);
void safetensors_close(struct safetensors **s);

const char *safetensors_name(const struct safetensors *s); // path or name, for messages
size_t safetensors_count(const struct safetensors *s);
const struct safetensors_tensor *safetensors_at(const struct safetensors *s, size_t i);
const struct safetensors_tensor *safetensors_find(const struct safetensors *s, struct str name);

#endif
