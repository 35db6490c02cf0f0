// Reads GGUF model files: metadata and tensors, checked whole before anything is used.
//
// After gguf_open every key, string, array element, tensor shape, type and offset is known to lie
// within the file; the accessors below cannot read outside it. Strings and arrays point into the
// mapped file (they need no alignment and carry no terminator) and live as long as it.
// Reading is thread-safe. A file that another program shortens while it is open ends this program
// (SIGBUS), as with every mapped file: models are replaced by rename, never in place.
#ifndef FETTLE_LLM_GGUF_H
#define FETTLE_LLM_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "kernels/quant.h"

// X(NAME, GGUF's number, bytes, name)
#define GGUF_TYPES(X)                                                                              \
    X(U8, 0, 1, "u8")                                                                              \
    X(I8, 1, 1, "i8")                                                                              \
    X(U16, 2, 2, "u16")                                                                            \
    X(I16, 3, 2, "i16")                                                                            \
    X(U32, 4, 4, "u32")                                                                            \
    X(I32, 5, 4, "i32")                                                                            \
    X(F32, 6, 4, "f32")                                                                            \
    X(BOOL, 7, 1, "bool")                                                                          \
    X(STRING, 8, 0, "string")                                                                      \
    X(ARRAY, 9, 0, "array")                                                                        \
    X(U64, 10, 8, "u64")                                                                           \
    X(I64, 11, 8, "i64")                                                                           \
    X(F64, 12, 8, "f64")

enum gguf_type {
#define X(NAME, id, bytes, name) GGUF_##NAME = id,
    GGUF_TYPES(X)
#undef X
        GGUF_TYPE_COUNT
};

enum {
    GGUF_DIMS = 4,
    GGUF_NAME_MAX = 127,     // bytes of a tensor's name
    GGUF_KEY_MAX = 255,      // bytes of a key
    GGUF_KEYS_MAX = 1 << 14, // keys in a file
    GGUF_TENSORS_MAX = 1 << 16,
    GGUF_STRING_MAX = 1 << 22, // bytes of a string value
    GGUF_ARRAY_MAX = 1 << 24,  // elements of an array value
};

struct gguf_value {
    struct str key;
    enum gguf_type type;
    enum gguf_type element; // of an array; else the same as type
    uint64_t count;         // elements of an array; else 1
    const unsigned char *p; // the bytes of the value or of the elements
    const unsigned char *end;
};

struct gguf_tensor {
    struct str name;
    const struct quant_format *format;
    uint32_t dims;          // 1 .. GGUF_DIMS
    uint64_t ne[GGUF_DIMS]; // innermost (row length) first; 1 beyond `dims`
    uint64_t count;         // weights
    const unsigned char *data;
    size_t bytes;
};

struct gguf;

// ERR_INPUT names key or tensor and byte offset; ERR_UNSUPPORTED a version, byte order or tensor
// type that is known but not read here; ERR_LIMIT what exceeds the limits above.
enum err_code gguf_open(const char *path, struct gguf **out, struct err *err);

// The same over bytes that outlive it; `name` stands for the path in messages.
enum err_code gguf_open_bytes(const void *bytes, size_t n, const char *name, struct gguf **out,
                              struct err *err);
void gguf_close(struct gguf **g);

const char *gguf_name(const struct gguf *g); // path or name, for messages
uint32_t gguf_version(const struct gguf *g);
size_t gguf_file_bytes(const struct gguf *g);

// What changes whenever the file does: its bytes, and the times of its last changes. False for one
// that was opened from memory.
struct gguf_stamp {
    uint64_t bytes;
    int64_t modified_ns, changed_ns;
};
bool gguf_stamp(const struct gguf *g, struct gguf_stamp *out);

// Tells the system that a tensor's pages need not stay in memory; they can still be read.
void gguf_forget(const struct gguf *g, const struct gguf_tensor *t);

size_t gguf_key_count(const struct gguf *g);
const struct gguf_value *gguf_key_at(const struct gguf *g, size_t i);
const struct gguf_value *gguf_find(const struct gguf *g, const char *key); // NULL: not there

size_t gguf_tensor_count(const struct gguf *g);
const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t i);
const struct gguf_tensor *gguf_find_tensor(const struct gguf *g, const char *name);

// Typed access; ERR_NOT_FOUND without the key (the output is unchanged then), ERR_INPUT when it has
// another type. Integers of every width convert when in range, floats of both widths.
enum err_code gguf_u32(const struct gguf *g, const char *key, uint32_t *out, struct err *err);
enum err_code gguf_f32(const struct gguf *g, const char *key, float *out, struct err *err);
enum err_code gguf_bool(const struct gguf *g, const char *key, bool *out, struct err *err);
enum err_code gguf_string(const struct gguf *g, const char *key, struct str *out, struct err *err);

// An array of `element` values: its place; *out is NULL when there is no such key.
enum err_code gguf_array(const struct gguf *g, const char *key, enum gguf_type element,
                         const struct gguf_value **out, struct err *err);

// Steps through the strings of an array: start with *at = value->p.
struct str gguf_next_string(const unsigned char **at);

// One element of an array of numbers, i < count.
float gguf_element_f32(const struct gguf_value *v, uint64_t i);   // F32, F64
int64_t gguf_element_i64(const struct gguf_value *v, uint64_t i); // any integer, bool

const char *gguf_type_name(enum gguf_type type);

#endif
