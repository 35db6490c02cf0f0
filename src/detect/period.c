// Autocorrelation, and which of its peaks is the period.
#include "detect/period.h"

#include <stdbool.h>
#include <stdlib.h>

enum { VALUES_MAX = 20000, LAG_MIN = 8, LAG_MAX = 2500 };

static bool is_peak(const double *r, int lag)
{
    return r[lag] > r[lag - 1] && r[lag] >= r[lag + 1];
}

static int choose(const double *r, int lags)
{
    // Behind the slope that every smooth series has at lag 0.
    int from = 1;
    while (from < lags && r[from] > 0.5 * r[0] && r[from] < r[from - 1])
        from++;
    if (from < LAG_MIN)
        from = LAG_MIN;
    double best = 0;
    for (int lag = from; lag < lags; lag++)
        if (is_peak(r, lag) && r[lag] > best)
            best = r[lag];
    if (best <= 0.1 * r[0])
        return 0;
    for (int lag = from; lag < lags; lag++)
        if (is_peak(r, lag) && r[lag] > 0.9 * best)
            return lag;
    return 0;
}

int period_find(const double *values, size_t count)
{
    if (count > VALUES_MAX) {
        values += count - VALUES_MAX;
        count = VALUES_MAX;
    }
    int n = (int)count, lags = n / 3 < LAG_MAX ? n / 3 : LAG_MAX;
    double mean = 0;
    float *y = malloc((count + 1) * sizeof *y);
    double *r = calloc((size_t)lags + 2, sizeof *r);
    int found = 0;
    if (y && r && lags > LAG_MIN) {
        for (int i = 0; i < n; i++)
            mean += values[i] / n;
        for (int i = 0; i < n; i++)
            y[i] = (float)(values[i] - mean);
        for (int lag = 0; lag <= lags; lag++) {
            double sum = 0;
            for (int i = 0; i + lag < n; i++)
                sum += (double)y[i] * (double)y[i + lag];
            r[lag] = sum / (n - lag);
        }
        found = choose(r, lags);
    }
    free(y);
    free(r);
    return found;
}
