// Learns byte-level BPE: which pairs of tokens to merge, most frequent first (Sennrich, Haddow and
// Birch, "Neural Machine Translation of Rare Words with Subword Units", 2016; over bytes as in
// GPT-2).
#ifndef FETTLE_TRAIN_BPE_H
#define FETTLE_TRAIN_BPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct bpe;

// Tokens 0 .. 255 are the bytes; token 256 + i is `left` and `right` of merge i together.
struct bpe_pair {
    int32_t left, right;
    uint64_t count; // how often it stood in the text when it was merged
};

// `pre` names how text is cut into words that merges do not cross, as in tokenizer.ggml.pre.
enum err_code bpe_open(struct str pre, struct bpe **out, struct err *err);
void bpe_close(struct bpe **b);

enum err_code bpe_add(struct bpe *b, struct str text, struct err *err);

// Finds up to `merges` pairs that occur at least `least` times; ties go to the lower tokens.
// *out belongs to b. May be called once; bpe_add not after it.
enum err_code bpe_learn(struct bpe *b, size_t merges, uint64_t least, const struct bpe_pair **out,
                        size_t *count, struct err *err);

// The bytes of a token, 0 <= id < 256 + merges, after bpe_learn.
struct str bpe_token(const struct bpe *b, int32_t id);

#endif
