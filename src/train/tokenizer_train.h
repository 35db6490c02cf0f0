// Trains a tokenizer from files and writes it as a GGUF file that holds nothing else.
#ifndef FETTLE_TRAIN_TOKENIZER_TRAIN_H
#define FETTLE_TRAIN_TOKENIZER_TRAIN_H

#include <stdint.h>

#include "base/err.h"

// Control tokens that every tokenizer made here has: the end of a text, and the two that stand
// around a message (ChatML).
#define TRAIN_END_OF_TEXT   "<|endoftext|>"
#define TRAIN_MESSAGE_START "<|im_start|>"
#define TRAIN_MESSAGE_END   "<|im_end|>"

struct tokenizer_plan {
    const char *paths; // of the corpus, separated by commas
    const char *pre;   // how text is cut into words, as in tokenizer.ggml.pre
    uint32_t vocabulary;
    uint64_t least; // times that a pair must occur to be merged
};

struct tokenizer_result {
    uint32_t vocabulary; // less than wanted when the corpus has too few pairs
    uint64_t bytes;      // of the corpus
};

enum err_code train_tokenizer(const struct tokenizer_plan *plan, const char *out,
                              struct tokenizer_result *result, struct err *err);

#endif
