// Chooses the next token from logits.
#include "llm/sampler.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

enum { RECENT_MAX = 1 << 16 };

struct candidate {
    float logit;
    int32_t id;
};

struct sampler {
    struct sampler_settings settings;
    struct rng rng;
    uint32_t V;
    struct candidate *candidates; // [V]
    uint16_t *counts;             // [V] occurrences among the recent
    int32_t *recent;              // ring of settings.recent tokens
    uint32_t recent_n, recent_at;
};

static enum err_code check(const struct sampler_settings *s, struct err *err)
{
    const struct {
        const char *name;
        float v, least, most;
    } bounds[] = {
        {"repetition_penalty", s->repetition_penalty, 0.01f, 10},
        {"frequency_penalty", s->frequency_penalty, -10, 10},
        {"presence_penalty", s->presence_penalty, -10, 10},
        {"temperature", s->temperature, 0, 100},
        {"top_p", s->top_p, 0, 1},
        {"min_p", s->min_p, 0, 1},
    };
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        if (!(bounds[i].v >= bounds[i].least && bounds[i].v <= bounds[i].most))
            return err_set(err, ERR_USAGE, "%s is %g, expected %g to %g", bounds[i].name,
                           (double)bounds[i].v, (double)bounds[i].least, (double)bounds[i].most);
    if (s->recent > RECENT_MAX - 1)
        return err_set(err, ERR_USAGE, "recent is %u, expected 0 to %d", s->recent, RECENT_MAX - 1);
    return ERR_OK;
}

enum err_code sampler_open(const struct sampler_settings *settings, uint32_t vocabulary,
                           struct sampler **out, struct err *err)
{
    *out = NULL;
    enum err_code code = check(settings, err);
    if (code)
        return code;
    struct sampler *s = calloc(1, sizeof *s);
    if (s) {
        s->candidates = malloc((vocabulary + 1) * sizeof *s->candidates);
        s->counts = calloc(vocabulary + 1, sizeof *s->counts);
        s->recent = malloc((settings->recent + 1) * sizeof *s->recent);
    }
    if (!s || !s->candidates || !s->counts || !s->recent) {
        sampler_close(&s);
        return err_set(err, ERR_NO_MEMORY, "out of memory for a sampler of %u tokens", vocabulary);
    }
    s->settings = *settings;
    s->V = vocabulary;
    rng_seed(&s->rng, settings->seed);
    *out = s;
    return ERR_OK;
}

void sampler_close(struct sampler **s)
{
    if (!*s)
        return;
    free((*s)->candidates);
    free((*s)->counts);
    free((*s)->recent);
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

static float penalised(const struct sampler *s, float logit, uint16_t count)
{
    const struct sampler_settings *p = &s->settings;
    if (count == 0)
        return logit;
    logit = logit > 0 ? logit / p->repetition_penalty : logit * p->repetition_penalty;
    return logit - p->frequency_penalty * (float)count - p->presence_penalty;
}

static bool better(const struct candidate *a, const struct candidate *b)
{
    return a->logit != b->logit ? a->logit > b->logit : a->id < b->id;
}

static int by_logit(const void *a, const void *b)
{
    return better(a, b) ? -1 : 1;
}

// Moves the k best to the front, in no order (Hoare's selection).
static void select_best(struct candidate *c, size_t n, size_t k)
{
    size_t from = 0, to = n;
    while (to - from > 1) {
        struct candidate pivot = c[from + (to - 1 - from) / 2];
        size_t i = from, j = to - 1;
        for (;; i++, j--) {
            while (better(&c[i], &pivot))
                i++;
            while (better(&pivot, &c[j]))
                j--;
            if (i >= j)
                break;
            struct candidate t = c[i];
            c[i] = c[j];
            c[j] = t;
        }
        // None of c[from .. j] is worse than any of c[j+1 .. to).
        if (k == j + 1)
            return;
        if (k <= j)
            to = j + 1;
        else
            from = j + 1;
    }
}

// The candidates that may be chosen, best first; returns how many.
static size_t keep_candidates(struct sampler *s)
{
    const struct sampler_settings *p = &s->settings;
    size_t n = s->V;
    if (p->top_k && p->top_k < n) {
        select_best(s->candidates, n, p->top_k);
        n = p->top_k;
    }
    if (p->min_p > 0) {
        float top = -INFINITY;
        for (size_t i = 0; i < n; i++)
            top = fmaxf(top, s->candidates[i].logit);
        float least = top + p->temperature * logf(p->min_p);
        size_t kept = 0;
        for (size_t i = 0; i < n; i++)
            if (s->candidates[i].logit >= least)
                s->candidates[kept++] = s->candidates[i];
        n = kept;
    }
    qsort(s->candidates, n, sizeof *s->candidates, by_logit);
    return n;
}

static int32_t draw(struct sampler *s, size_t n)
{
    const struct candidate *c = s->candidates;
    double sum = 0, kept = 0, temperature = (double)s->settings.temperature;
    for (size_t i = 0; i < n; i++)
        sum += exp(((double)c[i].logit - (double)c[0].logit) / temperature);
    size_t last = 0;
    for (; last < n; last++) {
        kept += exp(((double)c[last].logit - (double)c[0].logit) / temperature);
        if (kept >= (double)s->settings.top_p * sum)
            break;
    }
    double at = rng_uniform(&s->rng) * kept;
    for (size_t i = 0; i < n; i++) {
        at -= exp(((double)c[i].logit - (double)c[0].logit) / temperature);
        if (at < 0)
            return c[i].id;
    }
    return c[last < n ? last : n - 1].id;
}

int32_t sampler_pick(struct sampler *s, const float *logits)
{
    struct candidate best = {-INFINITY, 0};
    for (uint32_t i = 0; i < s->V; i++) {
        struct candidate c = {penalised(s, logits[i], s->counts[i]), (int32_t)i};
        s->candidates[i] = c;
        if (better(&c, &best))
            best = c;
    }
    if (s->settings.temperature == 0)
        return best.id;
    size_t n = keep_candidates(s);
    return n ? draw(s, n) : best.id;
}
