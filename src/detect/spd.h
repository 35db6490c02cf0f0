// Small symmetric positive definite matrices: Cholesky factor and Mahalanobis distance.
//
// A matrix is its lower triangle, row after row: n (n + 1) / 2 numbers.
#ifndef FETTLE_DETECT_SPD_H
#define FETTLE_DETECT_SPD_H

#include <stdbool.h>

enum { SPD_MAX = 16 }; // rows at most

static inline int spd_at(int row, int column) // column <= row
{
    return row * (row + 1) / 2 + column;
}

static inline int spd_size(int n)
{
    return n * (n + 1) / 2;
}

// From a whole matrix (n x n, row-major), in place.
void spd_pack(double *a, int n);

// Replaces `a` by its factor L, a = L L'. False, with `a` spoilt, when it is not positive definite.
bool spd_factor(double *a, int n);

// a = L L' for a factor L.
void spd_product(const double *l, double *a, int n);

// d' (L L')^-1 d for a factor L.
double spd_distance(const double *l, const double *d, int n);

#endif
