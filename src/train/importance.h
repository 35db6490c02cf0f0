// How much each column of a model's matrices matters: the mean square of what it is multiplied by,
// over a text (llama.cpp's "importance matrix").
#ifndef FETTLE_TRAIN_IMPORTANCE_H
#define FETTLE_TRAIN_IMPORTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct importance;

struct importance_plan {
    const char *model;    // best before it is quantized
    const char *corpus;   // files as in train/corpus.h, separated by commas; prompts count, too
    uint32_t context;     // tokens of a document; 0: the model's
    uint64_t tokens_most; // to be looked at; 0: all
    unsigned threads;
};

// Tokens done and in all; false stops with ERR_CANCELLED. It may be NULL.
typedef bool importance_fn(void *arg, uint64_t done, uint64_t total);
enum err_code importance_measure(const struct importance_plan *plan, importance_fn *progress,
                                 void *arg, struct importance **out, struct err *err);

// Reads llama.cpp's files, in GGUF or the older layout (.dat). ERR_INPUT names tensor or byte.
enum err_code importance_read(const char *path, struct importance **out, struct err *err);

// Writes llama.cpp's GGUF layout. `corpus` is noted in it.
enum err_code importance_write(const struct importance *m, const char *corpus, const char *path,
                               struct err *err);
void importance_free(struct importance **m); // NULL is fine

// [cols] numbers, none negative; NULL when there are none for this tensor, or of another size.
const float *importance_of(const struct importance *m, struct str tensor, uint64_t cols);

size_t importance_count(const struct importance *m);    // tensors
uint64_t importance_tokens(const struct importance *m); // that were looked at; 0: not known

#endif
