// Eigenvalues of small symmetric matrices.
#ifndef FETTLE_EVAL_EIGEN_H
#define FETTLE_EVAL_EIGEN_H

// Of the symmetric `a` (n x n, spoilt): values from large to small and, row by row in `vectors`
// (n x n), their unit vectors. By Jacobi rotations.
void eigen_jacobi(double *a, int n, double *values, double *vectors);

enum { EIGEN_QR_MAX = 16 };

// The same values (n at most EIGEN_QR_MAX, `a` spoilt) in the order in which LAPACK's dgeev, and so
// numpy.linalg.eig, returns them. Nothing sorts them there: the order is that of the diagonal when
// QR steps with a shift, deflating from the bottom, have ended.
void eigen_qr_order(double *a, int n, double *values);

#endif
