// A small vocabulary for tests: all bytes, some pieces, some control tokens.
#ifndef FETTLE_TESTS_LLM_VOCAB_H
#define FETTLE_TESTS_LLM_VOCAB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "llm/gguf.h"

enum { LLM_VOCAB_BYTES = 256, LLM_VOCAB_MAX = 4096 };

struct llm_vocab {
    const char *arch;
    const char *jinja; // tokenizer.chat_template; NULL: none
    bool add_bos;
    const struct str *pieces; // any bytes; ids from 256 on
    size_t piece_count;
    const char *const *controls; // the ids that follow; the first two are BOS and EOS
    size_t control_count;
};

// A file with that tokenizer and no tensors; byte b is token b. Fails the test if it cannot.
struct gguf *llm_vocab_open(const struct llm_vocab *v);

#endif
