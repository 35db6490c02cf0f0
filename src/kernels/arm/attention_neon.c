// Attention kernels for NEON with dot products.
#if defined(__aarch64__)
#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#include "kernels/attention_kernel.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("arch=armv8.2-a+dotprod"))), apply_to = function)
#else
#pragma GCC target("arch=armv8.2-a+dotprod")
#endif

#include "kernels/arm/lanes_neon.inc"

#define LEVEL attention_kernels_neon
#define SUMS  6
#include "kernels/attention_body.inc"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
