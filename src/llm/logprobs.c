// Log probabilities of the chosen token and of the most likely ones.
#include "llm/logprobs.h"

#include <math.h>

#include "llm/mass.h"

// The logarithm of the sum of exp(logits).
static double log_sum(const float *logits, uint32_t V)
{
    float top = mass_top(logits, V);
    struct mass m;
    mass_measure(logits, V, top, &m);
    return (double)top + log(m.total);
}

size_t logprobs_top(const float *logits, uint32_t V, size_t n, struct logprob *top)
{
    size_t have = 0;
    n = n < LOGPROBS_MAX ? n : LOGPROBS_MAX;
    for (uint32_t i = 0; n && i < V; i++) {
        if (have == n && !(logits[i] > top[n - 1].value))
            continue;
        size_t at = have < n ? have++ : n - 1;
        for (; at > 0 && top[at - 1].value < logits[i]; at--)
            top[at] = top[at - 1];
        top[at] = (struct logprob){(int32_t)i, logits[i]};
    }
    double divisor = have ? log_sum(logits, V) : 0;
    for (size_t i = 0; i < have; i++)
        top[i].value = (float)((double)top[i].value - divisor);
    return have;
}

float logprobs_of(const float *logits, uint32_t V, int32_t token)
{
    return (float)((double)logits[token] - log_sum(logits, V));
}
