// An open GGUF file, as its reader and its accessors share it.
#ifndef FETTLE_LLM_GGUF_PRIVATE_H
#define FETTLE_LLM_GGUF_PRIVATE_H

#include "base/file.h"
#include "base/map.h"
#include "llm/gguf.h"

struct gguf {
    char *name;
    struct file_map map; // zero when over bytes
    const unsigned char *bytes;
    size_t n;
    uint32_t version;
    struct gguf_value *keys;
    struct gguf_tensor *tensors;
    struct map key_index, tensor_index;
};

// Reads the structure of g->bytes into the fields behind them, checking all of it. On an error
// (those of gguf_open) what was read so far stays, for gguf_close.
enum err_code gguf_read(struct gguf *g, struct err *err);

#endif
