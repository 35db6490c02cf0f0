// The tokens that are still in the draw, and the steps that cut them down without a full sort.
#include "llm/candidates.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "llm/mass.h"

enum {
    KEY_SHIFT = 20,                      // of a float's 32 bits: 8 buckets between powers of two
    KEY_BUCKETS = 1 << (32 - KEY_SHIFT), //
    SPANS = 4096,                        // that top_k cuts a vocabulary into, at most
    CHUNK = 16,                          // logits that are passed over together
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
    struct candidate *c = &out[(*n)++];
    c->logit = logit;
    c->id = (int32_t)id;
}

// Unsigned integers in the order of the floats they come from; both zeros give the same.
static uint32_t ordered(float x)
{
    uint32_t bits;
    x += 0.0f;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

// The k-th largest of spans' largest logits, rounded down: k logits at least are not below it.
static uint32_t least_of_top_k(const float *largest, size_t spans, uint32_t k)
{
    uint32_t counts[KEY_BUCKETS] = {0}, bucket = KEY_BUCKETS, reached = 0;
    for (size_t i = 0; i < spans; i++)
        counts[ordered(largest[i]) >> KEY_SHIFT]++;
    while (bucket > 0 && reached < k)
        reached += counts[--bucket];
    return bucket << KEY_SHIFT;
}

size_t candidates_top_k(const float *logits, uint32_t V, uint32_t k, struct candidate *out)
{
    uint32_t each = ((V + SPANS - 1) / SPANS + CHUNK - 1) / CHUNK * CHUNK;
    float largest[SPANS];
    size_t spans = 0, n = 0;
    for (uint32_t from = 0; from < V; from += each)
        largest[spans++] = mass_top(logits + from, V - from < each ? V - from : each);
    uint32_t least = least_of_top_k(largest, spans, k);
    for (uint32_t i = 0; i < V; i++) {
        if (i % each == 0 && ordered(largest[i / each]) < least)
            i += each - 1;
        else if (ordered(logits[i]) >= least && logits[i] > -INFINITY)
            add(out, &n, logits[i], i);
    }
    for (size_t i = 0; i < n; i++) {
        out[i].key = -(double)out[i].logit;
        out[i].p = 1;
    }
    return n <= k ? n : keep_mass(out, n, k, false);
}

static bool any_near(const float *x, float center, float width)
{
    int any = 0;
    for (size_t k = 0; k < CHUNK; k++)
        any |= fabsf(x[k] - center) <= width;
    return any;
}

// Collects those whose logit is at most `width` from `center`, which is their key.
static size_t collect_near(const float *logits, uint32_t V, double center, double width,
                           struct candidate *out)
{
    float about = (float)center, wider = (float)(width * 1.001 + 1e-5 * fabs(center));
    size_t n = 0;
    for (uint32_t i = 0; i < V; i += CHUNK) {
        uint32_t end = V - i < CHUNK ? V : i + CHUNK;
        if (end - i == CHUNK && !any_near(logits + i, about, wider))
            continue;
        for (uint32_t k = i; k < end; k++) {
            double key = fabs(center - (double)logits[k]);
            if (key <= width && logits[k] > -INFINITY) {
                out[n].key = key;
                add(out, &n, logits[k], k);
            }
        }
    }
    return n;
}

// The fewest, nearest to `center` first, that weigh `target` (see keep_mass). Wider bands are
// looked at only where a narrow one does not hold them.
static size_t nearest(const float *logits, uint32_t V, float top, double center, double target,
                      bool beyond, struct candidate *out)
{
    static const double widths[] = {2.5, 6, 12, INFINITY};
    for (size_t i = 0;; i++) {
        double held = 0;
        size_t n = collect_near(logits, V, center, widths[i], out);
        for (size_t k = 0; k < n; k++)
            held += out[k].p = exp((double)out[k].logit - (double)top);
        if (held > target || isinf(widths[i]))
            return keep_mass(out, n, target, beyond);
    }
}

size_t candidates_top_p(const float *logits, uint32_t V, float top_p, struct candidate *out)
{
    float top = mass_top(logits, V);
    if (!(top > -INFINITY))
        return 0;
    struct mass m;
    mass_measure(logits, V, top, &m);
    return nearest(logits, V, top, (double)top, (double)top_p * m.total, false, out);
}

size_t candidates_typical(const float *logits, uint32_t V, float typical_p, struct candidate *out)
{
    float top = mass_top(logits, V);
    if (!(top > -INFINITY))
        return 0;
    struct mass m;
    mass_measure(logits, V, top, &m);
    // The logit of a token whose surprise is the entropy.
    double center = (double)top - m.moment / m.total;
    return nearest(logits, V, top, center, (double)typical_p * m.total, true, out);
}

size_t candidates_min_p(const float *logits, uint32_t V, float min_p, struct candidate *out)
{
    float top = mass_top(logits, V);
    return top > -INFINITY ? collect_near(logits, V, (double)top, -log((double)min_p), out) : 0;
}

// Sets p to the softmax; returns the logarithm of what it was divided by, with the largest logit.
static double softmax(struct candidate *c, size_t n)
{
    double top = -INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++)
        top = (double)c[i].logit > top ? (double)c[i].logit : top;
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
