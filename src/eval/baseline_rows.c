// Training rows of the multivariate baselines.
#include "eval/baseline_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum err_code baseline_rows_open(struct baseline_rows *r, const struct eval_setup *setup,
                                 struct err *err)
{
    *r = (struct baseline_rows){.sensors = setup->sensors, .train_rows = setup->train_rows};
    r->train = calloc(r->train_rows * r->sensors + 1, sizeof *r->train);
    r->held = calloc(r->sensors + 1, sizeof *r->held);
    if (r->train && r->held)
        return ERR_OK;
    baseline_rows_close(r);
    return err_set(err, ERR_NO_MEMORY, "out of memory for %zu training rows", setup->train_rows);
}

void baseline_rows_close(struct baseline_rows *r)
{
    free(r->train);
    free(r->held);
    *r = (struct baseline_rows){0};
}

bool baseline_rows_take(struct baseline_rows *r, const double *row)
{
    for (size_t k = 0; k < r->sensors; k++)
        if (!isnan(row[k]))
            r->held[k] = row[k];
    if (r->rows < r->train_rows)
        memcpy(r->train + r->rows * r->sensors, r->held, r->sensors * sizeof *r->held);
    return ++r->rows == r->train_rows;
}

enum err_code baseline_scale_fit(struct baseline_scale *s, const struct baseline_rows *rows,
                                 struct err *err)
{
    double n = (double)rows->train_rows;
    s->dims = 0;
    for (size_t k = 0; k < rows->sensors; k++) {
        double sum = 0, squares = 0;
        bool moves = false;
        for (size_t i = 0; i < rows->train_rows; i++) {
            double v = rows->train[i * rows->sensors + k];
            sum += v;
            moves |= v != rows->train[k];
        }
        if (!moves)
            continue;
        if (s->dims == BASELINE_DIMS_MAX)
            return err_set(err, ERR_LIMIT, "this detector takes %d sensors that move at most",
                           BASELINE_DIMS_MAX);
        for (size_t i = 0; i < rows->train_rows; i++) {
            double d = rows->train[i * rows->sensors + k] - sum / n;
            squares += d * d;
        }
        s->sensor[s->dims] = k;
        s->mean[s->dims] = sum / n;
        s->deviation[s->dims++] = sqrt(squares / n);
    }
    if (!s->dims)
        return err_set(err, ERR_INPUT, "no sensor moves within the %zu training rows",
                       rows->train_rows);
    return ERR_OK;
}

void baseline_scale_apply(const struct baseline_scale *s, const double *row, double *z)
{
    for (int k = 0; k < s->dims; k++)
        z[k] = (row[s->sensor[k]] - s->mean[k]) / s->deviation[k];
}

void baseline_covariance(const struct baseline_scale *s, const struct baseline_rows *rows,
                         double *covariance)
{
    double z[BASELINE_DIMS_MAX]; // their means are 0 by construction
    int m = s->dims;
    memset(covariance, 0, (size_t)m * (size_t)m * sizeof *covariance);
    for (size_t i = 0; i < rows->train_rows; i++) {
        baseline_scale_apply(s, rows->train + i * rows->sensors, z);
        for (int u = 0; u < m; u++)
            for (int v = 0; v < m; v++)
                covariance[u * m + v] += z[u] * z[v] / ((double)rows->train_rows - 1);
    }
}
