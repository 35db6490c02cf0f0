// Attention kernels for AVX-512 with VNNI.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "kernels/attention_kernel.h"

#if defined(__clang__)
#pragma clang attribute push(                                                                      \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")
#endif

#include "kernels/x86/lanes_avx512.inc"

#define LEVEL attention_kernels_avx512_vnni
#define SUMS  24
#include "kernels/attention_body.inc"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
