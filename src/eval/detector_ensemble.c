// The univariate detector together with the contexts of levels (detect/context_watch.h).
//
// A new level where it stands adds to the surprise of the readings beside it.
#include <stdlib.h>

#include "detect/context_watch.h"
#include "detect/univariate.h"
#include "eval/detector.h"

// Surprise to 0..1: half way at 10. Only the order of scores matters to the benchmark.
#define SURPRISE_SCALE 10

// Evidence counts for as many readings, since the two do not see the same thing at once.
enum { TOGETHER = 8 };

// What a report of contexts adds to a surprise.
static const float context_surprise = 2;

struct ensemble_state {
    uint32_t warm_up;
    struct univariate sensor;
    struct univariate_report report;
    struct context_watch *contexts;
    uint64_t n;
    float surprise[TOGETHER];
    float context[TOGETHER];
};

static void close_state(void *state)
{
    struct ensemble_state *e = state;
    context_watch_close(&e->contexts);
    free(e);
}

static enum err_code open_state(const struct eval_setup *setup, void **state, struct err *err)
{
    if (setup->sensors != 1)
        return err_set(err, ERR_UNSUPPORTED, "ensemble takes one sensor, not %zu", setup->sensors);
    struct ensemble_state *e = calloc(1, sizeof *e);
    if (e)
        e->contexts = context_watch_open((uint32_t)setup->train_rows);
    if (!e || !e->contexts) {
        free(e);
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    e->warm_up = (uint32_t)setup->train_rows;
    *state = e;
    return ERR_OK;
}

static float largest(const float v[TOGETHER])
{
    float most = v[0];
    for (int i = 1; i < TOGETHER; i++)
        if (v[i] > most)
            most = v[i];
    return most;
}

static enum err_code push(void *state, int64_t time_us, const double *row,
                          struct eval_judgement *out, struct err *err)
{
    struct ensemble_state *e = state;
    struct univariate_result r;
    (void)err;
    univariate_push(&e->sensor, e->warm_up, 0, time_us, *row, &r);
    e->surprise[e->n % TOGETHER] = r.surprise;
    e->context[e->n % TOGETHER] = context_watch_push(e->contexts, *row) ? context_surprise : 0;
    e->n++;
    float told = univariate_report(&e->report, &e->sensor, e->warm_up,
                                   largest(e->surprise) + largest(e->context));
    out->score = (double)told / ((double)told + SURPRISE_SCALE);
    return ERR_OK;
}

const struct eval_detector eval_detector_ensemble = {
    .name = "ensemble",
    .summary = "univariate, and contexts of levels: what usually follows what",
    .suites = EVAL_NAB,
    .open = open_state,
    .push = push,
    .close = close_state,
};
