// Dense products on training shapes: GFLOP/s, and as a part of what the processor can do at most.
//
// The peak is measured in the same way: a tile of registers over operands that stay in the first
// cache.
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/rng.h"
#include "kernels/cpu.h"
#include "kernels/gemm.h"
#include "kernels/gemm_kernel.h"

enum { THREADS = 2, PEAK_TURNS = 200000 };

static const struct gemm_kernels *kernels(enum gemm_precision precision)
{
#if defined(__x86_64__)
    if (precision == GEMM_BF16 && gemm_has_bf16())
        return &gemm_kernels_bf16;
    if (cpu_level() == CPU_AVX512_VNNI)
        return &gemm_kernels_avx512;
    if (cpu_level() == CPU_AVX2)
        return &gemm_kernels_avx2;
#endif
    (void)precision;
    return &gemm_kernels_plain;
}

static void spin(void *arg, unsigned thread)
{
    (void)thread;
    const struct gemm_kernels *k = arg;
    static _Thread_local _Alignas(64) uint32_t a[GEMM_TILE_ROWS_MAX * GEMM_STEPS],
        b[GEMM_STEPS * GEMM_TILE_COLUMNS];
    static _Thread_local float c[GEMM_TILE_ROWS_MAX * GEMM_TILE_COLUMNS];
    for (int i = 0; i < PEAK_TURNS; i++)
        k->tile_by_rows(GEMM_STEPS, a, b, c, GEMM_TILE_COLUMNS, false);
}

static double peak(struct team *team, const struct gemm_kernels *k)
{
    double best = 0;
    for (int i = 0; i < 3; i++) {
        int64_t start = clock_mono_us();
        team_run(team, spin, (void *)k);
        double flops = 2.0 * THREADS * PEAK_TURNS * (double)k->rows * GEMM_TILE_COLUMNS *
                       GEMM_STEPS * (double)k->in_a_step;
        double rate = flops / (double)(clock_mono_us() - start) / 1e3;
        best = rate > best ? rate : best;
    }
    return best;
}

// What is contracted over what: forward X W^T, gradient of X, gradient of W.
static double measure(struct gemm_work *w, size_t T, size_t in, size_t out, int way)
{
    float *x = calloc(T * in, sizeof *x), *y = calloc(T * out, sizeof *y),
          *m = calloc(in * out, sizeof *m);
    if (!x || !y || !m)
        exit(1);
    struct gemm g[] = {
        {T, out, in, gemm_rows(x, in), gemm_turned(m, in), y, out, false},
        {T, in, out, gemm_rows(y, out), gemm_rows(m, in), x, in, false},
        {out, in, T, gemm_turned(y, out), gemm_rows(x, in), m, in, true},
    };
    double best = 0;
    for (int i = 0; i < 7; i++) {
        int64_t start = clock_mono_us();
        gemm_run(w, &g[way]);
        double rate =
            2.0 * (double)T * (double)in * (double)out / (double)(clock_mono_us() - start) / 1e3;
        best = rate > best ? rate : best;
    }
    free(x);
    free(y);
    free(m);
    return best;
}

int main(void)
{
    static const size_t shapes[][3] = {{4096, 320, 320},  {4096, 320, 960}, {4096, 320, 1728},
                                       {4096, 864, 320},  {512, 320, 8192}, {256, 768, 3072},
                                       {1024, 1536, 8960}};
    static const char *const names[] = {"f32", "bf16"}, *const ways[] = {"y", "dx", "dw"};
    struct err err;
    struct team *team;
    if (team_open(THREADS, &team, &err))
        return 1;
    printf("%-5s %6s %6s %6s %3s %8s %6s\n", "", "T", "in", "out", "", "GFLOP/s", "peak");
    for (int p = GEMM_F32; p <= GEMM_BF16; p++) {
        struct gemm_work *w;
        if (gemm_work_open(team, (enum gemm_precision)p, &w, &err))
            return 1;
        double most = peak(team, kernels((enum gemm_precision)p));
        printf("%-5s peak %39.0f\n", names[p], most);
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
            for (int way = 0; way < 3; way++) {
                double rate = measure(w, shapes[i][0], shapes[i][1], shapes[i][2], way);
                printf("%-5s %6zu %6zu %6zu %3s %8.0f %5.0f%%\n", names[p], shapes[i][0],
                       shapes[i][1], shapes[i][2], ways[way], rate, 100 * rate / most);
            }
        gemm_work_close(&w);
    }
    team_close(&team);
    return 0;
}
