// Baseline: T-squared and Q of a principal component model, as on the SKAB leaderboard.
//
// Components that explain more than 85 % of the variance; T-squared of the scores on them, Q the
// squared length of what they leave. Alarm where the rolling median of 5 of either is above its
// control limit.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/baseline_rows.h"
#include "eval/control_limit.h"
#include "eval/eigen.h"
#include "eval/rolling.h"

enum { MEDIAN_ROWS = 5 };

#define EXPLAINED 0.85

struct t2q {
    struct baseline_rows rows;
    struct baseline_scale scale;
    int components;
    double variance[BASELINE_DIMS_MAX];                    // of each component
    double vectors[BASELINE_DIMS_MAX * BASELINE_DIMS_MAX]; // row by row
    double t2_limit, q_limit;
    struct rolling recent_t2, recent_q;
    struct label_change change;
};

static enum err_code fit(struct t2q *t, struct err *err)
{
    double covariance[BASELINE_DIMS_MAX * BASELINE_DIMS_MAX];
    double spoilt[BASELINE_DIMS_MAX * BASELINE_DIMS_MAX];
    double unsorted[BASELINE_DIMS_MAX], sum = 0, explained = 0, rest = 0;
    enum err_code code = baseline_scale_fit(&t->scale, &t->rows, err);
    int m = t->scale.dims;
    if (code != ERR_OK)
        return code;
    if (t->rows.train_rows <= (size_t)m)
        return err_set(err, ERR_INPUT, "%zu training rows are too few for %d sensors",
                       t->rows.train_rows, m);
    baseline_covariance(&t->scale, &t->rows, covariance);
    memcpy(spoilt, covariance, sizeof spoilt);
    eigen_jacobi(spoilt, m, t->variance, t->vectors);
    eigen_qr_order(covariance, m, unsorted);
    for (int k = 0; k < m; k++)
        sum += t->variance[k];
    for (t->components = 0; t->components < m && explained <= EXPLAINED * sum; t->components++)
        explained += t->variance[t->components];
    // The repository counts off as many eigenvalues as there are components, but does not sort.
    for (int k = t->components; k < m; k++)
        rest += unsorted[k];
    t->t2_limit = control_limit_t2(t->components, (int)t->rows.train_rows);
    t->q_limit = control_limit_q(rest);
    return ERR_OK;
}

static void close_state(void *state)
{
    struct t2q *t = state;
    baseline_rows_close(&t->rows);
    free(t);
}

static enum err_code open_state(const struct eval_setup *setup, void **state, struct err *err)
{
    struct t2q *t = calloc(1, sizeof *t);
    if (!t)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    rolling_open(&t->recent_t2, MEDIAN_ROWS);
    rolling_open(&t->recent_q, MEDIAN_ROWS);
    enum err_code code = baseline_rows_open(&t->rows, setup, err);
    if (code != ERR_OK)
        close_state(t);
    else
        *state = t;
    return code;
}

static void distances(const struct t2q *t, const double *z, double *t2, double *q)
{
    int m = t->scale.dims;
    *t2 = *q = 0;
    for (int k = 0; k < m; k++)
        *q += z[k] * z[k];
    for (int c = 0; c < t->components; c++) {
        double score = 0;
        for (int k = 0; k < m; k++)
            score += t->vectors[c * m + k] * z[k];
        *t2 += score * score / t->variance[c];
        *q -= score * score;
    }
}

// 0 at nothing, 0.5 at the limit, towards 1.
static double share(double value, double limit)
{
    return value > 0 && limit > 0 ? value / (value + limit) : 0;
}

static enum err_code push(void *state, int64_t time_us, const double *row,
                          struct eval_judgement *out, struct err *err)
{
    struct t2q *t = state;
    (void)time_us;
    if (baseline_rows_take(&t->rows, row))
        return fit(t, err);
    if (t->rows.rows < t->rows.train_rows)
        return ERR_OK;
    double z[BASELINE_DIMS_MAX], t2, q;
    baseline_scale_apply(&t->scale, t->rows.held, z);
    distances(t, z, &t2, &q);
    rolling_push(&t->recent_t2, t2);
    rolling_push(&t->recent_q, q);
    t2 = rolling_median(&t->recent_t2);
    q = rolling_median(&t->recent_q);
    out->alarm = t2 > t->t2_limit || q > t->q_limit;
    out->score = fmax(share(t2, t->t2_limit), share(q, t->q_limit));
    out->change_point = label_change_push(&t->change, out->alarm);
    return ERR_OK;
}

const struct eval_detector eval_detector_t2q = {
    .name = "t2q",
    .summary = "T-squared and Q of principal components, as on the SKAB leaderboard",
    .suites = EVAL_SKAB,
    .open = open_state,
    .push = push,
    .close = close_state,
};
