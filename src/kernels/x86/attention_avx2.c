// Attention kernels for AVX2, FMA and F16C.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "kernels/attention_kernel.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,f16c")
#endif

#include "kernels/x86/lanes_avx2.inc"

#define LEVEL attention_kernels_avx2
#define SUMS  6
#include "kernels/attention_body.inc"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
