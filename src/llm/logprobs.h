// Log probabilities of the chosen token and of the most likely ones.
#ifndef FETTLE_LLM_LOGPROBS_H
#define FETTLE_LLM_LOGPROBS_H

#include <stddef.h>
#include <stdint.h>

enum { LOGPROBS_MAX = 64 };

struct logprob {
    int32_t token;
    float value; // natural logarithm of its probability
};

// Of the model's own distribution: the softmax of `logits` [V] before any step of the sampler.
// Writes the `n` <= LOGPROBS_MAX most likely tokens to `top`, best first (lowest id among equals),
// and returns how many (V at most).
size_t logprobs_top(const float *logits, uint32_t V, size_t n, struct logprob *top);

// The log probability of one token, token < V.
float logprobs_of(const float *logits, uint32_t V, int32_t token);

#endif
