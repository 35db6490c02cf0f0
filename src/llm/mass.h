// What logits weigh together, without sorting or collecting them.
#ifndef FETTLE_LLM_MASS_H
#define FETTLE_LLM_MASS_H

#include <stddef.h>
#include <stdint.h>

// A token weighs exp(logit - top), where `top` is the largest logit.
struct mass {
    double total;
    double moment; // sum of weight * (top - logit)
};

// The largest logit; -INFINITY where all are.
float mass_top(const float *logits, uint32_t V);

// To about 1e-7 of each sum. Tokens at -INFINITY weigh nothing; `top` is finite.
void mass_measure(const float *logits, uint32_t V, float top, struct mass *m);

#endif
