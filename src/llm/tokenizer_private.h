// What the tokenizer's kinds share.
#ifndef FETTLE_LLM_TOKENIZER_PRIVATE_H
#define FETTLE_LLM_TOKENIZER_PRIVATE_H

#include "llm/merge.h"
#include "llm/pretokenize.h"
#include "llm/tokenizer.h"
#include "llm/vocab.h"

struct bpe_merges; // tok_bpe.c

struct tokenizer;

// One kind: one file, one line in tokenizer.c.
struct tokenizer_ops {
    const char *name; // tokenizer.ggml.model
    vocab_decode_fn *decode;
    // Reads what the kind needs besides the vocabulary; may be NULL.
    enum err_code (*open)(const struct gguf *g, struct tokenizer *t, struct err *err);
    void (*close)(struct tokenizer *t);
    // Text without special tokens; `first`: at the start or right after a special token.
    // False when memory is out.
    bool (*encode)(const struct tokenizer *t, struct str text, bool first, struct tokens *out);
    bool adds_ends; // the default of add_bos_token
};

struct tokenizer {
    const struct tokenizer_ops *ops;
    struct vocab vocab;
    int32_t bos, eos, unknown, separator;
    bool add_bos, add_eos, add_space;
    int32_t *specials; // ids sorted by first byte, then longest first
    size_t special_count;
    uint32_t special_from[257]; // where each first byte's specials begin
    bool *ends;                 // by id
    bool strips_after_special;  // blanks after a special token vanish (Phi-3)
    const struct pretokenizer *pre;
    struct bpe_merges *merges;
    bool words_apart; // SentencePiece: no token holds a blank after another character
    uint32_t longest; // bytes of the longest token
};

extern const struct tokenizer_ops tokenizer_bpe, tokenizer_spm, tokenizer_wordpiece;

// Remembers what words became, within one call.
struct word_cache;
struct word_cache *word_cache_open(size_t text_bytes); // NULL: none (short text, no memory)
void word_cache_close(struct word_cache *c);           // NULL is fine
// True when the word was seen: its tokens are added.
bool word_cache_find(struct word_cache *c, struct str word, struct tokens *out);
// Notes that the last out->n - from tokens are those of `word`, which outlives the cache.
void word_cache_put(struct word_cache *c, struct str word, const struct tokens *out, size_t from);

#endif
