// Which instructions the kernels may use on this machine.
#ifndef FETTLE_KERNELS_CPU_H
#define FETTLE_KERNELS_CPU_H

#include <stdbool.h>

enum cpu_level {
    CPU_PLAIN, // C alone
#if defined(__aarch64__)
    CPU_NEON, // NEON with the dot products of ARMv8.2
#else
    CPU_AVX2,        // AVX2, FMA, F16C
    CPU_AVX512_VNNI, // AVX-512 F, BW, DQ, VL and VNNI
#endif
    CPU_LEVEL_COUNT
};

// The highest level that this machine and this build support.
enum cpu_level cpu_level_best(void);

// The level in force: the best one unless forced. Set it before any kernel runs.
enum cpu_level cpu_level(void);
bool cpu_level_force(enum cpu_level level); // false: not supported here, nothing changed

const char *cpu_level_name(enum cpu_level level);
bool cpu_level_from_name(const char *name, enum cpu_level *out);

#endif
