// Time of the sampler's picks over a vocabulary of 151,936: mean of 200, by settings.
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/rng.h"
#include "llm/logprobs.h"
#include "llm/sampler.h"

enum { V = 151936, PICKS = 200 };

static int measure(const char *name, struct sampler_settings settings, const float *logits,
                   const uint64_t *mask)
{
    struct sampler *s;
    struct err err;
    if (sampler_open(&settings, V, &s, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    int64_t start = clock_mono_us();
    for (int i = 0; i < PICKS; i++)
        sampler_accept(s, sampler_pick(s, logits, mask));
    printf("%-40s %7.1f us\n", name, (double)(clock_mono_us() - start) / PICKS);
    sampler_close(&s);
    return 0;
}

int main(void)
{
    float *logits = malloc(V * sizeof *logits);
    uint64_t *mask = malloc((V / 64 + 1) * sizeof *mask);
    if (!logits || !mask)
        return 1;
    struct rng rng;
    rng_seed(&rng, 1);
    for (int i = 0; i < V; i++)
        logits[i] = (float)rng_normal(&rng) * 2.5f;
    for (int i = 0; i <= V / 64; i++)
        mask[i] = rng_u64(&rng);
    for (int i = 0; i < 8; i++) // a few likely tokens, as models have
        logits[rng_below(&rng, V)] = 14 + (float)i;
    struct sampler_settings s = SAMPLER_GREEDY;
    int failed = measure("greedy", s, logits, NULL);
    s.repetition_penalty = 1.1f;
    failed |= measure("greedy, repetition penalty", s, logits, NULL);
    failed |= measure("greedy, repetition penalty, mask", s, logits, mask);
    s = SAMPLER_GREEDY;
    s.temperature = 0.8f;
    s.top_k = 40;
    s.top_p = 0.95f;
    s.min_p = 0.05f;
    failed |= measure("top_k 40, top_p 0.95, min_p 0.05", s, logits, NULL);
    s.repetition_penalty = 1.1f;
    failed |= measure("the same, penalty, mask", s, logits, mask);
    s = SAMPLER_GREEDY;
    s.temperature = 0.8f;
    s.top_p = 0.95f;
    failed |= measure("top_p 0.95 alone", s, logits, NULL);
    s.top_p = 1;
    s.min_p = 0.05f;
    failed |= measure("min_p 0.05 alone", s, logits, NULL);
    s.min_p = 0;
    s.typical_p = 0.9f;
    failed |= measure("typical_p 0.9 alone", s, logits, NULL);
    s.typical_p = 1;
    failed |= measure("temperature alone", s, logits, NULL);
    struct logprob top[20];
    int64_t start = clock_mono_us();
    for (int i = 0; i < PICKS; i++)
        failed |= logprobs_top(logits, V, 20, top) != 20;
    printf("%-40s %7.1f us\n", "20 log probabilities", (double)(clock_mono_us() - start) / PICKS);
    free(logits);
    free(mask);
    return failed;
}
