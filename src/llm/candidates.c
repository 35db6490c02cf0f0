// The tokens that are still in the draw, and the steps that cut them down without a full sort.
#include "llm/candidates.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum {
    KEY_SHIFT = 20,                      // of a float's 32 bits: 8 buckets between powers of two
    KEY_BUCKETS = 1 << (32 - KEY_SHIFT), //
    MASS_BUCKETS = 1024,                 // 32 in each factor of e below the largest
};

static bool before(const struct candidate *a, const struct candidate *b)
{
    return a->key != b->key ? a->key < b->key : a->id < b->id;
}

// Moves to the front the fewest candidates, first in rank, whose p add up to `target` at least (or
// to more, when `beyond`); returns how many: Hoare's selection with weights.
static size_t keep_mass(struct candidate *c, size_t n, double target, bool beyond)
{
    size_t from = 0, to = n;
    double kept = 0; // of c[0 .. from)
    while (to - from > 1) {
        struct candidate pivot = c[from + (to - 1 - from) / 2];
        size_t i = from, j = to - 1;
        for (;; i++, j--) {
            while (before(&c[i], &pivot))
                i++;
            while (before(&pivot, &c[j]))
                j--;
            if (i >= j)
                break;
            struct candidate t = c[i];
            c[i] = c[j];
            c[j] = t;
        }
        // None of c[from .. j] ranks behind any of c[j+1 .. to).
        double mass = kept;
        for (size_t k = from; k <= j; k++)
            mass += c[k].p;
        if (beyond ? mass > target : mass >= target) {
            to = j + 1;
        } else {
            kept = mass;
            from = j + 1;
        }
    }
    return to;
}

static void add(struct candidate *out, size_t *n, float logit, uint32_t id)
{
    out[(*n)++] = (struct candidate){.logit = logit, .id = (int32_t)id};
}

float candidates_largest(const float *logits, uint32_t V)
{
    // Signed integers in the order of the floats: their maximum is taken many at a time.
    int32_t top = INT32_MIN;
    for (uint32_t i = 0; i < V; i++) {
        int32_t bits;
        memcpy(&bits, &logits[i], sizeof bits);
        bits ^= (int32_t)((uint32_t)(bits >> 31) >> 1);
        top = bits > top ? bits : top;
    }
    top ^= (int32_t)((uint32_t)(top >> 31) >> 1);
    float value;
    memcpy(&value, &top, sizeof value);
    return V ? value : -INFINITY;
}

size_t candidates_all(const float *logits, uint32_t V, struct candidate *out)
{
    size_t n = 0;
    for (uint32_t i = 0; i < V; i++)
        if (logits[i] > -INFINITY)
            add(out, &n, logits[i], i);
    return n;
}

// Unsigned integers in the order of the floats they come from; both zeros give the same.
static uint32_t ordered(float x)
{
    uint32_t bits;
    x += 0.0f;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

size_t candidates_top_k(const float *logits, uint32_t V, uint32_t k, struct candidate *out)
{
    // Two histograms, so that neighbours in the same bucket do not wait for each other.
    uint32_t counts[2][KEY_BUCKETS] = {{0}};
    for (uint32_t i = 0; i < V; i++)
        counts[i & 1][ordered(logits[i]) >> KEY_SHIFT]++;
    uint32_t bucket = KEY_BUCKETS, reached = 0;
    while (bucket > 0 && reached < k) {
        bucket--;
        reached += counts[0][bucket] + counts[1][bucket];
    }
    uint32_t least = bucket << KEY_SHIFT;
    size_t n = 0;
    for (uint32_t i = 0; i < V; i++)
        if (ordered(logits[i]) >= least && logits[i] > -INFINITY)
            add(out, &n, logits[i], i);
    for (size_t i = 0; i < n; i++) {
        out[i].key = -(double)out[i].logit;
        out[i].p = 1;
    }
    return n <= k ? n : keep_mass(out, n, k, false);
}

static uint32_t mass_bucket(float distance)
{
    return distance < MASS_BUCKETS / 32 - 1 ? (uint32_t)(distance * 32) : MASS_BUCKETS - 1;
}

size_t candidates_top_p(const float *logits, uint32_t V, float top_p, struct candidate *out)
{
    float top = candidates_largest(logits, V);
    if (!(top > -INFINITY))
        return 0;
    double mass[MASS_BUCKETS] = {0}, weight[MASS_BUCKETS], total = 0, reached = 0;
    for (size_t b = 0; b < MASS_BUCKETS; b++)
        weight[b] = exp(-(double)b / 32);
    for (uint32_t i = 0; i < V; i++) {
        float distance = top - logits[i];
        uint32_t b = mass_bucket(distance);
        double r = (double)distance - (double)b / 32; // 0 to 1/32, but in the last bucket
        mass[b] += b < MASS_BUCKETS - 1 ? weight[b] * (1 - r * (1 - r * (0.5 - r / 6)))
                                        : exp(-(double)distance);
    }
    for (size_t b = 0; b < MASS_BUCKETS; b++)
        total += mass[b];
    uint32_t last = 0;
    while (last < MASS_BUCKETS - 1 && (reached += mass[last]) < (double)top_p * total)
        last++;
    last++; // the sums above are rounded: the cut may fall into the next bucket
    size_t n = 0;
    for (uint32_t i = 0; i < V; i++)
        if (logits[i] > -INFINITY && mass_bucket(top - logits[i]) <= last)
            add(out, &n, logits[i], i);
    for (size_t i = 0; i < n; i++) {
        out[i].key = (double)top - (double)out[i].logit;
        out[i].p = exp(-out[i].key);
    }
    return keep_mass(out, n, (double)top_p * total, false);
}

size_t candidates_min_p(const float *logits, uint32_t V, float min_p, struct candidate *out)
{
    double least = (double)candidates_largest(logits, V) + log((double)min_p);
    size_t n = 0;
    for (uint32_t i = 0; i < V; i++)
        if ((double)logits[i] >= least && logits[i] > -INFINITY)
            add(out, &n, logits[i], i);
    return n;
}

// Sets p to the softmax; returns the logarithm of what it was divided by, with the largest logit.
static double softmax(struct candidate *c, size_t n)
{
    double top = -INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++)
        top = fmax(top, (double)c[i].logit);
    for (size_t i = 0; i < n; i++)
        sum += c[i].p = exp((double)c[i].logit - top);
    for (size_t i = 0; i < n; i++)
        c[i].p /= sum;
    return log(sum) + top;
}

size_t candidates_keep_typical(struct candidate *c, size_t n, float typical_p)
{
    double divisor = softmax(c, n), entropy = 0;
    for (size_t i = 0; i < n; i++)
        entropy += c[i].p * (divisor - (double)c[i].logit);
    for (size_t i = 0; i < n; i++)
        c[i].key = fabs(divisor - (double)c[i].logit - entropy);
    return keep_mass(c, n, (double)typical_p, true);
}

size_t candidates_keep_top_p(struct candidate *c, size_t n, float top_p)
{
    softmax(c, n);
    for (size_t i = 0; i < n; i++)
        c[i].key = -(double)c[i].logit;
    return keep_mass(c, n, (double)top_p, false);
}

size_t candidates_keep_min_p(struct candidate *c, size_t n, float min_p)
{
    float top = -INFINITY;
    for (size_t i = 0; i < n; i++)
        top = fmaxf(top, c[i].logit);
    double least = (double)top + log((double)min_p);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if ((double)c[i].logit >= least)
            c[kept++] = c[i];
    return kept;
}
