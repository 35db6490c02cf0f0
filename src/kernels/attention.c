// Attention of one token's heads: the cache's layout, and the way to the level's kernels.
#include "kernels/attention.h"

#include <math.h>
#include <string.h>

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
#elif defined(__aarch64__)
        [CPU_NEON] = &attention_kernels_neon,
#endif
    };
    return levels[cpu_level()];
}

size_t attention_parts(size_t n)
{
    return (n + ATTENTION_PART - 1) / ATTENTION_PART;
}

size_t attention_sums(size_t heads, size_t D)
{
    return heads * (D + 2);
}

void attention_part(const struct attention *a, size_t part, float *sums)
{
    now()->attend(a, part, sums);
}

void attention_join(const struct attention *a, const float *sums, float *out)
{
    now()->join(a, attention_parts(a->n), sums, out);
}

void attention_gate(const float *gate, const float *up, float *out, size_t n)
{
    now()->gate(gate, up, out, n);
}

size_t attention_block_bytes(enum attention_type type, size_t D)
{
    return type == ATTENTION_Q8_0 ? 2 * ATTENTION_TILES * (D / 32 * ATTENTION_Q8_GROUP)
                                  : 2 * ATTENTION_BLOCK * D * sizeof(uint16_t);
}

static void put_half(unsigned char *to, float v)
{
    uint16_t half = half_from_float(v);
    memcpy(to, &half, sizeof half);
}

static void store_halves(unsigned char *block, size_t D, size_t position, const float *k,
                         const float *v)
{
    size_t lane = position % ATTENTION_TILE;
    unsigned char *keys = block + (position - lane) * D * 2;
    unsigned char *values = block + ATTENTION_BLOCK * D * 2 + position * D * 2;
    for (size_t d = 0; d < D; d++) {
        put_half(keys + (d * ATTENTION_TILE + lane) * 2, k[d]);
        put_half(values + d * 2, v[d]);
    }
}

// 32 numbers to signed bytes and a half scale; the scale of what is not finite is NaN.
static void quantize_32_to(const float *x, unsigned char *scale, int8_t q[32])
{
    float largest = 0, bad = 0; // bad: 0 or NaN
    for (size_t i = 0; i < 32; i++) {
        largest = fmaxf(largest, fabsf(x[i]));
        bad += x[i] * 0;
    }
    put_half(scale, largest / 127 + bad);
    float inverse = largest > 0 && bad == 0 ? 127 / largest : 0;
    for (size_t i = 0; i < 32; i++)
        q[i] = (int8_t)(bad == 0 ? lrintf(x[i] * inverse) : 0);
}

static void store_q8_0(unsigned char *block, size_t D, size_t position, const float *k,
                       const float *v)
{
    size_t tile = position / ATTENTION_TILE, lane = position % ATTENTION_TILE;
    size_t tile_bytes = D / 32 * ATTENTION_Q8_GROUP;
    unsigned char *keys = block + tile * tile_bytes;
    unsigned char *values = keys + ATTENTION_TILES * tile_bytes;
    for (size_t g = 0; g < D / 32; g++, keys += ATTENTION_Q8_GROUP) {
        int8_t q[32];
        quantize_32_to(k + 32 * g, keys + 2 * lane, q);
        for (size_t i = 0; i < 32; i++)
            keys[32 + i / 4 * 64 + 4 * lane + i % 4] = (unsigned char)(q[i] + 128);
        quantize_32_to(v + 32 * g, values + 32 * g + 2 * lane, q);
        memcpy(values + D + lane * D + 32 * g, q, sizeof q);
    }
}

void attention_store(enum attention_type type, unsigned char *block, size_t D, size_t position,
                     const float *k, const float *v)
{
    (type == ATTENTION_Q8_0 ? store_q8_0 : store_halves)(block, D, position, k, v);
}
