// Baseline: Hotelling's T-squared of single rows, as on the SKAB leaderboard.
//
// z-scores, inverse covariance of the training rows, alarm where the rolling median of 5 is above
// twice the control limit.
#include <math.h>
#include <stdlib.h>

#include "detect/spd.h"
#include "eval/baseline_rows.h"
#include "eval/control_limit.h"
#include "eval/rolling.h"

enum { MEDIAN_ROWS = 5 };

#define LIMIT_FACTOR 2

struct t2 {
    struct baseline_rows rows;
    struct baseline_scale scale;
    double factor[BASELINE_DIMS_MAX * BASELINE_DIMS_MAX]; // Cholesky, of the covariance
    double limit;
    struct rolling recent;
    struct label_change change;
};

static enum err_code fit(struct t2 *t, struct err *err)
{
    enum err_code code = baseline_scale_fit(&t->scale, &t->rows, err);
    if (code != ERR_OK)
        return code;
    baseline_covariance(&t->scale, &t->rows, t->factor);
    spd_pack(t->factor, t->scale.dims);
    if (t->rows.train_rows <= (size_t)t->scale.dims || !spd_factor(t->factor, t->scale.dims))
        return err_set(err, ERR_INPUT,
                       "sensors depend on each other linearly within the training rows");
    t->limit = LIMIT_FACTOR * control_limit_t2(t->scale.dims, (int)t->rows.train_rows);
    return ERR_OK;
}

static void close_state(void *state)
{
    struct t2 *t = state;
    baseline_rows_close(&t->rows);
    free(t);
}

static enum err_code open_state(const struct eval_setup *setup, void **state, struct err *err)
{
    struct t2 *t = calloc(1, sizeof *t);
    if (!t)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    rolling_open(&t->recent, MEDIAN_ROWS);
    enum err_code code = baseline_rows_open(&t->rows, setup, err);
    if (code != ERR_OK)
        close_state(t);
    else
        *state = t;
    return code;
}

static enum err_code push(void *state, int64_t time_us, const double *row,
                          struct eval_judgement *out, struct err *err)
{
    struct t2 *t = state;
    (void)time_us;
    if (baseline_rows_take(&t->rows, row))
        return fit(t, err);
    if (t->rows.rows < t->rows.train_rows)
        return ERR_OK;
    double z[BASELINE_DIMS_MAX];
    baseline_scale_apply(&t->scale, t->rows.held, z);
    rolling_push(&t->recent, spd_distance(t->factor, z, t->scale.dims));
    double recent = rolling_median(&t->recent);
    out->alarm = recent > t->limit;
    out->score = isnan(recent) ? 0 : recent / (recent + t->limit);
    out->change_point = label_change_push(&t->change, out->alarm);
    return ERR_OK;
}

const struct eval_detector eval_detector_t2 = {
    .name = "t2",
    .summary = "T-squared of single rows, as on the SKAB leaderboard",
    .suites = EVAL_SKAB,
    .open = open_state,
    .push = push,
    .close = close_state,
};
