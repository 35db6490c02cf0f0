// Matrix kernels in plain C: the reference for every other level.
#include "kernels/lanes_plain.inc"

#define LEVEL matrix_kernels_plain
#include "kernels/matrix_body.inc"
