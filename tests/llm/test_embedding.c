// Embeddings: against llama.cpp's on random encoders, the same bits always, and what is refused.
//
// Golden files (tests/llm/golden/embedding/*.txt) are made by bench/peers/make_embeddings.sh:
// "model LIKE TYPE SEED", then for each text "tokens ..." and the numbers of its embedding.
#include "test.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "llm/engine.h"
#include "llm/llm_tiny.h"
#include "llm/synth.h"

enum { TOKENS = 512, C = 256 };

static size_t read_tokens(struct str line, int32_t *ids)
{
    size_t n = 0;
    str_cut(&line, ' ');
    while (line.n) {
        int64_t id = -1;
        assert_true(n < TOKENS && str_to_i64(str_cut(&line, ' '), &id));
        ids[n++] = (int32_t)id;
    }
    return n;
}

static void read_numbers(struct str line, double *out)
{
    for (size_t i = 0; i < C; i++)
        assert_true(str_to_double(str_cut(&line, ' '), &out[i]));
    assert_int_equal(line.n, 0);
}

static struct engine *open_named(const char *like, const char *type, unsigned long seed)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/fettle-embedding-%d", (int)getpid());
    struct synth synth = {.like = like, .type = type, .seed = seed};
    struct engine *e;
    struct err err;
    assert_ok(synth_write(&synth, path, &err), err);
    assert_ok(engine_open(path, 2, &e, &err), err);
    unlink(path);
    return e;
}

// The largest angle's 1 - cosine.
static double check_text(struct str rest, const char *file)
{
    char like[64], type[32];
    unsigned long seed;
    double worst = 0;
    struct str line = str_cut(&rest, '\n');
    while (line.n && line.p[0] == '#')
        line = str_cut(&rest, '\n');
    assert_int_equal(sscanf(line.p, "model %63s %31s %lu", like, type, &seed), 3);
    struct engine *e = open_named(like, type, seed);
    int texts = 0;
    for (; rest.n; texts++) {
        int32_t ids[TOKENS];
        size_t n = read_tokens(str_cut(&rest, '\n'), ids);
        double want[C], cosine = 0;
        float got[C];
        struct err err;
        read_numbers(str_cut(&rest, '\n'), want);
        assert_ok(engine_embed(e, ids, n, got, &err), err);
        for (size_t i = 0; i < C; i++)
            cosine += want[i] * (double)got[i];
        worst = fmax(worst, 1 - cosine);
    }
    assert_int_equal(texts, 3);
    double bound = strcmp(type, "F32") == 0 ? 1e-6 : 1e-3;
    printf("%-40s 1 - cosine at most %.2e\n", file, worst);
    if (!(worst < bound))
        fail_msg("%s: too far from llama.cpp", file);
    engine_close(&e);
    return worst;
}

static void embeddings_agree_with_llama_cpp(void **state)
{
    (void)state;
    static const char folder[] = "tests/llm/golden/embedding";
    DIR *d = opendir(folder);
    assert_non_null(d);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(d));) {
        char path[320];
        struct buf text = {0};
        struct err err;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        assert_ok(file_read(path, 1 << 24, &text, &err), err);
        check_text(buf_str(&text), entry->d_name);
        buf_free(&text);
        count++;
    }
    closedir(d);
    assert_int_equal(count, 6);
}

static void the_same_bits_for_any_threads_and_levels(void **state)
{
    (void)state;
    int32_t ids[100];
    float want[C], got[C];
    struct err err;
    tiny_text(ids, 100, 3);
    struct engine *e = tiny_engine("bert", "Q4_0", 1);
    assert_ok(engine_embed(e, ids, 100, want, &err), err);
    engine_close(&e);
    for (unsigned threads = 1; threads <= 3; threads++)
        for (int level = 0; level <= (int)cpu_level_best(); level++) {
            cpu_level_force((enum cpu_level)level);
            e = tiny_engine("bert", "Q4_0", threads);
            assert_ok(engine_embed(e, ids, 50, got, &err), err); // leaves nothing behind
            assert_ok(engine_embed(e, ids, 100, got, &err), err);
            assert_memory_equal(got, want, sizeof want);
            engine_close(&e);
        }
    cpu_level_force(cpu_level_best());
}

static void an_embedding_has_length_1(void **state)
{
    (void)state;
    struct engine *e = tiny_engine("bge", "Q8_0", 1);
    struct tokens ids = {0};
    struct err err;
    float out[C];
    double squares = 0;
    assert_ok(
        tokenizer_encode(engine_tokenizer(e), STR_LIT("Pump 7: noise!"), TOKENIZE_ENDS, &ids, &err),
        err);
    assert_int_equal(ids.p[0], 2);
    assert_int_equal(ids.p[ids.n - 1], 3);
    assert_ok(engine_embed(e, ids.p, ids.n, out, &err), err);
    for (size_t i = 0; i < C; i++)
        squares += (double)out[i] * (double)out[i];
    assert_close(squares, 1, 1e-6);
    tokens_free(&ids);
    engine_close(&e);
}

static void what_cannot_be_embedded_is_said(void **state)
{
    (void)state;
    struct engine *e = tiny_engine("bert", "Q8_0", 1), *llama = tiny_engine("llama", "Q8_0", 1);
    int32_t ids[TOKENS + 1] = {2, 3};
    float out[C];
    const float *logits;
    struct err err;
    assert_int_equal(engine_embed(llama, ids, 2, out, &err), ERR_UNSUPPORTED);
    assert_int_equal(engine_embed(e, ids, 0, out, &err), ERR_INPUT);
    assert_int_equal(engine_embed(e, ids, TOKENS + 1, out, &err), ERR_LIMIT);
    assert_non_null(strstr(err.text, "513"));
    assert_ok(engine_embed(e, ids, TOKENS, out, &err), err);
    ids[1] = 320;
    assert_int_equal(engine_embed(e, ids, 2, out, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "320"));
    struct session *s = tiny_session(e, 0, CACHE_F16);
    ids[1] = 3;
    assert_int_equal(engine_feed(e, s, ids, 2, &logits, &err), ERR_UNSUPPORTED);
    session_close(&s);
    engine_close(&llama);
    engine_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(embeddings_agree_with_llama_cpp),
        cmocka_unit_test(the_same_bits_for_any_threads_and_levels),
        cmocka_unit_test(an_embedding_has_length_1),
        cmocka_unit_test(what_cannot_be_embedded_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
