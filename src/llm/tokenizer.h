// Text to tokens and back, for the tokenizers that GGUF files carry.
//
// Kinds: "gpt2" (byte-level BPE, cut by tokenizer.ggml.pre), "llama" (SentencePiece BPE with byte
// fallback), "bert" (WordPiece). A tokenizer is read-only after opening: any number of threads may
// use it at once.
#ifndef FETTLE_LLM_TOKENIZER_H
#define FETTLE_LLM_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "llm/gguf.h"

struct tokenizer;

struct tokens {
    int32_t *p;
    size_t n, cap;
    bool failed; // memory ran out; stays set, adds do nothing
};

void tokens_free(struct tokens *t);
void tokens_add(struct tokens *t, int32_t id);

enum tokenize_flags {
    TOKENIZE_SPECIAL = 1, // "<|im_start|>" in the text is that token; else it is plain text
    TOKENIZE_ENDS = 2,    // add what the model wants at the start and the end (BOS, CLS, SEP, EOS)
};

// Errors: ERR_UNSUPPORTED names a kind or pre-tokenizer not known here; ERR_INPUT what is missing
// or inconsistent. The file may be closed afterwards.
enum err_code tokenizer_open(const struct gguf *g, struct tokenizer **out, struct err *err);
void tokenizer_close(struct tokenizer **t);

// Appends the tokens of `text` (any bytes) to `out`. ERR_LIMIT for more than 1 GiB.
enum err_code tokenizer_encode(const struct tokenizer *t, struct str text, unsigned flags,
                               struct tokens *out, struct err *err);

// Appends the bytes of one token; a control token gives its name when `special` is set, else
// nothing. A character may be spread over several tokens. Ids out of range give nothing.
void tokenizer_piece(const struct tokenizer *t, int32_t id, bool special, struct buf *out);

// Appends the text of all, without the blank that SentencePiece and WordPiece put in front.
void tokenizer_decode(const struct tokenizer *t, const int32_t *ids, size_t n, bool special,
                      struct buf *out);

uint32_t tokenizer_count(const struct tokenizer *t);
const char *tokenizer_kind(const struct tokenizer *t); // "gpt2", "llama", "bert"

// The id of a special token by its name ("<|im_end|>"), or of a token by its exact bytes; -1: none.
int32_t tokenizer_find(const struct tokenizer *t, struct str text);

// As tokenizer_find, but only special tokens.
int32_t tokenizer_find_special(const struct tokenizer *t, struct str name);

// True when the blanks that follow this special token in a text are no part of it (Phi-3).
bool tokenizer_strips_after(const struct tokenizer *t, int32_t id);

// -1 where the model has none.
int32_t tokenizer_bos(const struct tokenizer *t);
int32_t tokenizer_eos(const struct tokenizer *t);

// True for every token that ends an answer (EOS, <|im_end|>, <|eot_id|>, <|end|>, ...).
bool tokenizer_ends(const struct tokenizer *t, int32_t id);

#endif
