// The engine on tiny random models: logits against double precision, determinism, limits.
#include "test.h"

#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/rng.h"
#include "kernels/attention.h"
#include "llm/engine.h"
#include "llm/synth.h"

#include "llm/reference.h"

static const char *const archs[] = {"llama", "qwen2", "qwen3", "phi3"};

enum { TEXT = 24, V = 320 };

static int32_t text[TEXT];
static char path[64];

static int make_text(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 4);
    for (int i = 0; i < TEXT; i++)
        text[i] = (int32_t)rng_below(&rng, 257);
    snprintf(path, sizeof path, "/tmp/fettle-engine-%d", (int)getpid());
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static void write_model(const char *arch, const char *type)
{
    char like[32];
    snprintf(like, sizeof like, "tiny-%s", arch);
    struct synth s = {.like = like, .type = type, .seed = 7};
    struct err err;
    assert_ok(synth_write(&s, path, &err), err);
}

static struct engine *open_engine(unsigned threads)
{
    struct engine *e;
    struct err err;
    assert_ok(engine_open(path, threads, &e, &err), err);
    return e;
}

static enum cache_type cache; // of the sessions that open_session makes

static enum err_code try_session(struct engine *e, uint32_t context, struct session **s,
                                 struct err *err)
{
    return session_open(e, &(struct session_options){.context = context, .cache = cache}, s, err);
}

static struct session *open_session_of(struct engine *e, uint32_t context)
{
    struct session *s;
    struct err err;
    assert_ok(try_session(e, context, &s, &err), err);
    return s;
}

static struct session *open_session(struct engine *e)
{
    return open_session_of(e, 0);
}

// Logits of every position, computed in steps of `step` tokens.
static float *all_logits(struct engine *e, size_t step)
{
    struct session *s = open_session(e);
    float *all = malloc(TEXT * V * sizeof *all);
    for (size_t i = 0; i < TEXT; i += step) {
        struct step_token tokens[TEXT];
        size_t n = TEXT - i < step ? TEXT - i : step;
        for (size_t k = 0; k < n; k++)
            tokens[k] = (struct step_token){text[i + k], s, true};
        const float *logits;
        struct err err;
        assert_ok(engine_step(e, tokens, n, &logits, &err), err);
        memcpy(all + i * V, logits, n * V * sizeof *all);
    }
    assert_int_equal(session_length(s), TEXT);
    session_close(&s);
    return all;
}

// The largest difference from double precision, relative to the spread of the logits.
static double worst_error(const char *arch, const float *all)
{
    struct gguf *g;
    struct err err;
    struct reference r;
    double logits[V], worst = 0;
    assert_ok(gguf_open(path, &g, &err), err);
    ref_open(&r, g, arch, TEXT);
    for (int i = 0; i < TEXT; i++) {
        double spread = 0;
        ref_step(&r, text[i], logits);
        for (int k = 0; k < V; k++)
            spread = fmax(spread, fabs(logits[k]));
        for (int k = 0; k < V; k++)
            worst = fmax(worst, fabs(logits[k] - (double)all[i * V + k]) / spread);
    }
    ref_close(&r);
    gguf_close(&g);
    return worst;
}

static void float_logits_agree_with_double_precision(void **state)
{
    (void)state;
    for (size_t a = 0; a < 4; a++) {
        write_model(archs[a], "F32");
        struct engine *e = open_engine(2);
        float *all = all_logits(e, TEXT);
        double worst = worst_error(archs[a], all);
        if (!(worst < 1e-4))
            fail_msg("%s: worst relative error %g", archs[a], worst);
        free(all);
        engine_close(&e);
    }
}

static void quantized_logits_stay_near_double_precision(void **state)
{
    (void)state;
    static const char *const types[] = {"F16",  "BF16", "Q8_0",   "Q4_0",   "Q4_1",
                                        "Q5_0", "Q5_1", "Q2_K",   "Q3_K",   "Q4_K",
                                        "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "Q4_K_M"};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        const char *arch = archs[t % 4];
        write_model(arch, types[t]);
        struct engine *e = open_engine(2);
        float *all = all_logits(e, TEXT);
        double worst = worst_error(arch, all);
        // The inputs' rounding to 8 bits is all that differs.
        if (!(worst < 0.05))
            fail_msg("%s %s: worst relative error %g", arch, types[t], worst);
        free(all);
        engine_close(&e);
    }
}

static void expect_bits(const float *want, unsigned threads, size_t step, enum cpu_level level)
{
    cpu_level_force(level);
    struct engine *e = open_engine(threads);
    float *got = all_logits(e, step);
    assert_memory_equal(got, want, TEXT * V * sizeof *got);
    free(got);
    engine_close(&e);
    cpu_level_force(cpu_level_best());
}

static void the_same_bits_for_any_threads_steps_and_levels(void **state)
{
    (void)state;
    static const size_t steps[] = {8, 1, 3, 17};
    for (size_t a = 0; a < 4; a++) {
        write_model(archs[a], a % 2 ? "Q4_0" : "Q4_K_M");
        cache = a / 2 ? CACHE_Q8_0 : CACHE_F16;
        struct engine *one = open_engine(1);
        float *want = all_logits(one, TEXT);
        engine_close(&one);
        for (unsigned threads = 1; threads <= 4; threads++)
            expect_bits(want, threads, steps[threads - 1], cpu_level_best());
        for (int level = 0; level < (int)cpu_level_best(); level++)
            expect_bits(want, 2, 11, (enum cpu_level)level);
        free(want);
    }
    cache = CACHE_F16;
}

// One token alone is attended to in parts, by all threads; among many, by one thread.
static void the_same_bits_whether_a_long_text_is_attended_to_in_parts(void **state)
{
    (void)state;
    enum { LONG = 2 * ATTENTION_PART + 70 };
    int32_t ids[LONG];
    float want[V];
    for (int i = 0; i < LONG; i++)
        ids[i] = text[i * 7 % TEXT];
    write_model("chat", "Q4_0");
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct engine *e = open_engine(threads);
        struct session *s = open_session_of(e, LONG);
        const float *logits;
        struct err err;
        assert_ok(engine_feed(e, s, ids, LONG, &logits, &err), err);
        if (threads == 1)
            memcpy(want, logits, sizeof want);
        assert_memory_equal(logits, want, sizeof want);
        session_truncate(s, LONG - 1);
        assert_ok(engine_feed(e, s, ids + LONG - 1, 1, &logits, &err), err);
        assert_memory_equal(logits, want, sizeof want);
        session_close(&s);
        engine_close(&e);
    }
}

static void the_same_bits_in_the_company_of_other_sessions(void **state)
{
    (void)state;
    write_model("qwen2", "Q8_0");
    struct engine *e = open_engine(2);
    float *want = all_logits(e, 1);
    struct session *s[8];
    for (int k = 0; k < 8; k++)
        s[k] = open_session(e);
    for (int i = 0; i < TEXT; i++) {
        struct step_token tokens[8];
        size_t n = 0;
        for (int k = 0; k < 8; k++) // session 0 runs through, others start and pause
            if (k == 0 || (i + k) % 3)
                tokens[n++] = (struct step_token){k ? text[(i * k) % TEXT] : text[i], s[k], true};
        const float *logits;
        struct err err;
        assert_ok(engine_step(e, tokens, n, &logits, &err), err);
        assert_memory_equal(logits, want + i * V, V * sizeof *want);
    }
    for (int k = 0; k < 8; k++)
        session_close(&s[k]);
    free(want);
    engine_close(&e);
}

static void a_truncated_session_goes_on_as_if_new(void **state)
{
    (void)state;
    write_model("llama", "Q4_0");
    struct engine *e = open_engine(2);
    float *want = all_logits(e, TEXT);
    struct session *s = open_session(e);
    const float *logits;
    struct err err;
    assert_ok(engine_feed(e, s, text, 12, &logits, &err), err);
    assert_ok(engine_feed(e, s, text, 12, &logits, &err), err);
    session_truncate(s, 12);
    assert_ok(engine_feed(e, s, text + 12, TEXT - 12, &logits, &err), err);
    assert_memory_equal(logits, want + (TEXT - 1) * V, V * sizeof *want);
    session_close(&s);
    free(want);
    engine_close(&e);
}

static void limits_are_told_with_their_numbers(void **state)
{
    (void)state;
    write_model("llama", "Q8_0");
    struct engine *e = open_engine(1);
    struct session *s;
    struct err err;
    const float *logits;
    assert_int_equal(try_session(e, 513, &s, &err), ERR_LIMIT);
    assert_non_null(strstr(err.text, "513"));
    assert_non_null(strstr(err.text, "512"));
    assert_ok(try_session(e, 10, &s, &err), err);
    assert_int_equal(engine_feed(e, s, text, 11, &logits, &err), ERR_LIMIT);
    assert_int_equal(session_length(s), 0);
    assert_ok(engine_feed(e, s, text, 10, &logits, &err), err);
    assert_int_equal(engine_feed(e, s, text, 1, &logits, &err), ERR_LIMIT);
    session_truncate(s, 3);
    int32_t wrong[] = {1, V};
    assert_int_equal(engine_feed(e, s, wrong, 2, &logits, &err), ERR_INPUT);
    assert_int_equal(session_length(s), 3);
    session_close(&s);
    engine_close(&e);
}

// Overwrites the first bytes of a tensor's data in the file.
static void poison(const char *tensor, const void *bytes, size_t n)
{
    struct gguf *g;
    struct err err;
    struct buf file = {0};
    assert_ok(file_read(path, 1 << 24, &file, &err), err);
    assert_ok(gguf_open_bytes(file.p, file.n, path, &g, &err), err);
    memcpy(file.p + (gguf_find_tensor(g, tensor)->data - (const unsigned char *)file.p), bytes, n);
    gguf_close(&g);
    assert_ok(file_replace(path, file.p, file.n, &err), err);
    buf_free(&file);
}

static void a_context_beyond_the_memory_is_refused_before_anything_is_taken(void **state)
{
    (void)state;
    static const char key[] = "llama.context_length";
    write_model("llama", "Q8_0");
    struct buf file = {0};
    struct err err;
    struct session *s;
    assert_ok(file_read(path, 1 << 24, &file, &err), err);
    char *at = memmem(file.p, file.n, key, strlen(key));
    memcpy(at + strlen(key) + 4, "\xff\xff\xff\xff", 4); // behind the value's type
    assert_ok(file_replace(path, file.p, file.n, &err), err);
    buf_free(&file);
    struct engine *e = open_engine(1);
    assert_int_equal(try_session(e, 0, &s, &err), ERR_NO_MEMORY); // 2 TiB
    assert_non_null(strstr(err.text, "4294967295"));
    assert_null(s);
    s = open_session_of(e, 512); // what fits is not refused afterwards
    session_close(&s);
    engine_close(&e);
}

static void weights_that_are_no_numbers_are_an_error(void **state)
{
    (void)state;
    static const char *const tensors[] = {"blk.1.ffn_norm.weight", "blk.0.attn_v.weight",
                                          "output.weight", "token_embd.weight"};
    for (size_t i = 0; i < 4; i++) {
        write_model("llama", "F32");
        unsigned char nan[4 * 256];
        for (size_t k = 0; k < 256; k++)
            memcpy(nan + 4 * k, "\x00\x00\xc0\x7f", 4);
        poison(tensors[i], nan, sizeof nan);
        struct engine *e = open_engine(2);
        struct session *s = open_session(e);
        struct err err;
        const float *logits;
        int32_t zero = 0;
        assert_int_equal(engine_feed(e, s, &zero, 1, &logits, &err), ERR_CORRUPT);
        assert_int_equal(session_length(s), 0);
        session_close(&s);
        engine_close(&e);
    }
}

static void damaged_models_are_refused_or_run(void **state)
{
    (void)state;
    write_model("qwen3", "Q4_0");
    struct buf file = {0};
    struct err err;
    assert_ok(file_read(path, 1 << 24, &file, &err), err);
    struct gguf *g;
    assert_ok(gguf_open_bytes(file.p, file.n, path, &g, &err), err);
    size_t head = (size_t)(gguf_tensor_at(g, 0)->data - (const unsigned char *)file.p);
    gguf_close(&g);
    struct rng rng;
    rng_seed(&rng, 6);
    for (int i = 0; i < 150; i++) {
        size_t at = rng_below(&rng, head);
        char kept = file.p[at];
        file.p[at] = (char)rng_u64(&rng);
        int fd = open(path, O_WRONLY | O_TRUNC);
        assert_ok(file_write_all(fd, file.p, file.n, &err), err);
        close(fd);
        struct engine *e;
        struct session *s;
        const float *logits;
        if (engine_open(path, 1, &e, &err) == ERR_OK) {
            if (try_session(e, 8, &s, &err) == ERR_OK)
                engine_feed(e, s, text, 4, &logits, &err);
            session_close(&s);
        }
        engine_close(&e);
        file.p[at] = kept;
    }
    buf_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(float_logits_agree_with_double_precision),
        cmocka_unit_test(quantized_logits_stay_near_double_precision),
        cmocka_unit_test(the_same_bits_for_any_threads_steps_and_levels),
        cmocka_unit_test(the_same_bits_whether_a_long_text_is_attended_to_in_parts),
        cmocka_unit_test(the_same_bits_in_the_company_of_other_sessions),
        cmocka_unit_test(a_truncated_session_goes_on_as_if_new),
        cmocka_unit_test(limits_are_told_with_their_numbers),
        cmocka_unit_test(a_context_beyond_the_memory_is_refused_before_anything_is_taken),
        cmocka_unit_test(weights_that_are_no_numbers_are_an_error),
        cmocka_unit_test(damaged_models_are_refused_or_run),
    };
    return cmocka_run_group_tests(tests, make_text, remove_file);
}
