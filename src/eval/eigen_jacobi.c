// Eigenvalues and vectors of a small symmetric matrix by cyclic Jacobi rotations.
//
// Golub, Van Loan, "Matrix Computations", section 8.5.
#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "eval/eigen.h"

enum { SWEEPS_MAX = 60 };

// Makes a[p][q] zero; the rotation is gathered in the rows of `vectors`.
static void rotate(double *a, int n, int p, int q, double *vectors)
{
    double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
    double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < n; k++) {
        double kp = a[k * n + p], kq = a[k * n + q];
        a[k * n + p] = c * kp - s * kq;
        a[k * n + q] = s * kp + c * kq;
    }
    for (int k = 0; k < n; k++) {
        double pk = a[p * n + k], qk = a[q * n + k];
        a[p * n + k] = c * pk - s * qk;
        a[q * n + k] = s * pk + c * qk;
        pk = vectors[p * n + k];
        qk = vectors[q * n + k];
        vectors[p * n + k] = c * pk - s * qk;
        vectors[q * n + k] = s * pk + c * qk;
    }
}

static bool sweep(double *a, int n, double *vectors)
{
    bool rotated = false;
    for (int p = 0; p < n; p++)
        for (int q = p + 1; q < n; q++)
            if (fabs(a[p * n + q]) >
                DBL_EPSILON * sqrt(fabs(a[p * n + p])) * sqrt(fabs(a[q * n + q]))) {
                rotate(a, n, p, q, vectors);
                rotated = true;
            }
    return rotated;
}

static void swap_rows(double *m, int n, int p, int q)
{
    for (int k = 0; k < n; k++) {
        double v = m[p * n + k];
        m[p * n + k] = m[q * n + k];
        m[q * n + k] = v;
    }
}

void eigen_jacobi(double *a, int n, double *values, double *vectors)
{
    for (int i = 0; i < n * n; i++)
        vectors[i] = i % (n + 1) == 0;
    for (int i = 0; i < SWEEPS_MAX && sweep(a, n, vectors); i++)
        continue;
    for (int i = 0; i < n; i++)
        values[i] = a[i * n + i];
    for (int i = 0; i < n; i++) {
        int top = i;
        for (int k = i + 1; k < n; k++)
            if (values[k] > values[top])
                top = k;
        double v = values[i];
        values[i] = values[top];
        values[top] = v;
        swap_rows(vectors, n, i, top);
    }
}
