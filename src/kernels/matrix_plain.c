// Matrix kernels in plain C: the reference for every other level.
#include "kernels/matrix_lanes_plain.inc"

#define LEVEL matrix_kernels_plain
#include "kernels/matrix_body.inc"
