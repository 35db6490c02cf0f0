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
        w->sorted[i] = t->centre[k] + (double)t->train[i * t->dims + k];
        w->z[i][k] = w->sorted[i];
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
        double z = (w->z[i][k] - t->centre[k]) / t->scale[k];
        // One wild value must not be all there is.
        w->z[i][k] = t2_of_ring(t2_to_ring(z > 100 ? 100 : z < -100 ? -100 : z));
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
            win->sum[k] += t2_to_ring(w->z[i][k]) - (i >= rows ? t2_to_ring(w->z[i - rows][k]) : 0);
            w->mean[i][k] = t2_of_ring(win->sum[k]) / filled;
        }
        double rate = 1.0 / (i + 1) > 1.0 / LEVEL_ROWS ? 1.0 / (i + 1) : 1.0 / LEVEL_ROWS;
        if (i + 1 >= rows)
            t2_window_track(win, w->mean[i], dims, rate);
    }
}

// Sums of products become a covariance.
static void shrink(double *spread, int count, int dims)
{
    for (int u = 0; u < dims; u++) {
        for (int v = 0; v < u; v++)
            spread[spd_at(u, v)] *= SHRINK / count;
        spread[spd_at(u, u)] = spread[spd_at(u, u)] / count + FLOOR * FLOOR;
    }
}

static bool fit_window(struct t2_window *win, struct work *w, int rows, int dims)
{
    size_t vector = (size_t)dims * sizeof(double);
    double *spread = win->factor, variance[D];
    memset(win->sum, 0, (size_t)dims * sizeof *win->sum);
    memset(win->level, 0, vector);
    memset(spread, 0, (size_t)spd_size(dims) * sizeof *spread);
    win->frozen = 0;
    run_window(win, w, rows, dims);
    int first = rows - 1, count = N - first;
    for (int i = first; i < N; i++)
        for (int u = 0; u < dims; u++)
            for (int v = 0; v <= u; v++)
                spread[spd_at(u, v)] +=
                    (w->mean[i][u] - w->level[i][u]) * (w->mean[i][v] - w->level[i][v]);
    shrink(spread, count, dims);
    for (int k = 0; k < dims; k++)
        variance[k] = spread[spd_at(k, k)];
    bool ok = spd_factor(win->factor, dims);
    // In training the level is tracked in every row.
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
        moved = moved / pairs - variance[k];
        win->drift[k] = moved > 0 ? moved / DRIFT_ROWS : 0;
    }
    return ok;
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
    double d[D];
    int count = 0;
    memset(c->factor, 0, (size_t)spd_size(dims) * sizeof *c->factor);
    for (int i = BEFORE_ROWS + CHANGE_ROWS; i < N; i++, count++) {
        int at = i + 1 - CHANGE_ROWS;
        for (int k = 0; k < dims; k++)
            d[k] = mean_of(w, at, i + 1, k) - mean_of(w, at - BEFORE_ROWS, at, k);
        for (int u = 0; u < dims; u++)
            for (int v = 0; v <= u; v++)
                c->factor[spd_at(u, v)] += d[u] * d[v];
    }
    shrink(c->factor, count, dims);
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
    bool ok = fit_change(&t->change, w, t->dims);
    for (int i = 0; i < WINDOWS; i++)
        ok = fit_window(&t->windows[i], w, window_rows[i], t->dims) && ok;
    for (int i = N - WINDOW_MAX; i < N; i++)
        for (int k = 0; k < t->dims; k++)
            t2_ring_row(t, i)[k] = t2_to_ring(w->z[i][k]);
    free(w);
    return ok;
}
