// Tiny random models for tests, and sessions over them.
#include "llm/llm_tiny.h"

#include <stdio.h>
#include <unistd.h>

#include "base/rng.h"
#include "llm/synth.h"
#include "test.h"

struct engine *tiny_engine(const char *arch, const char *type, unsigned threads)
{
    char like[32], path[64];
    snprintf(like, sizeof like, "tiny-%s", arch);
    snprintf(path, sizeof path, "/tmp/fettle-tiny-%d", (int)getpid());
    struct synth synth = {.like = like, .type = type, .seed = 7};
    struct engine *e;
    struct err err;
    assert_ok(synth_write(&synth, path, &err), err);
    assert_ok(engine_open(path, threads, &e, &err), err);
    unlink(path);
    return e;
}

struct session *tiny_session(struct engine *e, uint32_t context, enum cache_type cache)
{
    struct session *s;
    struct err err;
    struct session_options o = {.context = context, .cache = cache};
    assert_ok(session_open(e, &o, &s, &err), err);
    return s;
}

void tiny_text(int32_t *ids, size_t n, uint64_t seed)
{
    struct rng rng;
    rng_seed(&rng, seed);
    for (size_t i = 0; i < n; i++)
        ids[i] = (int32_t)rng_below(&rng, 257);
}

const float *tiny_feed(struct engine *e, struct session *s, const int32_t *ids, size_t n)
{
    const float *logits;
    struct err err;
    assert_ok(engine_feed(e, s, ids, n, &logits, &err), err);
    return logits;
}
