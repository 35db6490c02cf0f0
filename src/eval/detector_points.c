// The textbook's detectors of one sensor (detect/point.h) behind the adapter.
#include <stddef.h>
#include <stdlib.h>

#include "detect/cusum.h"
#include "detect/ewma.h"
#include "detect/predict.h"
#include "detect/robust_z.h"
#include "detect/seasons.h"
#include "eval/detector.h"

// Told once: a score above the bar counts when it exceeds what was told in the last fifth of the
// training rows' number of readings. `state` lies behind it.
struct telling {
    float peak;
    size_t left, hold;
    max_align_t state[];
};

static double tell(struct telling *t, float score)
{
    t->peak = t->left > 0 ? t->peak : 0;
    t->left -= t->left > 0;
    if (score < 0.5f || score <= t->peak)
        return 0;
    t->peak = score;
    t->left = t->hold;
    return (double)score;
}

static enum err_code open_bytes(const struct eval_setup *setup, size_t bytes, void **state,
                                struct err *err)
{
    if (setup->sensors != 1)
        return err_set(err, ERR_UNSUPPORTED, "this detector takes one sensor, not %zu",
                       setup->sensors);
    struct telling *t = calloc(1, sizeof *t + bytes);
    if (!t)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    t->hold = setup->train_rows / 5;
    *state = t;
    return ERR_OK;
}

#define POINT_DETECTOR(NAME, SUMMARY)                                                              \
    static enum err_code open_##NAME(const struct eval_setup *setup, void **state,                 \
                                     struct err *err)                                              \
    {                                                                                              \
        return open_bytes(setup, sizeof(struct NAME), state, err);                                 \
    }                                                                                              \
    static enum err_code push_##NAME(void *state, int64_t time_us, const double *row,              \
                                     struct eval_judgement *out, struct err *err)                  \
    {                                                                                              \
        struct point p = {0};                                                                      \
        struct telling *t = state;                                                                 \
        (void)err;                                                                                 \
        if (isfinite(*row))                                                                        \
            NAME##_push((struct NAME *)(void *)t->state, time_us, *row, &p);                       \
        out->score = tell(t, p.score);                                                             \
        return ERR_OK;                                                                             \
    }                                                                                              \
    const struct eval_detector eval_detector_##NAME = {                                            \
        .name = #NAME,                                                                             \
        .summary = SUMMARY,                                                                        \
        .suites = EVAL_NAB | EVAL_UCR,                                                             \
        .open = open_##NAME,                                                                       \
        .push = push_##NAME,                                                                       \
        .close = free,                                                                             \
    };

POINT_DETECTOR(robust_z, "distance from the median in median absolute deviations")
POINT_DETECTOR(ewma, "exponentially weighted mean on its control chart")
POINT_DETECTOR(cusum, "cumulative sums of what exceeds one deviation")
POINT_DETECTOR(seasons, "residual of seasons that it finds by itself")
POINT_DETECTOR(predict, "error of a linear prediction, learnt by recursive least squares")
