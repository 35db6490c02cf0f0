// Runs a model by order, for bench_compare.py: a command per line in, its seconds per line out.
//
// bench_ask MODEL.gguf [THREADS [f16|q8_0 [FOLDER]]]    first line out: seconds of loading, bytes
// of
//                 weights; keys and values in f16 or q8_0; packed weights are kept in FOLDER
// prefill N       one text of N tokens
// decode D N      N tokens, one by one, after D others (not counted, nor computed anew where the
//                 command before has left them)
// batch S N       N steps of S sessions, one token each
// settle          weights mapped from FOLDER are moved into large pages
// read            GB/s of reading memory, instead of seconds
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "kernels/memory.h"
#include "kernels/team.h"
#include "llm/engine.h"

enum {
    MEMORY = 512 << 20,
    SESSIONS = 16,
    CONTEXT = 5000,
    PIECE = ENGINE_BATCH,
    SETTLE_BYTES = 8 << 20
};

struct bench {
    struct engine *engine;
    struct session *sessions[SESSIONS];
    unsigned threads;
    unsigned char *memory; // to measure the bandwidth with
    struct err err;
};

struct reading {
    struct team *team;
    const unsigned char *memory;
    atomic_ullong sum;
};

static void read_memory(void *arg, unsigned thread)
{
    (void)thread;
    struct reading *r = arg;
    size_t at, step = 1 << 20;
    uint64_t sums[32] = {0};
    while ((at = team_claim(r->team, step)) < MEMORY)
        for (size_t i = at; i < at + step; i += sizeof sums)
            for (size_t k = 0; k < 32; k++) {
                uint64_t v;
                memcpy(&v, r->memory + i + 8 * k, 8);
                sums[k] += v;
            }
    for (size_t k = 0; k < 32; k++)
        atomic_fetch_add(&r->sum, sums[k]);
}

// Best of several; 0 on failure. The memory is kept, since its first use is slow.
static double bandwidth(struct bench *b)
{
    struct reading r = {.memory = b->memory};
    double best = 0;
    if (team_open(b->threads, &r.team, &b->err))
        return 0;
    for (int i = 0; i < 6; i++) {
        int64_t start = clock_mono_us();
        team_run(r.team, read_memory, &r);
        double gbs = MEMORY / (double)(clock_mono_us() - start) / 1e3;
        best = gbs > best ? gbs : best;
    }
    team_close(&r.team);
    return best;
}

static bool feed(struct bench *b, size_t n)
{
    int32_t ids[PIECE];
    const float *logits;
    while (n > 0) {
        size_t now = n < PIECE ? n : PIECE;
        for (size_t i = 0; i < now; i++)
            ids[i] = (int32_t)((n - i) * 37 % 256);
        if (engine_feed(b->engine, b->sessions[0], ids, now, &logits, &b->err))
            return false;
        n -= now;
    }
    return true;
}

static bool step(struct bench *b, size_t sessions)
{
    struct step_token tokens[SESSIONS];
    const float *logits;
    for (size_t s = 0; s < sessions; s++)
        tokens[s] = (struct step_token){(int32_t)(97 + s), b->sessions[s], true};
    return engine_step(b->engine, tokens, sessions, &logits, &b->err) == ERR_OK;
}

// Runs one command; negative on failure.
static double run(struct bench *b, const char *line)
{
    unsigned depth = 0, n = 0, sessions = 1;
    bool good = true;
    if (strncmp(line, "read", 4) == 0)
        return bandwidth(b);
    if (strncmp(line, "settle", 6) == 0) {
        int64_t start = clock_mono_us();
        while (engine_settle(b->engine, SETTLE_BYTES))
            ;
        return (double)(clock_mono_us() - start) / 1e6;
    }
    for (size_t s = 1; s < SESSIONS; s++)
        session_truncate(b->sessions[s], 0);
    if (sscanf(line, "decode %u", &depth) != 1)
        session_truncate(b->sessions[0], 0);
    if (sscanf(line, "prefill %u", &n) == 1) {
        int64_t start = clock_mono_us();
        good = feed(b, n);
        return good ? (double)(clock_mono_us() - start) / 1e6 : -1;
    }
    if (sscanf(line, "decode %u %u", &depth, &n) != 2 &&
        (sscanf(line, "batch %u %u", &sessions, &n) != 2 || sessions > SESSIONS)) {
        err_set(&b->err, ERR_USAGE, "not a command: %s", line);
        return -1;
    }
    uint32_t have = session_length(b->sessions[0]);
    if (have > depth)
        session_truncate(b->sessions[0], depth);
    good = feed(b, have < depth ? depth - have : 0) && step(b, sessions);
    int64_t start = clock_mono_us();
    for (unsigned i = 0; good && i < n; i++)
        good = step(b, sessions);
    return good ? (double)(clock_mono_us() - start) / 1e6 : -1;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s MODEL.gguf [THREADS [f16|q8_0 [FOLDER]]]\n", argv[0]);
        return 2;
    }
    struct bench b = {.threads = argc > 2 ? (unsigned)atoi(argv[2]) : 2};
    struct engine_options options = {
        .threads = b.threads,
        .packed = {.dir = argc > 4 ? argv[4] : NULL, .bytes_most = UINT64_MAX}};
    enum cache_type cache = argc > 3 && strcmp(argv[3], "q8_0") == 0 ? CACHE_Q8_0 : CACHE_F16;
    int64_t start = clock_mono_us();
    enum err_code code = engine_open_with(argv[1], &options, &b.engine, &b.err);
    printf("%.3f %zu\n", (double)(clock_mono_us() - start) / 1e6,
           code ? 0 : engine_model(b.engine)->packed_bytes);
    for (size_t s = 0; !code && s < SESSIONS; s++) {
        uint32_t most = engine_model(b.engine)->shape.context;
        uint32_t context = s > 0 ? 256 : most < CONTEXT ? most : CONTEXT;
        struct session_options o = {.context = context, .cache = cache};
        code = session_open(b.engine, &o, &b.sessions[s], &b.err);
    }
    b.memory = memory_take(MEMORY);
    if (!code && !b.memory)
        code = err_set(&b.err, ERR_NO_MEMORY, "out of memory for reading it");
    if (!code)
        memset(b.memory, 1, MEMORY);
    char line[256];
    while (!code && fflush(stdout) == 0 && fgets(line, sizeof line, stdin)) {
        double result = run(&b, line);
        if (result < 0)
            code = ERR_USAGE;
        else
            printf("%.6f\n", result);
    }
    if (code)
        fprintf(stderr, "%s\n", b.err.text);
    for (size_t s = 0; s < SESSIONS; s++)
        session_close(&b.sessions[s]);
    engine_close(&b.engine);
    memory_give(b.memory, MEMORY);
    return code ? 1 : 0;
}
