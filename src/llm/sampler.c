// Chooses the next token from logits.
#include "llm/sampler.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "llm/candidates.h"
#include "llm/mass.h"

enum { RECENT_MAX = 1 << 16 };

struct sampler {
    struct sampler_settings settings;
    struct sampler_bias *biases;
    struct rng rng;
    uint32_t V;
    float *logits;                // [V] after mask, biases and penalties
    struct candidate *candidates; // [V]
    double *pieces;               // [V / MASS_PIECE], rounded up
    uint16_t *counts;             // [V] occurrences among the recent
    int32_t *recent;              // ring of settings.recent tokens
    uint32_t recent_n, recent_at;
};

static enum err_code check_bias(const struct sampler_bias *b, uint32_t V, struct err *err)
{
    if (b->token < 0 || (uint32_t)b->token >= V)
        return err_set(err, ERR_USAGE, "logit_bias names token %d, but there are %u tokens",
                       b->token, V);
    if (isnan(b->bias) || b->bias == INFINITY)
        return err_set(err, ERR_USAGE, "logit_bias of token %d is %g, expected a number or -inf",
                       b->token, (double)b->bias);
    return ERR_OK;
}

static enum err_code check(const struct sampler_settings *s, uint32_t V, struct err *err)
{
    const struct {
        const char *name;
        float v, least, most;
    } bounds[] = {
        {"repetition_penalty", s->repetition_penalty, 0.01f, 10},
        {"frequency_penalty", s->frequency_penalty, -10, 10},
        {"presence_penalty", s->presence_penalty, -10, 10},
        {"typical_p", s->typical_p, 0, 1},
        {"top_p", s->top_p, 0, 1},
        {"min_p", s->min_p, 0, 1},
        {"temperature", s->temperature, 0, 100},
    };
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        if (!(bounds[i].v >= bounds[i].least && bounds[i].v <= bounds[i].most))
            return err_set(err, ERR_USAGE, "%s is %g, expected %g to %g", bounds[i].name,
                           (double)bounds[i].v, (double)bounds[i].least, (double)bounds[i].most);
    if (s->recent > RECENT_MAX - 1)
        return err_set(err, ERR_USAGE, "recent is %u, expected 0 to %d", s->recent, RECENT_MAX - 1);
    if (s->bias_count > SAMPLER_BIASES_MAX)
        return err_set(err, ERR_USAGE, "logit_bias has %zu tokens, expected %d at most",
                       s->bias_count, SAMPLER_BIASES_MAX);
    enum err_code code = ERR_OK;
    for (size_t i = 0; !code && i < s->bias_count; i++)
        code = check_bias(&s->biases[i], V, err);
    return code;
}

enum err_code sampler_open(const struct sampler_settings *settings, uint32_t vocabulary,
                           struct sampler **out, struct err *err)
{
    *out = NULL;
    enum err_code code = check(settings, vocabulary, err);
    if (code)
        return code;
    struct sampler *s = calloc(1, sizeof *s);
    if (s) {
        s->logits = malloc((vocabulary + 1) * sizeof *s->logits);
        s->candidates = malloc((vocabulary + 1) * sizeof *s->candidates);
        s->pieces = malloc((vocabulary / MASS_PIECE + 1) * sizeof *s->pieces);
        s->counts = calloc(vocabulary + 1, sizeof *s->counts);
        s->recent = malloc((settings->recent + 1) * sizeof *s->recent);
        s->biases = malloc((settings->bias_count + 1) * sizeof *s->biases);
    }
    if (!s || !s->logits || !s->candidates || !s->pieces || !s->counts || !s->recent ||
        !s->biases) {
        sampler_close(&s);
        return err_set(err, ERR_NO_MEMORY, "out of memory for a sampler of %u tokens", vocabulary);
    }
    s->settings = *settings;
    if (settings->bias_count)
        memcpy(s->biases, settings->biases, settings->bias_count * sizeof *s->biases);
    s->settings.biases = s->biases;
    s->V = vocabulary;
    rng_seed(&s->rng, settings->seed);
    *out = s;
    return ERR_OK;
}

void sampler_close(struct sampler **s)
{
    if (!*s)
        return;
    free((*s)->logits);
    free((*s)->candidates);
    free((*s)->pieces);
    free((*s)->counts);
    free((*s)->recent);
    free((*s)->biases);
    free(*s);
    *s = NULL;
}

void sampler_accept(struct sampler *s, int32_t token)
{
    uint32_t room = s->settings.recent;
    if (room == 0 || token < 0 || (uint32_t)token >= s->V)
        return;
    if (s->recent_n == room)
        s->counts[s->recent[s->recent_at]]--;
    else
        s->recent_n++;
    s->recent[s->recent_at] = token;
    s->recent_at = (s->recent_at + 1) % room;
    s->counts[token]++;
}

static float penalised(const struct sampler_settings *p, float logit, uint16_t count)
{
    logit = logit > 0 ? logit / p->repetition_penalty : logit * p->repetition_penalty;
    return logit - p->frequency_penalty * (float)count - p->presence_penalty;
}

static bool has_penalties(const struct sampler_settings *p)
{
    return p->repetition_penalty != 1 || p->frequency_penalty != 0 || p->presence_penalty != 0;
}

static void apply_mask(float *logits, uint32_t V, const uint64_t *mask)
{
    for (uint32_t i = 0; i < V; i += 64) {
        uint64_t word = mask[i / 64];
        uint32_t n = V - i < 64 ? V - i : 64;
        if (word == 0)
            for (uint32_t k = 0; k < n; k++)
                logits[i + k] = -INFINITY;
        else if (word != UINT64_MAX)
            for (uint32_t k = 0; k < n; k++)
                logits[i + k] = (float[]){-INFINITY, logits[i + k]}[word >> k & 1];
    }
}

// The logits after mask, biases and penalties: the caller's own where nothing changes them.
static const float *adjust(struct sampler *s, const float *logits, const uint64_t *mask)
{
    const struct sampler_settings *p = &s->settings;
    bool penalties = has_penalties(p) && s->recent_n;
    if (!mask && !p->bias_count && !penalties)
        return logits;
    memcpy(s->logits, logits, s->V * sizeof *logits);
    if (mask)
        apply_mask(s->logits, s->V, mask);
    for (size_t i = 0; i < p->bias_count; i++)
        s->logits[p->biases[i].token] += p->biases[i].bias;
    for (uint32_t i = 0; penalties && i < s->recent_n; i++) {
        int32_t id = s->recent[i];
        uint16_t count = s->counts[id];
        if (count == 0) // met before in this loop
            continue;
        s->logits[id] = penalised(p, s->logits[id], count);
        s->counts[id] = 0;
    }
    for (uint32_t i = 0; penalties && i < s->recent_n; i++)
        s->counts[s->recent[i]]++;
    return s->logits;
}

static int32_t most_likely(const float *logits, uint32_t V)
{
    float top = mass_top(logits, V);
    for (uint32_t i = 0; i < V && top > -INFINITY; i++)
        if (logits[i] == top)
            return (int32_t)i;
    return -1;
}

// Whether steps 3 to 6 leave everything as it is.
static bool keeps_all(const struct sampler_settings *p, uint32_t V)
{
    return (p->top_k == 0 || p->top_k >= V) && p->typical_p >= 1 && p->top_p >= 1 && p->min_p <= 0;
}

// Steps 3 to 6, one of which cuts: fills s->candidates, returns how many are left. The first step
// that cuts does so while it collects.
static size_t cut(struct sampler *s, const float *logits)
{
    const struct sampler_settings *p = &s->settings;
    struct candidate *c = s->candidates;
    bool typical = p->typical_p < 1, top_p = p->top_p<1, min_p = p->min_p> 0;
    size_t n;
    if (p->top_k && p->top_k < s->V) {
        n = candidates_top_k(logits, s->V, p->top_k, c);
    } else if (typical) {
        n = candidates_typical(logits, s->V, p->typical_p, c);
        typical = false;
    } else if (top_p) {
        n = candidates_top_p(logits, s->V, p->top_p, c);
        top_p = false;
    } else {
        n = candidates_min_p(logits, s->V, p->min_p, c);
        min_p = false;
    }
    if (n && typical)
        n = candidates_keep_typical(c, n, p->typical_p);
    if (n && top_p)
        n = candidates_keep_top_p(c, n, p->top_p);
    if (n && min_p)
        n = candidates_keep_min_p(c, n, p->min_p);
    return n;
}

// The candidate at the given share, 0 to 1, of the weight of all n.
static int32_t draw(struct sampler *s, size_t n, double share)
{
    struct candidate *c = s->candidates;
    float top = -INFINITY;
    for (size_t i = 0; i < n; i++)
        top = fmaxf(top, c[i].logit);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += c[i].p = exp(((double)c[i].logit - (double)top) / (double)s->settings.temperature);
    double at = share * sum;
    size_t last = 0;
    for (size_t i = 0; i < n; i++) {
        at -= c[i].p;
        if (at < 0)
            return c[i].id;
        if (c[i].p > 0)
            last = i;
    }
    return c[last].id; // the sum was rounded
}

// A draw from all tokens: the piece of the vocabulary first, then within it.
static int32_t draw_from_all(struct sampler *s, const float *logits)
{
    float top = mass_top(logits, s->V);
    if (!(top > -INFINITY))
        return -1;
    double total = mass_pieces(logits, s->V, top, s->settings.temperature, s->pieces);
    double at = rng_uniform(&s->rng) * total, share = 1;
    uint32_t last = 0; // the piece
    for (uint32_t i = 0; i * MASS_PIECE < s->V; i++) {
        if (s->pieces[i] <= 0)
            continue;
        last = i;
        if (at < s->pieces[i]) {
            share = at / s->pieces[i];
            break;
        }
        at -= s->pieces[i];
    }
    uint32_t from = last * MASS_PIECE, n = s->V - from < MASS_PIECE ? s->V - from : MASS_PIECE;
    for (uint32_t i = 0; i < n; i++)
        s->candidates[i] = (struct candidate){.logit = logits[from + i], .id = (int32_t)(from + i)};
    return draw(s, n, share);
}

int32_t sampler_pick(struct sampler *s, const float *logits, const uint64_t *mask)
{
    logits = adjust(s, logits, mask);
    if (s->settings.temperature == 0)
        return most_likely(logits, s->V);
    if (keeps_all(&s->settings, s->V))
        return draw_from_all(s, logits);
    size_t n = cut(s, logits);
    return n ? draw(s, n, rng_uniform(&s->rng)) : -1;
}
