// Baseline: an isolation forest, our own, with the settings of the SKAB leaderboard.
//
// Liu, Ting, Zhou, "Isolation Forest" (2008): 100 trees on 256 training rows each, split at random
// values of random sensors; odd rows are alone after few splits. Alarm below the 0.05 % quantile of
// the training rows' scores, smoothed by the median of 3; change points where the maximum of 30
// labels changes.
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "eval/baseline_rows.h"
#include "eval/rolling.h"

enum { TREES = 100, SAMPLE = 256, DEPTH_MAX = 8, NODES_MAX = 2 * SAMPLE, MEDIAN_ROWS = 3 };
enum { CHANGE_ROWS = 30 };

#define CONTAMINATION 0.0005

struct node {
    int sensor; // -1: a leaf
    int below, above;
    double split;  // below: values up to it
    double length; // of a leaf: depth and what the rows in it would still take
};

struct forest {
    struct baseline_rows rows;
    struct rng rng;
    struct node (*trees)[NODES_MAX];
    double sample_length; // the mean path in a tree of all sampled rows
    double limit;         // score at which a row is odd
    struct rolling labels, lately;
    struct label_change change;
};

// Mean path length of an unsuccessful search in a binary tree of n rows.
static double mean_length(size_t n)
{
    if (n <= 1)
        return 0;
    if (n == 2)
        return 1;
    double m = (double)n - 1;
    return 2 * (log(m) + 0.57721566490153286) - 2 * m / (double)n;
}

static const double *train_row(const struct forest *f, size_t i)
{
    return f->rows.train + i * f->rows.sensors;
}

// A sensor that has two values at least among the rows, by chance; false when there is none.
static bool choose_sensor(struct forest *f, const size_t *rows, size_t count, int *sensor,
                          double *low, double *high)
{
    size_t sensors = f->rows.sensors, start = rng_below(&f->rng, sensors);
    for (size_t k = 0; k < sensors; k++) {
        *sensor = (int)((start + k) % sensors);
        *low = *high = train_row(f, rows[0])[*sensor];
        for (size_t i = 1; i < count; i++) {
            double v = train_row(f, rows[i])[*sensor];
            *low = v < *low ? v : *low;
            *high = v > *high ? v : *high;
        }
        if (*low < *high)
            return true;
    }
    return false;
}

// Makes the tree under nodes[at] for the rows, which are put in another order; `used` counts nodes.
static void grow(struct forest *f, struct node *nodes, int at, int *used, size_t *rows,
                 size_t count, int depth)
{
    struct node *node = &nodes[at];
    double low, high;
    *node = (struct node){.sensor = -1, .length = depth + mean_length(count)};
    if (count <= 1 || depth == DEPTH_MAX ||
        !choose_sensor(f, rows, count, &node->sensor, &low, &high)) {
        node->sensor = -1;
        return;
    }
    size_t below = 0;
    node->split = low + (high - low) * rng_uniform(&f->rng);
    if (node->split >= high)
        node->split = low;
    for (size_t i = 0; i < count; i++) {
        if (train_row(f, rows[i])[node->sensor] <= node->split) {
            size_t row = rows[i];
            rows[i] = rows[below];
            rows[below++] = row;
        }
    }
    node->below = (*used)++;
    node->above = (*used)++;
    grow(f, nodes, node->below, used, rows, below, depth + 1);
    grow(f, nodes, node->above, used, rows + below, count - below, depth + 1);
}

// 0 to 1: about 0.5 for rows like most, towards 1 for odd ones.
static double score_of(const struct forest *f, const double *row)
{
    double sum = 0;
    for (int t = 0; t < TREES; t++) {
        const struct node *n = &f->trees[t][0];
        while (n->sensor >= 0)
            n = &f->trees[t][row[n->sensor] <= n->split ? n->below : n->above];
        sum += n->length;
    }
    return f->sample_length > 0 ? exp2(-sum / TREES / f->sample_length) : 0.5;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Between the two scores that surround the quantile, as numpy.percentile.
static double quantile(double *values, size_t count, double q)
{
    qsort(values, count, sizeof *values, ascending);
    double at = q * (double)(count - 1);
    size_t i = (size_t)at;
    return i + 1 < count ? values[i] + (values[i + 1] - values[i]) * (at - (double)i) : values[i];
}

static enum err_code fit(struct forest *f, struct err *err)
{
    size_t n = f->rows.train_rows, sampled = n < SAMPLE ? n : SAMPLE;
    size_t *order = calloc(n, sizeof *order);
    double *scores = calloc(n, sizeof *scores);
    f->trees = calloc(TREES, sizeof *f->trees);
    enum err_code code = ERR_OK;
    if (!order || !scores || !f->trees) {
        code = err_set(err, ERR_NO_MEMORY, "out of memory for %d trees", TREES);
        goto out;
    }
    f->sample_length = mean_length(sampled);
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (int t = 0; t < TREES; t++) {
        int used = 1;
        for (size_t i = 0; i < sampled; i++) {
            size_t other = i + rng_below(&f->rng, n - i), row = order[other];
            order[other] = order[i];
            order[i] = row;
        }
        grow(f, f->trees[t], 0, &used, order, sampled, 0);
    }
    for (size_t i = 0; i < n; i++)
        scores[i] = score_of(f, train_row(f, i));
    f->limit = quantile(scores, n, 1 - CONTAMINATION);
out:
    free(order);
    free(scores);
    return code;
}

static void close_state(void *state)
{
    struct forest *f = state;
    baseline_rows_close(&f->rows);
    free(f->trees);
    free(f);
}

static enum err_code open_state(const struct eval_setup *setup, void **state, struct err *err)
{
    struct forest *f = calloc(1, sizeof *f);
    if (!f)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    rng_seed(&f->rng, setup->seed);
    rolling_open(&f->labels, MEDIAN_ROWS);
    rolling_open(&f->lately, CHANGE_ROWS);
    enum err_code code = setup->train_rows ? baseline_rows_open(&f->rows, setup, err)
                                           : err_set(err, ERR_INPUT, "no rows to train with");
    if (code != ERR_OK)
        close_state(f);
    else
        *state = f;
    return code;
}

static enum err_code push(void *state, int64_t time_us, const double *row,
                          struct eval_judgement *out, struct err *err)
{
    struct forest *f = state;
    (void)time_us;
    if (baseline_rows_take(&f->rows, row))
        return fit(f, err);
    if (f->rows.rows < f->rows.train_rows)
        return ERR_OK;
    out->score = score_of(f, f->rows.held);
    rolling_push(&f->labels, out->score > f->limit);
    out->alarm = rolling_median(&f->labels) > 0.5;
    rolling_push(&f->lately, out->alarm);
    out->change_point = label_change_push(&f->change, rolling_max(&f->lately) > 0.5);
    return ERR_OK;
}

const struct eval_detector eval_detector_isolation_forest = {
    .name = "isolation_forest",
    .summary = "an isolation forest (ours) with the SKAB leaderboard's settings",
    .suites = EVAL_SKAB,
    .open = open_state,
    .push = push,
    .close = close_state,
};
