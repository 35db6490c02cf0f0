// One table of attention kernels per CPU level, filled from the same body.
#ifndef FETTLE_KERNELS_ATTENTION_KERNEL_H
#define FETTLE_KERNELS_ATTENTION_KERNEL_H

#include "kernels/attention.h"

// Layout of the cache, in bytes.
enum {
    ATTENTION_TILES = ATTENTION_BLOCK / ATTENTION_TILE, // of a block
    ATTENTION_Q8_GROUP = 32 + 16 * 32,                  // 16 scales, 16 x 32 numbers
};

struct attention_kernels {
    void (*attend)(const struct attention *a, size_t part, float *sums);
    void (*join)(const struct attention *a, size_t parts, const float *sums, float *out);
    void (*gate)(const float *g, const float *up, float *out, size_t n);
};

extern const struct attention_kernels attention_kernels_plain;
#if defined(__x86_64__)
extern const struct attention_kernels attention_kernels_avx2, attention_kernels_avx512_vnni;
#elif defined(__aarch64__)
extern const struct attention_kernels attention_kernels_neon;
#endif

#endif
