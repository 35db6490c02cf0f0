// The product's univariate detector (detect/univariate.h) behind the adapter.
#include "detect/univariate.h"

#include <stdlib.h>

#include "eval/detector.h"

// Surprise to 0..1: half way at 10. Only the order of scores matters to the benchmark.
#define SURPRISE_SCALE 10

struct univariate_state {
    uint32_t warm_up;
    struct univariate sensor;
    struct univariate_report report;
};

static enum err_code open_state(const struct eval_setup *setup, void **state, struct err *err)
{
    if (setup->sensors != 1)
        return err_set(err, ERR_UNSUPPORTED, "univariate takes one sensor, not %zu",
                       setup->sensors);
    struct univariate_state *u = calloc(1, sizeof *u);
    if (!u)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    u->warm_up = (uint32_t)setup->train_rows;
    *state = u;
    return ERR_OK;
}

static enum err_code push(void *state, int64_t time_us, const double *row,
                          struct eval_judgement *out, struct err *err)
{
    struct univariate_state *u = state;
    struct univariate_result r;
    (void)err;
    univariate_push(&u->sensor, u->warm_up, 0, time_us, *row, &r);
    float told = univariate_report(&u->report, &u->sensor, u->warm_up, r.surprise);
    out->score = (double)told / ((double)told + SURPRISE_SCALE);
    return ERR_OK;
}

const struct eval_detector eval_detector_univariate = {
    .name = "univariate",
    .summary = "fettle's thirteen statistics of one sensor, each against its own records",
    .suites = EVAL_NAB,
    .open = open_state,
    .push = push,
    .close = free,
};
