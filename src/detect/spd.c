// Cholesky by rows, and forward substitution.
#include "detect/spd.h"

#include <math.h>

bool spd_factor(double *a, int n)
{
    for (int j = 0; j < n; j++) {
        double s = a[j * n + j];
        for (int k = 0; k < j; k++)
            s -= a[j * n + k] * a[j * n + k];
        if (!(s > 0))
            return false;
        s = sqrt(s);
        a[j * n + j] = s;
        for (int i = j + 1; i < n; i++) {
            double t = a[i * n + j];
            for (int k = 0; k < j; k++)
                t -= a[i * n + k] * a[j * n + k];
            a[i * n + j] = t / s;
        }
    }
    return true;
}

double spd_distance(const double *l, const double *d, int n)
{
    double y[SPD_MAX], sum = 0;
    for (int i = 0; i < n; i++) {
        double t = d[i];
        for (int k = 0; k < i; k++)
            t -= l[i * n + k] * y[k];
        y[i] = t / l[i * n + i];
        sum += y[i] * y[i];
    }
    return sum;
}
