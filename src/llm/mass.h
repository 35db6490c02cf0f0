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

enum { MASS_PIECE = 512 }; // logits whose weights are summed apart

// The largest logit; -INFINITY where all are.
float mass_top(const float *logits, uint32_t V);

// To about 1e-7 of each sum. Tokens at -INFINITY weigh nothing; `top` is finite.
void mass_measure(const float *logits, uint32_t V, float top, struct mass *m);

// The weights at a temperature > 0, exp((logit - top) / temperature), to about 1e-7 of the sum that
// is returned: totals[i] is that of the MASS_PIECE logits from i * MASS_PIECE on, and 0 where none
// of them weighs e^-87.
double mass_pieces(const float *logits, uint32_t V, float top, float temperature, double *totals);

#endif
