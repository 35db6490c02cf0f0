// Writes GGUF model files (version 3): keys, then tensors, then their data, streamed.
//
// Call order: open; any number of keys; then declare every tensor; then give each tensor's data in
// the same order, in pieces of any size; finish. Errors are remembered: the first one is reported
// by finish, the calls after it do nothing. The file appears under its name only when finish
// succeeds (written beside it, synced, renamed).
#ifndef FETTLE_LLM_GGUF_WRITE_H
#define FETTLE_LLM_GGUF_WRITE_H

#include "llm/gguf.h"

struct gguf_writer;

enum err_code gguf_write_open(const char *path, struct gguf_writer **out, struct err *err);

void gguf_write_u32(struct gguf_writer *w, const char *key, uint32_t v);
void gguf_write_f32(struct gguf_writer *w, const char *key, float v);
void gguf_write_bool(struct gguf_writer *w, const char *key, bool v);
void gguf_write_string(struct gguf_writer *w, const char *key, struct str v);
void gguf_write_strings(struct gguf_writer *w, const char *key, const struct str *v, size_t n);
void gguf_write_f32s(struct gguf_writer *w, const char *key, const float *v, size_t n);
void gguf_write_i32s(struct gguf_writer *w, const char *key, const int32_t *v, size_t n);
void gguf_write_copy(struct gguf_writer *w, const struct gguf_value *v); // a key of another file

// `ne` has `dims` sizes, row length first.
void gguf_write_tensor(struct gguf_writer *w, const char *name, const struct quant_format *format,
                       const uint64_t *ne, uint32_t dims);
void gguf_write_data(struct gguf_writer *w, const void *bytes, size_t n);

// Ends the file and frees the writer, whatever comes back. ERR_USAGE when data is missing or too
// much, or a name is given twice.
enum err_code gguf_write_finish(struct gguf_writer **w, struct err *err);

// Gives up: removes what was written.
void gguf_write_abandon(struct gguf_writer **w);

#endif
