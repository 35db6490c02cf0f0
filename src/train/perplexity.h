// How well a model foresees a text: the exponential of the mean loss over its tokens; and how far
// its probabilities are from another model's.
#ifndef FETTLE_TRAIN_PERPLEXITY_H
#define FETTLE_TRAIN_PERPLEXITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct perplexity_plan {
    const char *model;
    const char *corpus;   // files as in train/corpus.h, separated by commas; of chats the answers
    uint32_t context;     // 0: the model's
    uint64_t tokens_most; // to be looked at; 0: all
    unsigned threads;
    const char *against; // a model with the same tokens; NULL: none
};

struct perplexity_result {
    double loss, perplexity; // mean over tokens
    uint64_t tokens;
    // With `against`, which has probabilities p where the model has q:
    double against_perplexity;
    double divergence;         // Kullback-Leibler: sum of p log(p / q), in nats, mean over tokens
    double divergence_largest; // of any token
    double same_first;         // part of the tokens for which both hold the same token likeliest
};

// `progress` gets the tokens done and in all; false stops with ERR_CANCELLED. It may be NULL.
// ERR_INPUT when the two models do not have the same tokens.
typedef bool perplexity_fn(void *arg, uint64_t done, uint64_t total);
enum err_code perplexity_measure(const struct perplexity_plan *plan, perplexity_fn *progress,
                                 void *arg, struct perplexity_result *result, struct err *err);

#endif
