// Writes random models of real shapes, and measures how fast models run.
//
// bench_model synth LIKE TYPE SEED OUT.gguf [VOCABULARY.gguf]     peaked: with decided next tokens
// bench_model speed MODEL.gguf [THREADS]   prefill of 512, decode at empty and at 1,024 and 4,096
//                                          tokens of context, beside the memory bandwidth
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "kernels/cpu.h"
#include "llm/speed.h"
#include "llm/synth.h"

enum { PROMPT = 512, ANSWER = 32, TRIES = 3 };

static int fail(const struct err *err)
{
    fprintf(stderr, "%s\n", err->text);
    return 1;
}

static int synth(int argc, char **argv)
{
    struct err err;
    struct gguf *vocabulary = NULL;
    if (argc < 6 || (argc > 6 && gguf_open(argv[6], &vocabulary, &err)))
        return argc < 6 ? 2 : fail(&err);
    struct synth s = {argv[2], argv[3], strtoull(argv[4], NULL, 10), vocabulary,
                      strcmp(argv[1], "peaked") == 0};
    enum err_code code = synth_write(&s, argv[5], &err);
    gguf_close(&vocabulary);
    return code ? fail(&err) : 0;
}

// Tokens per second, the best of several; 0 on failure.
static double rate(struct engine *e, struct session *s, uint32_t n, bool at_once, struct err *err)
{
    struct speed_plan plan = {.n = n, .one_by_one = !at_once, .repeats = TRIES};
    struct speed r;
    return speed_of_tokens(e, s, &plan, &r, err) ? 0 : r.best;
}

static int speed(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    unsigned threads = argc > 3 ? (unsigned)atoi(argv[3]) : 2;
    struct err err;
    struct engine *e;
    struct session *s;
    double before = speed_of_memory(threads);
    int64_t start = clock_mono_us();
    if (engine_open(argv[2], threads, &e, &err) || session_open(e, NULL, &s, &err))
        return fail(&err);
    double load_s = (double)(clock_mono_us() - start) / 1e6;
    const struct model *m = engine_model(e);
    uint64_t bytes = m->packed_bytes;
    printf("%s, %u threads, %s: %.2f G parameters, %.2f GB of packed weights, loaded in %.2f s\n",
           argv[2], threads, cpu_level_name(cpu_level()), (double)m->shape.parameters / 1e9,
           (double)bytes / 1e9, load_s);
    double prefill = rate(e, s, PROMPT, true, &err);
    printf("prefill of %d: %.1f tok/s\n", PROMPT, prefill);
    static const uint32_t depths[] = {0, 1024, 4064};
    for (size_t i = 0; i < 3; i++) {
        if (depths[i] + ANSWER > session_context(s) || speed_fill(e, s, depths[i], &err))
            break;
        double tokens = rate(e, s, ANSWER, false, &err), gbs = tokens * (double)bytes / 1e9;
        printf("decode at %u: %.1f tok/s = %.1f GB/s of weights\n", depths[i], tokens, gbs);
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double after = speed_of_memory(threads);
    printf("memory reads: %.1f GB/s before, %.1f after; most resident: %ld MiB\n", before, after,
           usage.ru_maxrss >> 10);
    session_close(&s);
    engine_close(&e);
    return 0;
}

int main(int argc, char **argv)
{
    int status = 2;
    if (argc > 1 && (strcmp(argv[1], "synth") == 0 || strcmp(argv[1], "peaked") == 0))
        status = synth(argc, argv);
    else if (argc > 1 && strcmp(argv[1], "speed") == 0)
        status = speed(argc, argv);
    if (status == 2)
        fprintf(stderr,
                "usage: %s synth|peaked LIKE TYPE SEED OUT.gguf [VOCABULARY.gguf]\n"
                "       %s speed MODEL.gguf [THREADS]\n",
                argv[0], argv[0]);
    return status;
}
