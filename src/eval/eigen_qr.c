// Eigenvalues of a small symmetric matrix in the order that LAPACK's QR iteration leaves them in.
//
// For a symmetric matrix dgehrd gives a tridiagonal one, and a double step of dlahqr, whose two
// shifts are then both the eigenvalue of the last 2 x 2 block nearer to its last entry, is two
// single steps with that shift (Golub, Van Loan, "Matrix Computations", section 8.3).
#include <float.h>
#include <math.h>

#include "eval/eigen.h"

enum { STEPS_MAX = 300 };

// Householder reduction, first column first; the diagonal goes to d, what is beside it to e.
static void tridiagonalise(double *a, int n, double *d, double *e)
{
    for (int k = 0; k + 2 < n; k++) {
        double v[EIGEN_QR_MAX] = {0}, p[EIGEN_QR_MAX] = {0}, norm = 0, vv = 0, vp = 0;
        for (int i = k + 1; i < n; i++)
            norm += a[i * n + k] * a[i * n + k];
        norm = sqrt(norm);
        for (int i = k + 1; i < n; i++)
            v[i] = a[i * n + k];
        v[k + 1] += v[k + 1] >= 0 ? norm : -norm;
        for (int i = k + 1; i < n; i++)
            vv += v[i] * v[i];
        if (vv == 0)
            continue;
        // a := (1 - 2 v v'/v'v) a (1 - 2 v v'/v'v)
        for (int i = 0; i < n; i++)
            for (int j = k + 1; j < n; j++)
                p[i] += 2 / vv * a[i * n + j] * v[j];
        for (int i = k + 1; i < n; i++)
            vp += v[i] * p[i];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                a[i * n + j] += 2 * vp / vv * v[i] * v[j] - v[i] * p[j] - p[i] * v[j];
    }
    for (int i = 0; i < n; i++) {
        d[i] = a[i * n + i];
        e[i] = i + 1 < n ? a[(i + 1) * n + i] : 0;
    }
}

// One implicit QR step on rows lo..hi.
static void step(double *d, double *e, int lo, int hi, double shift)
{
    double x = d[lo] - shift, z = e[lo];
    for (int k = lo; k < hi; k++) {
        double r = hypot(x, z), c = r > 0 ? x / r : 1, s = r > 0 ? z / r : 0;
        if (k > lo)
            e[k - 1] = r;
        double a = d[k], b = e[k], g = d[k + 1];
        d[k] = c * c * a + 2 * c * s * b + s * s * g;
        d[k + 1] = s * s * a - 2 * c * s * b + c * c * g;
        e[k] = c * s * (g - a) + (c * c - s * s) * b;
        if (k + 1 < hi) {
            x = e[k];
            z = s * e[k + 1];
            e[k + 1] *= c;
        }
    }
}

// The eigenvalue of [a b; b g] nearer to g.
static double last_shift(double a, double b, double g)
{
    double half = (a - g) / 2, root = hypot(half, b);
    if (root == 0)
        return g;
    return g - b * (b / (half + (half >= 0 ? root : -root)));
}

// As dlanv2: the larger change goes to where the larger entry is.
static void solve_pair(double *a, double b, double *g)
{
    double half = (*a - *g) / 2, root = hypot(half, b);
    double z = half + (half >= 0 ? root : -root);
    if (b == 0)
        return;
    *a = *g + z;
    *g -= b / z * b;
}

void eigen_qr_order(double *a, int n, double *values)
{
    double e[EIGEN_QR_MAX];
    tridiagonalise(a, n, values, e);
    for (int hi = n - 1, steps = 0; hi > 0;) {
        int lo = hi;
        while (lo > 0 && fabs(e[lo - 1]) > DBL_EPSILON * (fabs(values[lo - 1]) + fabs(values[lo])))
            lo--;
        if (lo + 1 >= hi || ++steps > STEPS_MAX) {
            if (lo < hi)
                solve_pair(&values[hi - 1], e[hi - 1], &values[hi]);
            hi = lo < hi ? hi - 2 : hi - 1;
            steps = 0;
            continue;
        }
        double shift = last_shift(values[hi - 1], e[hi - 1], values[hi]);
        step(values, e, lo, hi, shift);
        step(values, e, lo, hi, shift);
    }
}
