// Which instructions the kernels may use on this machine.
#include "kernels/cpu.h"

#include <stdatomic.h>
#include <string.h>
#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

static const char *const names[CPU_LEVEL_COUNT] = {
    "plain",
#if defined(__aarch64__)
    "neon-dotprod",
#else
    "avx2",
    "avx512-vnni",
#endif
};

static atomic_int forced = -1;

enum cpu_level cpu_level_best(void)
{
#if defined(__x86_64__)
    // These ask the operating system for its part, too.
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vnni"))
        return CPU_AVX512_VNNI;
    // Every machine with AVX2 and FMA has F16C.
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return CPU_AVX2;
#elif defined(__aarch64__)
    if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP)
        return CPU_NEON;
#endif
    return CPU_PLAIN;
}

enum cpu_level cpu_level(void)
{
    int level = atomic_load_explicit(&forced, memory_order_relaxed);
    return level >= 0 ? (enum cpu_level)level : cpu_level_best();
}

bool cpu_level_force(enum cpu_level level)
{
    if (level > cpu_level_best())
        return false;
    atomic_store(&forced, (int)level);
    return true;
}

const char *cpu_level_name(enum cpu_level level)
{
    return names[level];
}

bool cpu_level_from_name(const char *name, enum cpu_level *out)
{
    for (int i = 0; i < CPU_LEVEL_COUNT; i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (enum cpu_level)i;
            return true;
        }
    return false;
}
