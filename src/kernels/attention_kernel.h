// One table of attention kernels per CPU level, filled from the same body.
#ifndef FETTLE_KERNELS_ATTENTION_KERNEL_H
#define FETTLE_KERNELS_ATTENTION_KERNEL_H

#include "kernels/attention.h"

struct attention_kernels {
    void (*attend)(const struct attention *a); // at most 64 heads
    void (*gate)(const float *g, const float *up, float *out, size_t n);
};

extern const struct attention_kernels attention_kernels_plain;
#if defined(__x86_64__)
extern const struct attention_kernels attention_kernels_avx2, attention_kernels_avx512_vnni;
#endif

#endif
