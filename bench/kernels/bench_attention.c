// Speed of one token's attention over a cache of keys and values in memory, beside the memory
// bandwidth measured between the runs, and over one that is near. Best of 0.4 s.
//
// bench_attention [THREADS]
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "kernels/attention.h"
#include "kernels/cpu.h"
#include "kernels/memory.h"
#include "kernels/team.h"

enum { RUN_US = 400000, MEMORY = 256 << 20, BLOCKS_MAX = 64, SUMS_MAX = 1 << 20, NEAR = 256 };

struct shape {
    const char *name;
    size_t layers, kv_heads, heads, D; // heads: query heads of a KV head
};

struct job {
    struct team *team;
    struct shape shape;
    enum attention_type type;
    size_t layers, n;
    const unsigned char *blocks[BLOCKS_MAX];
    float *q, *out; // [kv_heads * heads][D]
    float *sums;    // [kv_heads][parts][...]
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

static void attend(void *arg, unsigned thread)
{
    (void)thread;
    struct job *job = arg;
    const struct shape *s = &job->shape;
    size_t each = attention_block_bytes(job->type, s->D), parts = attention_parts(job->n), i;
    size_t floats = attention_sums(s->heads, s->D);
    for (size_t l = 0; l < job->layers; l++) {
        struct attention a = {.type = job->type,
                              .blocks = job->blocks,
                              .n = job->n,
                              .D = s->D,
                              .heads = s->heads,
                              .q = job->q,
                              .scale = 0.1f};
        while ((i = team_claim(job->team, 1)) < s->kv_heads * parts) {
            a.at = (l * s->kv_heads + i / parts) * each;
            attention_part(&a, i % parts, job->sums + i * floats);
        }
        team_barrier(job->team);
        while ((i = team_claim(job->team, 1)) < s->kv_heads)
            attention_join(&a, job->sums + i * parts * floats, job->out + i * s->heads * s->D);
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

static void measure(struct job *job, size_t n)
{
    const struct shape *s = &job->shape;
    size_t head = attention_block_bytes(job->type, s->D), block = s->layers * s->kv_heads * head;
    size_t blocks = (n + ATTENTION_BLOCK - 1) / ATTENTION_BLOCK;
    struct rng rng;
    rng_seed(&rng, 1);
    for (size_t b = 0; b < blocks; b++) {
        unsigned char *data = memory_take(block);
        if (!data)
            exit(1);
        for (size_t i = 0; i + 8 <= block; i += 8) {
            uint64_t v = rng_u64(&rng) & UINT64_C(0x3fff3fff3fff3fff); // no half that is NaN
            memcpy(data + i, &v, 8);
        }
        job->blocks[b] = data;
    }
    double bandwidth = MEMORY / best_seconds(job, read_memory) / 1e9;
    job->layers = s->layers;
    job->n = n;
    double bytes = (double)(s->kv_heads * head) / ATTENTION_BLOCK * (double)n;
    double far = best_seconds(job, attend) / (double)s->layers;
    job->layers = 1;
    job->n = n < NEAR ? n : NEAR;
    double near = best_seconds(job, attend) * (double)n / (double)job->n;
    printf("%-13s %-4s %5zu positions: %6.1f us a layer = %4.1f GB/s, %3.0f %% of %4.1f GB/s; "
           "near memory %6.1f us\n",
           s->name, job->type == ATTENTION_F16 ? "f16" : "q8_0", n, far * 1e6, bytes / far / 1e9,
           100 * bytes / far / 1e9 / bandwidth, bandwidth, near * 1e6);
    for (size_t b = 0; b < blocks; b++)
        memory_give((void *)job->blocks[b], block);
}

int main(int argc, char **argv)
{
    static const struct shape shapes[] = {{"Qwen2.5-1.5B", 28, 2, 6, 128},
                                          {"Llama-3.2-1B", 16, 8, 4, 64},
                                          {"Phi-3-mini", 32, 32, 1, 96}};
    static const size_t lengths[] = {1024, 4096};
    struct job job = {0};
    struct err err;
    unsigned threads = argc > 1 ? (unsigned)atoi(argv[1]) : 2;
    if (team_open(threads, &job.team, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    unsigned char *memory = memory_take(MEMORY);
    job.q = calloc(ATTENTION_HEADS_MAX * ATTENTION_D_MAX, sizeof *job.q);
    job.out = calloc(ATTENTION_HEADS_MAX * ATTENTION_D_MAX, sizeof *job.out);
    job.sums = calloc(SUMS_MAX, sizeof *job.sums);
    if (!memory || !job.q || !job.out || !job.sums)
        return 1;
    memset(memory, 1, MEMORY);
    job.memory = memory;
    struct rng rng;
    rng_seed(&rng, 2);
    for (size_t i = 0; i < ATTENTION_HEADS_MAX * ATTENTION_D_MAX; i++)
        job.q[i] = (float)rng_normal(&rng);
    printf("%s, %u threads\n", cpu_level_name(cpu_level()), threads);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int type = 0; type < ATTENTION_TYPE_COUNT; type++)
            for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
                job.shape = shapes[i];
                job.type = (enum attention_type)type;
                measure(&job, lengths[k]);
            }
    memory_give(memory, MEMORY);
    free(job.q);
    free(job.out);
    free(job.sums);
    team_close(&job.team);
    return 0;
}
