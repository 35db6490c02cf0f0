// Chooses the next token from logits.
//
// A pick runs the steps in the order that llama.cpp has by default:
//   1. mask (a grammar's), logit bias;
//   2. penalties: a recent token's logit is divided by repetition_penalty when positive and
//      multiplied otherwise, then less frequency_penalty for each occurrence and presence_penalty;
//   3. top_k: the k largest logits;
//   4. typical_p (Meister et al., 2023): the tokens whose surprise -log p is nearest to the
//   entropy,
//      until their probability is more than typical_p;
//   5. top_p: the most likely tokens, until their probability is at least top_p;
//   6. min_p: tokens at least min_p times as likely as the most likely one;
//   7. temperature, and a draw.
// Probabilities of a step are those of the tokens the step before left, at temperature 1. Equal
// logits rank by id, lowest first. Temperature 0 takes the first after step 2.
#ifndef FETTLE_LLM_SAMPLER_H
#define FETTLE_LLM_SAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct sampler_bias {
    int32_t token;
    float bias; // added to its logit; -INFINITY forbids it
};

enum { SAMPLER_BIASES_MAX = 4096 };

// The values of SAMPLER_GREEDY turn each of them off.
struct sampler_settings {
    const struct sampler_bias *biases; // copied
    size_t bias_count;
    float repetition_penalty; // 1: off
    float frequency_penalty;  // 0: off
    float presence_penalty;   // 0: off
    uint32_t recent;          // how many of the latest tokens count as recent
    uint32_t top_k;           // 0: off
    float typical_p;          // 1: off
    float top_p;              // 1: off
    float min_p;              // 0: off
    float temperature;        // 0: the most likely token
    uint64_t seed;
};

#define SAMPLER_GREEDY                                                                             \
    ((struct sampler_settings){.repetition_penalty = 1, .recent = 64, .typical_p = 1, .top_p = 1})

struct sampler;

// ERR_USAGE names the setting that is out of bounds. `vocabulary` is the number of logits. One
// thread at a time uses a sampler.
enum err_code sampler_open(const struct sampler_settings *s, uint32_t vocabulary,
                           struct sampler **out, struct err *err);
void sampler_close(struct sampler **s);

// The next token; -1 when mask and biases leave none. `logits` are finite. `mask` has a bit for
// each token (token i is bit i % 64 of word i / 64), set where it is allowed; NULL: all are.
// The same seed, logits and calls give the same tokens.
int32_t sampler_pick(struct sampler *s, const float *logits, const uint64_t *mask);

// Tells that a token stands in the text now: for the penalties.
void sampler_accept(struct sampler *s, int32_t token);

#endif
