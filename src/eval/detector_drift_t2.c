// The product's drift-aware T-squared (detect/drift_t2.h) behind the adapter.
#include "detect/drift_t2.h"

#include "eval/detector.h"

static enum err_code open_state(const struct eval_setup *setup, void **state, struct err *err)
{
    if (setup->sensors < 2 || setup->sensors > DRIFT_T2_DIMS_MAX)
        return err_set(err, ERR_UNSUPPORTED, "drift_t2 takes 2 to %d sensors, not %zu",
                       DRIFT_T2_DIMS_MAX, setup->sensors);
    *state = drift_t2_open((int)setup->sensors);
    return *state ? ERR_OK : err_set(err, ERR_NO_MEMORY, "out of memory");
}

static enum err_code push(void *state, int64_t time_us, const double *row,
                          struct eval_judgement *out, struct err *err)
{
    struct drift_t2_result r;
    (void)time_us;
    (void)err;
    drift_t2_push(state, row, &r);
    if (!r.ready)
        return ERR_OK;
    out->alarm = r.alarm;
    out->change_point = r.change_point;
    out->score = r.ratio > 0 ? r.ratio / (1 + r.ratio) : 0;
    return ERR_OK;
}

static void close_state(void *state)
{
    struct drift_t2 *t = state;
    drift_t2_close(&t);
}

const struct eval_detector eval_detector_drift_t2 = {
    .name = "drift_t2",
    .summary = "fettle's drift-aware T-squared over the sensors of an asset",
    .suites = EVAL_SKAB,
    .open = open_state,
    .push = push,
    .close = close_state,
};
