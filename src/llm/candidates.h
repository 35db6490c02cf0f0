// The tokens that are still in the draw, and the steps that cut them down without a full sort.
#ifndef FETTLE_LLM_CANDIDATES_H
#define FETTLE_LLM_CANDIDATES_H

#include <stddef.h>
#include <stdint.h>

struct candidate {
    float logit;
    int32_t id;
    double key; // what the step at work ranks by: smallest first, then the lowest id
    double p;   // what it weighs by
};

// Rank is by logit, largest first, then by id. Tokens at -INFINITY are left out everywhere; `out`
// has room for V.

// Collects the k first in rank, in no order; returns how many.
size_t candidates_top_k(const float *logits, uint32_t V, uint32_t k, struct candidate *out);

// Collects the fewest first in rank that hold at least top_p of the probability of all.
size_t candidates_top_p(const float *logits, uint32_t V, float top_p, struct candidate *out);

// Collects the fewest whose surprise is nearest to the entropy and that hold more than typical_p of
// the probability of all; of two as near, the lower id.
size_t candidates_typical(const float *logits, uint32_t V, float typical_p, struct candidate *out);

// Collects those at least min_p > 0 times as likely as the first, in order of id.
size_t candidates_min_p(const float *logits, uint32_t V, float min_p, struct candidate *out);

// Each of these keeps a part of c[0..n) in front and returns how many, n > 0.
size_t candidates_keep_typical(struct candidate *c, size_t n, float typical_p);
size_t candidates_keep_top_p(struct candidate *c, size_t n, float top_p);
size_t candidates_keep_min_p(struct candidate *c, size_t n, float min_p);

#endif
