// Small symmetric positive definite matrices: Cholesky factor and Mahalanobis distance.
#ifndef FETTLE_DETECT_SPD_H
#define FETTLE_DETECT_SPD_H

#include <stdbool.h>

enum { SPD_MAX = 16 }; // rows at most

// Replaces the lower triangle of `a` (n x n, row-major) by its factor L, a = L L'. False, with `a`
// spoilt, when it is not positive definite.
bool spd_factor(double *a, int n);

// d' (L L')^-1 d for a factor L.
double spd_distance(const double *l, const double *d, int n);

#endif
