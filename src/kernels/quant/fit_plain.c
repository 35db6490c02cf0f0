// The fits' inner loops in plain C: the reference for every other level.
#include "kernels/lanes_plain.inc"

#define LEVEL fit_kernels_plain
#include "kernels/quant/fit_body.inc"
