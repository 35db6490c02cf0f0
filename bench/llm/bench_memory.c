// Measures the memory that a model takes: loads it, fills a context, prints what was resident at
// most.
//
// bench_memory MODEL.gguf CONTEXT f16|q8_0 [THREADS]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "llm/engine.h"

enum { AT_ONCE = 512 };

static double most_resident_gb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss * 1024 / 1e9;
}

static enum err_code fill(struct engine *e, struct session *s, struct err *err)
{
    int32_t ids[AT_ONCE];
    for (int32_t i = 0; i < AT_ONCE; i++)
        ids[i] = i * 53 % 256;
    for (uint32_t left; (left = session_context(s) - session_length(s)) > 0;) {
        const float *logits;
        enum err_code code = engine_feed(e, s, ids, left < AT_ONCE ? left : AT_ONCE, &logits, err);
        if (code)
            return code;
    }
    return ERR_OK;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: %s MODEL.gguf CONTEXT f16|q8_0 [THREADS]\n", argv[0]);
        return 2;
    }
    struct session_options o = {
        .context = (uint32_t)strtoul(argv[2], NULL, 10),
        .cache = strcmp(argv[3], "q8_0") == 0 ? CACHE_Q8_0 : CACHE_F16,
    };
    struct engine *e = NULL;
    struct session *s = NULL;
    struct err err;
    enum err_code code = engine_open(argv[1], argc > 4 ? (unsigned)atoi(argv[4]) : 2, &e, &err);
    double loaded = most_resident_gb();
    if (!code)
        code = session_open(e, &o, &s, &err);
    if (!code)
        code = fill(e, s, &err);
    if (code)
        fprintf(stderr, "%s\n", err.text);
    else
        printf(
            "weights %.2f GB, keys and values %.2f GB (%s, %u positions); most resident: %.2f GB "
            "after loading, %.2f GB at the end\n",
            (double)engine_model(e)->packed_bytes / 1e9, (double)engine_cache_bytes(e) / 1e9,
            argv[3], session_length(s), loaded, most_resident_gb());
    session_close(&s);
    engine_close(&e);
    return code ? 1 : 0;
}
