// Training steps of a decoder: tokens/s, floating point operations a second, and memory.
//
// usage: bench_decoder [L C H H_kv D hidden V context segment rows [f32|bf16 [threads]]]
//
// Operations are also given per second of processor time: with one thread that figure holds on a
// machine that does other things, too. Several threads wait for each other while one is put aside.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "nn/decoder.h"
#include "nn/optimizer.h"

enum { THREADS = 2, TURNS = 4, ARGUMENTS = 10 };

// Of all threads of this process.
static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    uint32_t a[ARGUMENTS] = {8, 320, 5, 5, 64, 864, 8192, 1024, 1024, 4096};
    for (int i = 1; i < argc && i <= ARGUMENTS; i++)
        a[i - 1] = (uint32_t)atoi(argv[i]);
    struct nn_shape s = {.L = a[0],
                         .C = a[1],
                         .H = a[2],
                         .H_kv = a[3],
                         .D = a[4],
                         .hidden = a[5],
                         .V = a[6],
                         .context = a[7],
                         .eps = 1e-5f,
                         .rope_base = 1e4f,
                         .tied = true};
    uint32_t segment = a[8], rows = a[9];
    bool floats = argc > ARGUMENTS + 1 && strcmp(argv[ARGUMENTS + 1], "f32") == 0;
    enum gemm_precision precision = floats ? GEMM_F32 : GEMM_BF16;
    unsigned threads = argc > ARGUMENTS + 2 ? (unsigned)atoi(argv[ARGUMENTS + 2]) : THREADS;
    struct nn_work k;
    struct nn_weights w;
    struct nn_decoder *d;
    struct err err;
    struct rng rng;
    struct nn_decoder_options o = {.rows = rows, .training = true};
    if (nn_work_open(threads, precision, &k, &err) || nn_weights_open(&s, &w, &err) ||
        nn_decoder_open(&k, &w, &o, &d, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    rng_seed(&rng, 1);
    nn_weights_init(&w, &rng);
    int32_t *tokens = calloc(2 * rows, sizeof *tokens);
    uint32_t *start = calloc(rows + 2, sizeof *start);
    if (!tokens || !start)
        return 1;
    for (size_t i = 0; i < 2 * rows; i++)
        tokens[i] = (int32_t)rng_below(&rng, s.V);
    struct nn_batch b = {rows, tokens, tokens + rows, {start, 0}};
    for (uint32_t at = 0; at < rows; at += segment) {
        b.segments.count++;
        start[b.segments.count] = at + segment < rows ? at + segment : rows;
    }
    struct nn_optimizer adamw = {0.9f, 0.95f, 1e-8f, 0.1f, 1};
    double best = 1e30, least_spent = 1e30, loss = 0;
    for (int i = 0; i < TURNS; i++) {
        int64_t from = clock_mono_us();
        double spent = processor_seconds();
        loss = nn_decoder_loss(d, &b, 1 / (float)rows) / rows;
        nn_optimizer_step(&k, &adamw, &w, nn_gradient_norm(&k, &w), 1, (uint64_t)(i + 1), 1e-3);
        double seconds = (double)(clock_mono_us() - from) / 1e6;
        best = seconds < best ? seconds : best;
        spent = processor_seconds() - spent;
        least_spent = spent < least_spent ? spent : least_spent;
    }
    double products = 6.0 * (double)(w.parameters - (size_t)s.V * s.C) + 6.0 * s.V * s.C;
    double attention = 6.0 * s.L * s.H * s.D * segment; // causal: half of 12 L H D T
    printf("%.2f M parameters, %u rows of %u: %.0f tokens/s, %.0f GFLOP/s (%.0f per second of "
           "processor time), loss %.3f, %zu MiB\n",
           (double)w.parameters / 1e6, rows, segment, rows / best,
           rows / best * (products + attention) / 1e9,
           rows / least_spent * (products + attention) / 1e9, loss,
           (nn_decoder_bytes(&s, &o) + 4 * w.n * sizeof(float)) >> 20);
    nn_decoder_close(&d);
    nn_weights_close(&w);
    nn_work_close(&k);
    return 0;
}
