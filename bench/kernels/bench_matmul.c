// Speed of the matrix product: GB/s of weights for one vector, GOPS for many, beside the memory
// bandwidth measured between the runs. Best of 0.5 s, since other work may run on the machine.
//
// bench_matmul [THREADS [TYPE...]]   (default: 2, all types)
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "kernels/matrix.h"
#include "kernels/memory.h"
#include "kernels/team.h"

enum { RUN_US = 500000, MANY = 128, MEMORY = 512 << 20 };

struct job {
    struct team *team;
    struct matrix m;
    size_t copies; // of the matrix, so that weights come from memory
    struct vectors v;
    float *y;
    const unsigned char *memory;
    atomic_ullong sum;
};

static void read_memory(void *arg, unsigned thread)
{
    (void)thread;
    struct job *job = arg;
    size_t at, step = 1 << 20;
    uint64_t sums[32] = {0};
    while ((at = team_claim(job->team, step)) < MEMORY)
        for (size_t i = at; i < at + step; i += sizeof sums)
            for (size_t k = 0; k < 32; k++) {
                uint64_t v;
                memcpy(&v, job->memory + i + 8 * k, 8);
                sums[k] += v;
            }
    for (size_t k = 0; k < 32; k++)
        atomic_fetch_add(&job->sum, sums[k]);
}

static void multiply(void *arg, unsigned thread)
{
    (void)thread;
    struct job *job = arg;
    size_t groups = matrix_groups(&job->m), step = 8, g;
    for (size_t copy = 0; copy < job->copies; copy++) {
        struct matrix m = job->m;
        m.data += copy * matrix_bytes(&m);
        while ((g = team_claim(job->team, step)) < groups)
            matrix_multiply(&m, &job->v, job->y, m.rows, g, g + step < groups ? g + step : groups);
        team_barrier(job->team);
    }
}

static double best_seconds(struct job *job, team_fn *fn)
{
    double best = 1e30;
    int64_t first = clock_mono_us(), start = first;
    for (; start - first < RUN_US; start = clock_mono_us()) {
        team_run(job->team, fn, job);
        double s = (double)(clock_mono_us() - start) / 1e6;
        best = s < best ? s : best;
    }
    return best;
}

static void measure(struct job *job, enum quant_type type, uint32_t rows, uint32_t cols)
{
    struct err err;
    if (matrix_shape(&job->m, quant_format_of(type), rows, cols, &err))
        exit(1);
    size_t bytes = matrix_bytes(&job->m);
    job->copies = MEMORY / bytes;
    unsigned char *data = memory_take(job->copies * bytes);
    job->m.data = data;
    if (!data || vectors_open(&job->v, MANY, cols, &err))
        exit(1);
    struct rng rng;
    rng_seed(&rng, 1);
    for (size_t i = 0; i < job->copies * bytes; i += 8) {
        uint64_t v = rng_u64(&rng) & UINT64_C(0x3fff3fff3fff3fff); // no half that is NaN
        memcpy(data + i, &v, 8);
    }
    for (size_t i = 0; i < MANY * (size_t)cols; i++)
        job->v.x[i] = (float)rng_normal(&rng);
    job->y = calloc((size_t)MANY * rows, sizeof *job->y);

    double bandwidth = MEMORY / best_seconds(job, read_memory) / 1e9;
    vectors_shape(&job->v, 1, cols);
    vectors_quantize(&job->v, 0, 0, cols / MATRIX_BLOCK);
    double one = (double)(job->copies * bytes) / best_seconds(job, multiply) / 1e9;
    size_t copies = job->copies;
    job->copies = 1;
    double cached = (double)bytes / best_seconds(job, multiply) / 1e9;
    vectors_shape(&job->v, MANY, cols);
    for (size_t t = 0; t < MANY; t++)
        vectors_quantize(&job->v, t, 0, cols / MATRIX_BLOCK);
    double many = 2.0 * MANY * rows * cols / best_seconds(job, multiply) / 1e9;
    printf("%-6s %5u x %5u  1 vector: %5.1f GB/s = %3.0f %% of %4.1f GB/s (near memory %5.1f)   "
           "%d vectors: %4.0f GOPS\n",
           job->m.format->name, cols, rows, one, 100 * one / bandwidth, bandwidth, cached, MANY,
           many);
    vectors_close(&job->v);
    free(job->y);
    memory_give(data, copies * bytes);
}

int main(int argc, char **argv)
{
    struct job job = {0};
    struct err err;
    unsigned threads = argc > 1 ? (unsigned)atoi(argv[1]) : 2;
    if (team_open(threads, &job.team, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    unsigned char *memory = memory_take(MEMORY);
    if (!memory)
        return 1;
    memset(memory, 1, MEMORY);
    job.memory = memory;
    printf("%s, %u threads, best of 0.5 s\n", cpu_level_name(cpu_level()), threads);
    for (int type = 0; type < QUANT_TYPE_COUNT; type++) {
        bool wanted = argc < 3;
        for (int i = 2; i < argc; i++)
            wanted |= quant_format_by_name(argv[i]) == quant_format_of((enum quant_type)type);
        if (!wanted)
            continue;
        measure(&job, (enum quant_type)type, 8960, 1536);
        measure(&job, (enum quant_type)type, 1536, 8960);
    }
    memory_give(memory, MEMORY);
    team_close(&job.team);
    return 0;
}
