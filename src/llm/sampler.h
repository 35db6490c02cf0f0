// Chooses the next token from logits.
#ifndef FETTLE_LLM_SAMPLER_H
#define FETTLE_LLM_SAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

// The steps run in the order of these fields; the values of SAMPLER_GREEDY turn each of them off.
struct sampler_settings {
    float repetition_penalty; // 1: off. Logits of recent tokens are divided (or multiplied) by it
    float frequency_penalty;  // 0: off. Subtracted for each recent occurrence
    float presence_penalty;   // 0: off. Subtracted once for a recent token
    uint32_t recent;          // how many tokens count as recent
    float temperature;        // 0: the most likely token, whatever follows
    uint32_t top_k;           // 0: off
    float top_p;              // 1: off
    float min_p;              // 0: off. Relative to the most likely token
    uint64_t seed;
};

#define SAMPLER_GREEDY                                                                             \
    ((struct sampler_settings){.repetition_penalty = 1, .recent = 64, .top_p = 1})

struct sampler;

// ERR_USAGE names the setting that is out of bounds. `vocabulary` is the number of logits.
enum err_code sampler_open(const struct sampler_settings *s, uint32_t vocabulary,
                           struct sampler **out, struct err *err);
void sampler_close(struct sampler **s);

// The next token; ties go to the lowest id. The same seed and calls give the same tokens.
int32_t sampler_pick(struct sampler *s, const float *logits);

// Tells that a token stands in the text now: for the penalties.
void sampler_accept(struct sampler *s, int32_t token);

#endif
