// Baseline: the windowed Gaussian of the Numenta Anomaly Benchmark.
//
// How improbable is a value under the normal distribution of the last 6,400? The window fills value
// by value, then moves on by 100 at a time.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/detector.h"

enum { WINDOW = 6400, STEP = 100 };

#define STILL_DEVIATION 1e-6 // of a window that stands still

struct windowed_gaussian {
    size_t held;    // values in the window
    size_t waiting; // values behind it, not yet part of it
    double values[WINDOW + STEP];
    double mean, squares, deviation; // squares: of the differences to the mean, summed
};

static enum err_code open_state(const struct eval_setup *setup, void **state, struct err *err)
{
    if (setup->sensors != 1)
        return err_set(err, ERR_UNSUPPORTED, "windowed_gaussian takes one sensor, not %zu",
                       setup->sensors);
    *state = calloc(1, sizeof(struct windowed_gaussian));
    return *state ? ERR_OK : err_set(err, ERR_NO_MEMORY, "out of memory");
}

static void refit(struct windowed_gaussian *g)
{
    double sum = 0;
    for (size_t i = 0; i < g->held; i++)
        sum += g->values[i];
    g->mean = sum / (double)g->held;
    g->squares = 0;
    for (size_t i = 0; i < g->held; i++)
        g->squares += (g->values[i] - g->mean) * (g->values[i] - g->mean);
}

// While the window fills, mean and squares follow value by value (Welford, 1962).
static void take(struct windowed_gaussian *g, double v)
{
    g->values[g->held + g->waiting] = v;
    if (g->held < WINDOW) {
        double before = v - g->mean;
        g->held++;
        g->mean += before / (double)g->held;
        g->squares += before * (v - g->mean);
    } else if (++g->waiting == STEP) {
        memmove(g->values, g->values + STEP, WINDOW * sizeof *g->values);
        g->waiting = 0;
        refit(g);
    } else {
        return;
    }
    g->deviation = sqrt(g->squares / (double)g->held);
    if (g->deviation == 0)
        g->deviation = STILL_DEVIATION;
}

static enum err_code push(void *state, int64_t time_us, const double *row,
                          struct eval_judgement *out, struct err *err)
{
    struct windowed_gaussian *g = state;
    (void)time_us;
    (void)err;
    if (isnan(*row))
        return ERR_OK;
    if (g->held)
        out->score = 1 - 0.5 * erfc(fabs((*row - g->mean) / g->deviation) / sqrt(2));
    take(g, *row);
    return ERR_OK;
}

const struct eval_detector eval_detector_windowed_gaussian = {
    .name = "windowed_gaussian",
    .summary = "improbability under the last 6,400 values, as on the NAB leaderboard",
    .suites = EVAL_NAB,
    .open = open_state,
    .push = push,
    .close = free,
};
