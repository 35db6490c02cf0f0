// Low-rank adapters: against weights merged in floats, alone and in company, and files that do not
// fit.
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "llm/adapter.h"
#include "llm/engine.h"
#include "llm/gguf_write.h"
#include "llm/llm_tiny.h"
#include "llm/synth.h"

enum { TEXT = 80, RANK = 5 };

static const float ALPHA = 2;
static int32_t text[TEXT];
static char base_path[64], path[64], merged_path[64];

static int make_text(void **state)
{
    (void)state;
    tiny_text(text, TEXT, 4);
    snprintf(base_path, sizeof base_path, "/tmp/fettle-adapter-%d-base", (int)getpid());
    snprintf(path, sizeof path, "/tmp/fettle-adapter-%d", (int)getpid());
    snprintf(merged_path, sizeof merged_path, "/tmp/fettle-adapter-%d-merged", (int)getpid());
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    unlink(base_path);
    unlink(path);
    unlink(merged_path);
    return 0;
}

static void write_base(const char *arch, const char *type)
{
    char like[32];
    struct err err;
    snprintf(like, sizeof like, "tiny-%s", arch);
    struct synth s = {.like = like, .type = type, .seed = 7};
    assert_ok(synth_write(&s, base_path, &err), err);
}

static void write_adapter(uint64_t seed)
{
    struct gguf *g;
    struct err err;
    assert_ok(gguf_open(base_path, &g, &err), err);
    struct synth_adapter s = {g, RANK, ALPHA, seed};
    assert_ok(synth_adapter_write(&s, path, &err), err);
    gguf_close(&g);
}

static struct engine *open_engine(const char *file)
{
    struct engine *e;
    struct err err;
    assert_ok(engine_open(file, 2, &e, &err), err);
    return e;
}

static struct session *open_session(struct engine *e, const struct adapter *a)
{
    struct session *s;
    struct err err;
    assert_ok(session_open(e, &(struct session_options){.adapter = a}, &s, &err), err);
    return s;
}

static float *floats_of(const struct gguf *g, struct str base, const char *suffix)
{
    char name[96];
    snprintf(name, sizeof name, "%.*s%s", STR_ARG(base), suffix);
    const struct gguf_tensor *t = gguf_find_tensor(g, name);
    float *x = t ? malloc(t->count * sizeof *x) : NULL;
    if (x)
        t->format->dequantize(t->data, x, t->count);
    return x;
}

// w + scale * alpha / rank * b a, in double precision.
static void merge_tensor(const struct gguf *adapter, const struct gguf_tensor *t, double scale,
                         float *w)
{
    float *a = floats_of(adapter, t->name, ".lora_a"), *b = floats_of(adapter, t->name, ".lora_b");
    for (size_t i = 0; a && i < t->count; i++) {
        size_t row = i / t->ne[0], col = i % t->ne[0];
        double sum = 0;
        for (size_t k = 0; k < RANK; k++)
            sum += (double)b[row * RANK + k] * (double)a[k * t->ne[0] + col];
        w[i] = (float)((double)w[i] + scale * (double)ALPHA / RANK * sum);
    }
    free(a);
    free(b);
}

// The model with the adapter added to its weights.
static void write_merged(double scale)
{
    struct gguf *g, *adapter;
    struct gguf_writer *w;
    struct err err;
    assert_ok(gguf_open(base_path, &g, &err), err);
    assert_ok(gguf_open(path, &adapter, &err), err);
    assert_ok(gguf_write_open(merged_path, &w, &err), err);
    for (size_t i = 0; i < gguf_key_count(g); i++)
        gguf_write_copy(w, gguf_key_at(g, i));
    for (size_t i = 0; i < gguf_tensor_count(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        char name[GGUF_NAME_MAX + 1];
        str_copy(name, sizeof name, t->name);
        gguf_write_tensor(w, name, t->format, t->ne, t->dims);
    }
    for (size_t i = 0; i < gguf_tensor_count(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        float *x = floats_of(g, t->name, "");
        merge_tensor(adapter, t, scale, x);
        gguf_write_data(w, x, t->count * sizeof *x);
        free(x);
    }
    assert_ok(gguf_write_finish(&w, &err), err);
    gguf_close(&adapter);
    gguf_close(&g);
}

static double distance(const float *got, const float *want)
{
    double worst = 0, spread = 0;
    for (int k = 0; k < TINY_V; k++) {
        worst = fmax(worst, fabs((double)got[k] - (double)want[k]));
        spread = fmax(spread, fabs((double)want[k]));
    }
    return worst / spread;
}

static void an_adapter_is_what_is_merged_into_the_weights(void **state)
{
    (void)state;
    static const char *const archs[] = {"llama", "qwen2", "qwen3", "phi3"};
    for (size_t i = 0; i < 4; i++) {
        float scale = i % 2 ? 0.5f : 1;
        write_base(archs[i], "F32");
        write_adapter(11);
        write_merged((double)scale);
        struct engine *e = open_engine(base_path), *merged = open_engine(merged_path);
        struct adapter *a;
        struct err err;
        assert_ok(adapter_open(e, path, scale, &a, &err), err);
        struct session *with = open_session(e, a), *without = open_session(e, NULL);
        struct session *whole = open_session(merged, NULL);
        for (int k = 0; k < TEXT; k++) {
            const float *want = tiny_feed(merged, whole, text + k, 1);
            double off = distance(tiny_feed(e, with, text + k, 1), want);
            if (!(off < 3e-4)) // the last bit of a cached half may differ
                fail_msg("%s: relative error %g at %d", archs[i], off, k);
            assert_true(distance(tiny_feed(e, without, text + k, 1), want) > 1e-2);
        }
        session_close(&with);
        session_close(&without);
        session_close(&whole);
        adapter_close(&a);
        engine_close(&e);
        engine_close(&merged);
    }
}

static void sessions_with_different_adapters_share_a_step(void **state)
{
    (void)state;
    write_base("qwen2", "Q4_0");
    struct engine *e = open_engine(base_path);
    struct adapter *a[3] = {NULL};
    struct err err;
    for (uint64_t k = 1; k < 3; k++) {
        write_adapter(k);
        assert_ok(adapter_open(e, path, 1, &a[k], &err), err);
    }
    float want[3][TINY_V];
    struct session *s[3];
    for (size_t k = 0; k < 3; k++) {
        s[k] = open_session(e, a[k]);
        memcpy(want[k], tiny_feed(e, s[k], text, TEXT), sizeof want[k]);
        session_close(&s[k]);
        s[k] = open_session(e, a[k]);
    }
    const float *logits;
    for (size_t i = 0; i < TEXT; i++) {
        struct step_token tokens[3];
        for (size_t k = 0; k < 3; k++)
            tokens[k] = (struct step_token){text[i], s[k], true};
        assert_ok(engine_step(e, tokens, 3, &logits, &err), err);
    }
    assert_memory_equal(logits, want, sizeof want);
    assert_memory_not_equal(want[0], want[1], sizeof want[0]);
    assert_memory_not_equal(want[1], want[2], sizeof want[0]);
    for (size_t k = 0; k < 3; k++) {
        session_close(&s[k]);
        adapter_close(&a[k]);
    }
    engine_close(&e);
}

static void what_one_adapter_computed_serves_no_other(void **state)
{
    (void)state;
    write_base("llama", "Q4_0");
    write_adapter(1);
    struct engine *e = open_engine(base_path);
    struct adapter *a;
    struct err err;
    assert_ok(adapter_open(e, path, 1, &a, &err), err);
    struct session *with = open_session(e, a), *same = open_session(e, a);
    struct session *without = open_session(e, NULL);
    tiny_feed(e, with, text, TEXT);
    assert_int_equal(session_reuse(without, text, TEXT), 0);
    assert_int_equal(session_reuse(same, text, TEXT), 64);
    session_close(&with);
    session_close(&same);
    session_close(&without);
    adapter_close(&a);
    engine_close(&e);
}

// Replaces the first `from` in the adapter's file by as many bytes.
static void patch(const char *from, const void *to, size_t skip, size_t n)
{
    struct buf file = {0};
    struct err err;
    assert_ok(file_read(path, 1 << 24, &file, &err), err);
    char *at = memmem(file.p, file.n, from, strlen(from));
    assert_non_null(at);
    memcpy(at + skip, to, n);
    assert_ok(file_replace(path, file.p, file.n, &err), err);
    buf_free(&file);
}

static void expect_refused(struct engine *e, enum err_code code, const char *told)
{
    struct adapter *a;
    struct err err;
    if (adapter_open(e, path, 1, &a, &err) != code || !strstr(err.text, told))
        fail_msg("%s, expected something about %s", err.text, told);
    assert_null(a);
    write_adapter(1);
}

static void what_does_not_fit_is_named(void **state)
{
    (void)state;
    write_base("llama", "Q4_0");
    write_adapter(1);
    struct engine *e = open_engine(base_path);
    patch("adapter.type", "adapter.tipe", 0, 12);
    expect_refused(e, ERR_INPUT, "adapter.type");
    patch("lora", "laro", 0, 4);
    expect_refused(e, ERR_INPUT, "laro");
    patch("llama", "qwen2", 0, 5);
    expect_refused(e, ERR_INPUT, "qwen2");
    patch("adapter.lora.alpha", "\x00\x00\xc0\x7f", 18 + 4, 4);
    expect_refused(e, ERR_INPUT, "adapter.lora.alpha");
    patch("blk.1.attn_k.weight.lora_b", "c", 25, 1);
    expect_refused(e, ERR_INPUT, "blk.1.attn_k.weight");
    patch("blk.1.attn_k.weight.lora_b", "\x06", 26 + 4, 1); // the first size
    expect_refused(e, ERR_INPUT, "blk.1.attn_k.weight.lora_b");
    patch("blk.1.attn_k.weight.lora_a", "blk.2", 0, 5);
    patch("blk.1.attn_k.weight.lora_b", "blk.2", 0, 5);
    expect_refused(e, ERR_INPUT, "28 of 30 tensors");
    struct err err;
    struct adapter *a;
    assert_int_equal(adapter_open(e, base_path, 1, &a, &err), ERR_INPUT); // a model
    assert_int_equal(adapter_open(e, path, NAN, &a, &err), ERR_USAGE);
    engine_close(&e);
}

static void weights_that_are_no_numbers_are_named(void **state)
{
    (void)state;
    write_base("llama", "Q4_0");
    write_adapter(1);
    struct gguf *g;
    struct buf file = {0};
    struct err err;
    assert_ok(file_read(path, 1 << 24, &file, &err), err);
    assert_ok(gguf_open_bytes(file.p, file.n, path, &g, &err), err);
    size_t at = (size_t)(gguf_find_tensor(g, "blk.0.ffn_up.weight.lora_a")->data -
                         (const unsigned char *)file.p);
    gguf_close(&g);
    memcpy(file.p + at + 20, "\x00\x7e", 2);
    assert_ok(file_replace(path, file.p, file.n, &err), err);
    buf_free(&file);
    struct engine *e = open_engine(base_path);
    expect_refused(e, ERR_CORRUPT, "blk.0.ffn_up.weight.lora_a");
    engine_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_adapter_is_what_is_merged_into_the_weights),
        cmocka_unit_test(sessions_with_different_adapters_share_a_step),
        cmocka_unit_test(what_one_adapter_computed_serves_no_other),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(weights_that_are_no_numbers_are_named),
    };
    return cmocka_run_group_tests(tests, make_text, remove_files);
}
