// Cholesky by rows, and forward substitution.
#include "detect/spd.h"

#include <math.h>

void spd_pack(double *a, int n)
{
    for (int i = 0; i < n; i++)
        for (int k = 0; k <= i; k++)
            a[spd_at(i, k)] = a[i * n + k];
}

bool spd_factor(double *a, int n)
{
    for (int i = 0; i < n; i++) {
        double *row = a + spd_at(i, 0);
        for (int j = 0; j <= i; j++) {
            const double *other = a + spd_at(j, 0);
            double s = row[j];
            for (int k = 0; k < j; k++)
                s -= row[k] * other[k];
            if (j < i)
                row[j] = s / other[j];
            else if (s > 0)
                row[j] = sqrt(s);
            else
                return false;
        }
    }
    return true;
}

void spd_product(const double *l, double *a, int n)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            double s = 0;
            for (int k = 0; k <= j; k++)
                s += l[spd_at(i, k)] * l[spd_at(j, k)];
            a[spd_at(i, j)] = s;
        }
}

double spd_distance(const double *l, const double *d, int n)
{
    double y[SPD_MAX], sum = 0;
    for (int i = 0; i < n; i++) {
        const double *row = l + spd_at(i, 0);
        double t = d[i];
        for (int k = 0; k < i; k++)
            t -= row[k] * y[k];
        y[i] = t / row[i];
        sum += y[i] * y[i];
    }
    return sum;
}
