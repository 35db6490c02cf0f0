// Cuts text into the pieces that byte-pair merges do not cross.
#ifndef FETTLE_LLM_PRETOKENIZE_H
#define FETTLE_LLM_PRETOKENIZE_H

#include <stdbool.h>

#include "base/str.h"

struct pretokenizer;

// By GGUF's tokenizer.ggml.pre; NULL: unknown.
const struct pretokenizer *pretokenizer_by_name(struct str name);

// True when a piece that is a token as a whole is taken so without merging.
bool pretokenizer_takes_whole(const struct pretokenizer *p);

// Calls `each` for every piece in order; together they are the text. Stops when it returns false,
// and returns that.
typedef bool pretokenize_fn(void *arg, struct str piece);
bool pretokenize(const struct pretokenizer *p, struct str text, pretokenize_fn *each, void *arg);

#endif
