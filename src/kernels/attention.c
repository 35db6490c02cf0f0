// Attention of one token's heads: the cache's layout, and the way to the level's kernels.
#include "kernels/attention.h"

#include "kernels/attention_kernel.h"
#include "kernels/cpu.h"
#include "kernels/half.h"

static const struct attention_kernels *now(void)
{
    static const struct attention_kernels *const levels[CPU_LEVEL_COUNT] = {
        [CPU_PLAIN] = &attention_kernels_plain,
#if defined(__x86_64__)
        [CPU_AVX2] = &attention_kernels_avx2,
        [CPU_AVX512_VNNI] = &attention_kernels_avx512_vnni,
#endif
    };
    return levels[cpu_level()];
}

void attention_run(const struct attention *a)
{
    now()->attend(a);
}

void attention_gate(const float *gate, const float *up, float *out, size_t n)
{
    now()->gate(gate, up, out, n);
}

void attention_store(uint16_t *keys, uint16_t *values, size_t D, size_t position, const float *k,
                     const float *v)
{
    uint16_t *tile = keys + position / ATTENTION_TILE * D * ATTENTION_TILE;
    for (size_t d = 0; d < D; d++) {
        tile[d * ATTENTION_TILE + position % ATTENTION_TILE] = half_from_float(k[d]);
        values[position * D + d] = half_from_float(v[d]);
    }
}
