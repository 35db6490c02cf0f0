// Judges rows by the drift-aware T-squared and keeps its level.
#include "detect/drift_t2.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect/drift_t2_private.h"
#include "detect/spd.h"

_Static_assert((int)DRIFT_T2_DIMS_MAX <= (int)SPD_MAX, "matrices must fit");

static double *cut(double **from, size_t n)
{
    double *p = *from;
    *from += n;
    return p;
}

static bool lay_out(struct drift_t2 *t, size_t dims)
{
    size_t matrix = (size_t)spd_size((int)dims), window = 2 * dims + matrix;
    size_t n = WINDOWS * window + matrix + dims + 3 * dims;
    t->dims = (int)dims;
    t->memory_bytes = n * sizeof *t->memory + WINDOWS * dims * sizeof *t->windows->sum +
                      WINDOW_MAX * dims * sizeof *t->ring;
    t->memory = calloc(1, t->memory_bytes);
    double *at = t->memory;
    if (!at)
        return false;
    for (int i = 0; i < WINDOWS; i++) {
        struct t2_window *w = &t->windows[i];
        w->level = cut(&at, dims);
        w->drift = cut(&at, dims);
        w->factor = cut(&at, matrix);
    }
    t->change.factor = cut(&at, matrix);
    t->change.mean = cut(&at, dims);
    t->last = cut(&at, dims);
    t->centre = cut(&at, dims);
    t->scale = cut(&at, dims);
    int32_t *sums = (int32_t *)at;
    for (int i = 0; i < WINDOWS; i++)
        t->windows[i].sum = sums + (size_t)i * dims;
    t->ring = (int16_t *)(sums + WINDOWS * dims);
    return true;
}

struct drift_t2 *drift_t2_open(int dims)
{
    if (dims < 2 || dims > DRIFT_T2_DIMS_MAX)
        return NULL;
    struct drift_t2 *t = calloc(1, sizeof *t);
    if (t && !lay_out(t, (size_t)dims))
        drift_t2_close(&t);
    if (t)
        drift_t2_relearn(t);
    return t;
}

void drift_t2_close(struct drift_t2 **t)
{
    if (!*t)
        return;
    free((*t)->train);
    free((*t)->memory);
    free(*t);
    *t = NULL;
}

void drift_t2_relearn(struct drift_t2 *t)
{
    t->rows = 0;
    t->ready = t->alarm = false;
    t->plateau = 0;
    for (int k = 0; k < t->dims; k++)
        t->last[k] = (double)NAN;
}

size_t drift_t2_bytes(const struct drift_t2 *t)
{
    return sizeof *t + t->memory_bytes +
           (t->train ? DRIFT_T2_TRAIN_ROWS * (size_t)t->dims * sizeof *t->train : 0);
}

double t2_window_distance(const struct t2_window *w, const double *mean, int dims)
{
    double d[DRIFT_T2_DIMS_MAX], wider[DRIFT_T2_DIMS_MAX * (DRIFT_T2_DIMS_MAX + 1) / 2];
    const double *factor = w->factor;
    for (int k = 0; k < dims; k++)
        d[k] = mean[k] - w->level[k];
    if (w->frozen > 0) {
        spd_product(w->factor, wider, dims);
        for (int k = 0; k < dims; k++)
            wider[spd_at(k, k)] += w->drift[k] * w->frozen;
        if (!spd_factor(wider, dims))
            return 0; // cannot be: it is wider than one that has a factor
        factor = wider;
    }
    return spd_distance(factor, d, dims);
}

void t2_window_track(struct t2_window *w, const double *mean, int dims, double rate)
{
    for (int k = 0; k < dims; k++)
        w->level[k] += rate * (mean[k] - w->level[k]);
}

// The limit in units of the usual one: 1, or a share of the excursion that was.
static double present_limit(const struct drift_t2 *t)
{
    double rest = EXCURSION_SHARE * t->plateau * t->plateau;
    if (t->alarm)
        rest *= t->alarm_rows >= 30;
    else
        rest *= exp(-(double)t->calm_rows / SETTLE_ROWS);
    return rest > 1 ? rest : 1;
}

static void note_alarm(struct drift_t2 *t, bool alarm, double ratio)
{
    if (alarm) {
        if (!t->alarm) {
            t->alarm_rows = 0;
            t->plateau = 0;
        }
        t->alarm_rows++;
        t->plateau +=
            (sqrt(ratio) - t->plateau) / (double)(t->alarm_rows < 60 ? t->alarm_rows : 60);
    } else {
        t->calm_rows = t->alarm ? 0 : t->calm_rows + 1;
    }
    t->alarm = alarm;
}

// Which sensor departs most, seen through the window that is farthest over its limit.
static void explain(const struct drift_t2 *t, const struct t2_window *w, const double *mean,
                    struct drift_t2_result *out)
{
    for (int k = 0; k < t->dims; k++) {
        double variance = w->frozen * w->drift[k];
        for (int j = 0; j <= k; j++)
            variance += w->factor[spd_at(k, j)] * w->factor[spd_at(k, j)];
        double deviation = sqrt(variance);
        double departure = (mean[k] - w->level[k]) / deviation;
        if (k == 0 || fabs(departure) > fabs(out->departure)) {
            out->worst = k;
            out->departure = departure;
            out->expected = t->centre[k] + w->level[k] * t->scale[k];
            out->margin = 3 * deviation * t->scale[k];
        }
    }
}

static bool change_point(struct drift_t2 *t)
{
    struct change_state *c = &t->change;
    double mean[DRIFT_T2_DIMS_MAX] = {0}, d[DRIFT_T2_DIMS_MAX];
    for (int i = 0; i < CHANGE_ROWS; i++)
        for (int k = 0; k < t->dims; k++)
            mean[k] += t2_of_ring(t2_ring_row(t, t->rows - 1 - i)[k]) / CHANGE_ROWS;
    if (c->quiet > 0) {
        if (--c->quiet == 0) {
            memcpy(c->mean, mean, (size_t)t->dims * sizeof *mean);
            c->rows = CHANGE_ROWS;
        }
        return false;
    }
    for (int k = 0; k < t->dims; k++)
        d[k] = mean[k] - c->mean[k];
    double t2 = spd_distance(c->factor, d, t->dims) * (1.0 / CHANGE_ROWS + 1.0 / BEFORE_ROWS) /
                (1.0 / CHANGE_ROWS + 1.0 / (double)c->rows);
    if (t2 > CHANGE_LIMIT) {
        c->quiet = QUIET_ROWS;
        return true;
    }
    // The regime's mean stays behind by the rows that the recent mean speaks for.
    const int16_t *left = t2_ring_row(t, t->rows - 1 - CHANGE_ROWS);
    if (c->rows < REGIME_ROWS)
        c->rows++;
    for (int k = 0; k < t->dims; k++)
        c->mean[k] += (t2_of_ring(left[k]) - c->mean[k]) / (double)c->rows;
    return false;
}

static void judge(struct drift_t2 *t, const double *row, struct drift_t2_result *out)
{
    double mean[WINDOWS][DRIFT_T2_DIMS_MAX], logs = 0, top = -1;
    int16_t *slot = t2_ring_row(t, t->rows);
    int worst = 0;
    for (int i = 0; i < WINDOWS; i++)
        for (int k = 0; k < t->dims; k++)
            t->windows[i].sum[k] -= t2_ring_row(t, t->rows - window_rows[i])[k];
    for (int k = 0; k < t->dims; k++)
        slot[k] = t2_to_ring((row[k] - t->centre[k]) / t->scale[k]);
    t->rows++;
    for (int i = 0; i < WINDOWS; i++) {
        struct t2_window *w = &t->windows[i];
        for (int k = 0; k < t->dims; k++) {
            w->sum[k] += slot[k];
            mean[i][k] = t2_of_ring(w->sum[k]) / window_rows[i];
        }
        double share = t2_window_distance(w, mean[i], t->dims) / w->limit;
        logs += log(share + 1e-9) / WINDOWS;
        if (share > top) {
            top = share;
            worst = i;
        }
    }
    double ratio = exp(logs), limit = present_limit(t);
    note_alarm(t, ratio > limit, ratio);
    explain(t, &t->windows[worst], mean[worst], out);
    bool calm = !t->alarm && ratio < CALM * limit;
    for (int i = 0; i < WINDOWS; i++) {
        struct t2_window *w = &t->windows[i];
        if (calm) {
            t2_window_track(w, mean[i], t->dims, 1.0 / LEVEL_ROWS);
            w->frozen = fmax(0, w->frozen * 0.95 - 1);
        } else {
            w->frozen++;
        }
    }
    out->ready = true;
    out->alarm = t->alarm;
    out->ratio = ratio / limit;
    out->change_point = change_point(t);
}

void drift_t2_push(struct drift_t2 *t, const double *row, struct drift_t2_result *out)
{
    double whole[DRIFT_T2_DIMS_MAX];
    *out = (struct drift_t2_result){0};
    for (int k = 0; k < t->dims; k++) {
        if (isfinite(row[k]))
            t->last[k] = row[k];
        if (isnan(t->last[k]))
            return; // nothing known of this sensor yet
        whole[k] = t->last[k];
    }
    if (t->ready) {
        judge(t, whole, out);
        return;
    }
    if (!t->train)
        t->train = malloc(DRIFT_T2_TRAIN_ROWS * (size_t)t->dims * sizeof *t->train);
    if (!t->train)
        return;
    if (t->rows == 0)
        memcpy(t->centre, whole, (size_t)t->dims * sizeof *whole);
    if (t->rows < DRIFT_T2_TRAIN_ROWS) {
        for (int k = 0; k < t->dims; k++)
            t->train[t->rows * t->dims + k] = (float)(whole[k] - t->centre[k]);
        t->rows++;
    }
    if (t->rows == DRIFT_T2_TRAIN_ROWS && drift_t2_fit(t)) {
        free(t->train);
        t->train = NULL;
        t->ready = true;
        t->calm_rows = 1000;
    }
}

void drift_t2_accept(struct drift_t2 *t)
{
    if (!t->ready)
        return;
    for (int i = 0; i < WINDOWS; i++) {
        struct t2_window *w = &t->windows[i];
        for (int k = 0; k < t->dims; k++)
            w->level[k] = t2_of_ring(w->sum[k]) / window_rows[i];
        w->frozen = 0;
    }
    t->alarm = false;
    t->plateau = 0;
}
