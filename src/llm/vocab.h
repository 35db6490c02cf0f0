// The tokens of a model: bytes, kind and score of each id, and the way back from bytes to id.
#ifndef FETTLE_LLM_VOCAB_H
#define FETTLE_LLM_VOCAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "llm/gguf.h"

enum vocab_kind {
    VOCAB_NORMAL = 1,
    VOCAB_UNKNOWN = 2,
    VOCAB_CONTROL = 3,
    VOCAB_USER = 4, // found in plain text before anything else
    VOCAB_UNUSED = 5,
    VOCAB_BYTE = 6, // "<0x0A>": stands for one byte
};

enum { VOCAB_MAX = 1 << 21, VOCAB_TOKEN_BYTES_MAX = 1 << 12 };

struct vocab_token {
    const char *p; // the bytes it stands for
    uint32_t n;
    float score;
    uint8_t kind;
};

struct vocab {
    struct vocab_token *tokens;
    uint32_t n;
    char *blob;        // all tokens' bytes
    uint32_t *slots;   // 1 + id, by hash; only tokens that text may become
    uint32_t mask;     // slots - 1
    int32_t byte[256]; // the VOCAB_BYTE token of each byte; -1: none
};

// How a token's text in the file becomes bytes: returns how many it wrote to `out`, at most the
// text's length.
typedef size_t vocab_decode_fn(struct str text, char *out);

// Reads tokenizer.ggml.tokens, token_type and scores. Owns copies: the file may be closed after.
enum err_code vocab_open(const struct gguf *g, vocab_decode_fn *decode, struct vocab *v,
                         struct err *err);
void vocab_close(struct vocab *v); // zeroes

// The normal, user or unused token with these bytes; -1: none.
int32_t vocab_find(const struct vocab *v, struct str bytes);

static inline struct str vocab_bytes(const struct vocab *v, int32_t id)
{
    return (struct str){v->tokens[id].p, v->tokens[id].n};
}

#endif
