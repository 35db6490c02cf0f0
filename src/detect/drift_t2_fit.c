// Learns from the training rows what is normal: scales, spreads, wandering, limits.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect/drift_t2_private.h"
#include "detect/spd.h"

enum { N = DRIFT_T2_TRAIN_ROWS, D = DRIFT_T2_DIMS_MAX };

// What fitting works with: scaled rows, window means, levels before each row.
struct work {
    double z[N][D], mean[N][D], level[N][D];
    double sorted[N];
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Centre: the median. Scale: the width of the middle 80 % as a normal deviation; for a channel that
// hardly ever moves the standard deviation; for one that never moves 1.
static void fit_scale(struct drift_t2 *t, struct work *w, int k)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < N; i++) {
        w->sorted[i] = t->train[i * t->dims + k];
        sum += w->sorted[i];
    }
    double mean = sum / N;
    for (int i = 0; i < N; i++)
        squares += (w->sorted[i] - mean) * (w->sorted[i] - mean);
    qsort(w->sorted, N, sizeof *w->sorted, by_value);
    double middle = (w->sorted[N * 9 / 10] - w->sorted[N / 10]) / 2.563;
    t->centre[k] = w->sorted[N / 2];
    t->scale[k] = middle > 0 ? middle : squares > 0 ? sqrt(squares / N) : 1;
    for (int i = 0; i < N; i++) {
        double z = (t->train[i * t->dims + k] - t->centre[k]) / t->scale[k];
        w->z[i][k] = z > 100 ? 100 : z < -100 ? -100 : z; // one wild value must not be all there is
    }
}

// Runs the window over the training rows as later rows will be run.
static void run_window(struct t2_window *win, struct work *w, int rows, int dims)
{
    for (int k = 0; k < dims; k++)
        for (int i = 0; i < LEVEL_START_ROWS; i++)
            win->level[k] += w->z[i][k] / LEVEL_START_ROWS;
    for (int i = 0; i < N; i++) {
        int filled = i + 1 < rows ? i + 1 : rows;
        memcpy(w->level[i], win->level, (size_t)dims * sizeof *win->level);
        for (int k = 0; k < dims; k++) {
            win->sum[k] += w->z[i][k] - (i >= rows ? w->z[i - rows][k] : 0);
            w->mean[i][k] = win->sum[k] / filled;
        }
        double rate = 1.0 / (i + 1) > 1.0 / LEVEL_ROWS ? 1.0 / (i + 1) : 1.0 / LEVEL_ROWS;
        if (i + 1 >= rows)
            t2_window_track(win, w->mean[i], dims, rate);
    }
}

static void fit_window(struct t2_window *win, struct work *w, int rows, int dims)
{
    size_t vector = (size_t)dims * sizeof(double), matrix = vector * (size_t)dims;
    memset(win->sum, 0, vector);
    memset(win->level, 0, vector);
    memset(win->spread, 0, matrix);
    win->frozen = 0;
    run_window(win, w, rows, dims);
    int first = rows - 1, count = N - first;
    for (int i = first; i < N; i++)
        for (int u = 0; u < dims; u++)
            for (int v = 0; v < dims; v++)
                win->spread[u * dims + v] +=
                    (w->mean[i][u] - w->level[i][u]) * (w->mean[i][v] - w->level[i][v]);
    for (int u = 0; u < dims; u++)
        for (int v = 0; v < dims; v++)
            win->spread[u * dims + v] = u == v ? win->spread[u * dims + v] / count + FLOOR * FLOOR
                                               : win->spread[u * dims + v] / count * SHRINK;
    // The limit comes before the drift: in training the level is tracked in every row.
    win->factor_frozen = -1;
    double top = 0, level[D];
    memcpy(level, win->level, vector);
    for (int i = first; i < N; i++) {
        memcpy(win->level, w->level[i], vector);
        double d = t2_window_distance(win, w->mean[i], dims);
        top = d > top ? d : top;
    }
    memcpy(win->level, level, vector);
    win->limit = LIMIT_FACTOR * top > T2_LIMIT ? LIMIT_FACTOR * top : T2_LIMIT;
    for (int k = 0; k < dims; k++) {
        double moved = 0;
        int pairs = N - DRIFT_ROWS - first;
        for (int i = first; i + DRIFT_ROWS < N; i++) {
            double d = w->mean[i + DRIFT_ROWS][k] - w->level[i][k];
            moved += d * d;
        }
        moved = moved / pairs - win->spread[k * dims + k];
        win->drift[k] = moved > 0 ? moved / DRIFT_ROWS : 0;
    }
}

// Mean of z over rows [from, to) of channel k.
static double mean_of(const struct work *w, int from, int to, int k)
{
    double sum = 0;
    for (int i = from; i < to; i++)
        sum += w->z[i][k];
    return sum / (to - from);
}

static bool fit_change(struct change_state *c, const struct work *w, int dims)
{
    double spread[D * D] = {0}, d[D];
    int count = 0;
    for (int i = BEFORE_ROWS + CHANGE_ROWS; i < N; i++, count++) {
        int at = i + 1 - CHANGE_ROWS;
        for (int k = 0; k < dims; k++)
            d[k] = mean_of(w, at, i + 1, k) - mean_of(w, at - BEFORE_ROWS, at, k);
        for (int u = 0; u < dims; u++)
            for (int v = 0; v < dims; v++)
                spread[u * dims + v] += d[u] * d[v];
    }
    for (int u = 0; u < dims; u++)
        for (int v = 0; v < dims; v++)
            spread[u * dims + v] = u == v ? spread[u * dims + v] / count + FLOOR * FLOOR
                                          : spread[u * dims + v] / count * SHRINK;
    memcpy(c->factor, spread, (size_t)(dims * dims) * sizeof *spread);
    c->quiet = 0;
    for (int k = 0; k < dims; k++)
        c->mean[k] = mean_of(w, N - REGIME_ROWS, N, k);
    c->rows = REGIME_ROWS;
    return spd_factor(c->factor, dims);
}

bool drift_t2_fit(struct drift_t2 *t)
{
    struct work *w = calloc(1, sizeof *w);
    if (!w)
        return false;
    for (int k = 0; k < t->dims; k++)
        fit_scale(t, w, k);
    for (int i = 0; i < WINDOWS; i++)
        fit_window(&t->windows[i], w, window_rows[i], t->dims);
    bool ok = fit_change(&t->change, w, t->dims);
    for (int i = N - WINDOW_MAX; i < N; i++)
        memcpy(t2_ring_row(t, i), w->z[i], (size_t)t->dims * sizeof *t->ring);
    free(w);
    return ok;
}
