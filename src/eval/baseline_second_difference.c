// Baseline: the size of the second difference, the best of the simple ones on the UCR archive.
#include <math.h>
#include <stdlib.h>

#include "eval/detector.h"

struct second_difference {
    double last, before;
    int begun;
};

static enum err_code open_state(const struct eval_setup *setup, void **state, struct err *err)
{
    if (setup->sensors != 1)
        return err_set(err, ERR_UNSUPPORTED, "second_difference takes one sensor, not %zu",
                       setup->sensors);
    *state = calloc(1, sizeof(struct second_difference));
    return *state ? ERR_OK : err_set(err, ERR_NO_MEMORY, "out of memory");
}

static enum err_code push(void *state, int64_t time_us, const double *row,
                          struct eval_judgement *out, struct err *err)
{
    struct second_difference *d = state;
    (void)time_us;
    (void)err;
    if (isnan(*row))
        return ERR_OK;
    if (!d->begun)
        d->last = d->before = *row;
    d->begun = 1;
    out->score = fabs((*row - d->last) - (d->last - d->before));
    d->before = d->last;
    d->last = *row;
    return ERR_OK;
}

const struct eval_detector eval_detector_second_difference = {
    .name = "second_difference",
    .summary = "the size of the second difference",
    .suites = EVAL_UCR,
    .open = open_state,
    .push = push,
    .close = free,
};
