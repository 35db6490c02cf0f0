// Turns values into levels for contexts, and keeps what contexts are learnt anew from.
#include "detect/context_watch.h"

#include <math.h>
#include <stdlib.h>

#include "detect/contexts.h"

enum { KEPT = 4096, CONTEXTS = 4096, RESTS = 5 };
static const double report_from = 0.75, widen = 1, value_most = 1e15;

struct context_watch {
    struct contexts *contexts;
    uint64_t n, last_new; // readings; number of the last one that was new where it stood
    uint32_t warm_up;
    double low, high;
    double kept[KEPT]; // reading number i at i % KEPT
};

struct context_watch *context_watch_open(uint32_t warm_up)
{
    struct context_watch *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->warm_up = warm_up;
    w->contexts = contexts_open(CONTEXTS);
    if (!w->contexts)
        context_watch_close(&w);
    return w;
}

void context_watch_close(struct context_watch **w)
{
    if (*w)
        contexts_close(&(*w)->contexts);
    free(*w);
    *w = NULL;
}

static int level_of(const struct context_watch *w, double value)
{
    double step = w->high > w->low ? (w->high - w->low) / (CONTEXTS_LEVELS - 1) : 1;
    double level = (value - w->low) / step;
    return level < CONTEXTS_LEVELS - 1 ? (int)level : CONTEXTS_LEVELS - 1;
}

static void learn_anew(struct context_watch *w)
{
    contexts_forget(w->contexts);
    for (uint64_t i = w->n > KEPT ? w->n - KEPT : 0; i < w->n; i++)
        contexts_push(w->contexts, level_of(w, w->kept[i % KEPT]));
}

// Until the end of the warm-up the range is that of the readings; then it is widened.
static void fit_range(struct context_watch *w, double value)
{
    if (w->n == 0)
        w->low = w->high = value;
    bool ends = w->n == w->warm_up, beyond = value < w->low || value > w->high;
    double room = w->n < w->warm_up ? 0 : widen * (w->high - w->low);
    if (ends) {
        w->low -= room;
        w->high += room;
        beyond = value < w->low || value > w->high;
        room = widen * (w->high - w->low);
    }
    if (value < w->low)
        w->low = value - room;
    if (value > w->high)
        w->high = value + room;
    if (ends || (w->n > w->warm_up && beyond))
        learn_anew(w);
}

bool context_watch_push(struct context_watch *w, double value)
{
    if (!(fabs(value) <= value_most))
        return false;
    fit_range(w, value);
    bool told = false;
    if (w->n >= w->warm_up && contexts_push(w->contexts, level_of(w, value)) >= report_from) {
        told = !w->last_new || w->n - w->last_new > w->warm_up / RESTS;
        w->last_new = w->n;
    }
    w->kept[w->n++ % KEPT] = value;
    return told;
}

size_t context_watch_bytes(const struct context_watch *w)
{
    return sizeof *w + contexts_bytes(w->contexts);
}
