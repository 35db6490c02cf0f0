// What the files of the matrix product share.
#ifndef FETTLE_KERNELS_MATRIX_PRIVATE_H
#define FETTLE_KERNELS_MATRIX_PRIVATE_H

#include "kernels/matrix_kernel.h"

// The kernels of the level in force.
const struct matrix_kernels *matrix_kernels_now(void);

// The tile that holds vector t of `count`: its first vector, and log2 of its size.
size_t matrix_tile_of(size_t count, size_t t, int *log2);

#endif
