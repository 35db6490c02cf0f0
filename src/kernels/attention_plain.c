// Attention kernels in plain C: the reference for every other level.
#include "kernels/lanes_plain.inc"

#define LEVEL attention_kernels_plain
#define SUMS  6
#include "kernels/attention_body.inc"
