// Row kernels in plain C: the reference for every other level.
#include "kernels/lanes_plain.inc"

#define LEVEL rows_kernels_plain
#include "kernels/rows_body.inc"
