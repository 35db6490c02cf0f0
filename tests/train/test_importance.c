// Importance: measured, written, read in both layouts, and what quantizing makes of it.
#include "test.h"

#include <math.h>

#include "base/rng.h"
#include "llm/engine.h"
#include "llm/gguf_write.h"
#include "llm/synth.h"
#include "scratch.h"
#include "train/importance.h"
#include "train/perplexity.h"
#include "train/quantize.h"

static int open_all(void **state)
{
    struct err err;
    if (scratch_open(state))
        return -1;
    scratch_write("t.jsonl", "{\"text\":\"pump 7 runs hot\"}\n");
    struct synth s = {.like = "tiny-qwen2", .type = "F32", .seed = 4};
    return synth_write(&s, scratch_path("m.gguf"), &err) ? -1 : 0;
}

static struct importance *measured(void)
{
    struct err err;
    struct importance *m;
    struct importance_plan p = {
        .model = scratch_path("m.gguf"), .corpus = scratch_path("t.jsonl"), .threads = 2};
    assert_ok(importance_measure(&p, NULL, NULL, &m, &err), err);
    return m;
}

// The first norm by hand: the embeddings of the text's tokens, normed and squared.
static void the_first_layers_importance_is_that_of_the_normed_embeddings(void **state)
{
    (void)state;
    enum { C = 256 };
    struct err err;
    struct engine *e;
    struct tokens t = {0};
    double sums[C] = {0};
    float x[C], norm[C];
    assert_ok(engine_open(scratch_path("m.gguf"), 1, &e, &err), err);
    assert_ok(tokenizer_encode(engine_tokenizer(e), STR_LIT("pump 7 runs hot"), 0, &t, &err), err);
    const struct gguf *g = engine_model(e)->file;
    const struct gguf_tensor *embedding = gguf_find_tensor(g, "token_embd.weight");
    const struct gguf_tensor *weight = gguf_find_tensor(g, "blk.0.attn_norm.weight");
    weight->format->dequantize(weight->data, norm, C);
    for (size_t i = 0; i < t.n; i++) {
        embedding->format->dequantize(embedding->data + (size_t)t.p[i] * C * 4, x, C);
        double squares = 0;
        for (int k = 0; k < C; k++)
            squares += (double)x[k] * (double)x[k];
        for (int k = 0; k < C; k++)
            sums[k] += pow((double)x[k] * (double)norm[k], 2) / (squares / C + 1e-6);
    }
    struct importance *m = measured();
    assert_int_equal(importance_tokens(m), t.n);
    assert_int_equal(importance_count(m), 2 * 7);
    const float *q = importance_of(m, STR_LIT("blk.0.attn_q.weight"), C);
    const float *v = importance_of(m, STR_LIT("blk.0.attn_v.weight"), C);
    assert_true(q && v);
    for (int k = 0; k < C; k++) {
        assert_close(q[k], sums[k] / (double)t.n, 1e-4 * sums[k] + 1e-9);
        assert_close(q[k], v[k], 0);
    }
    assert_non_null(importance_of(m, STR_LIT("blk.1.ffn_down.weight"), 512));
    assert_null(importance_of(m, STR_LIT("blk.1.ffn_down.weight"), 256));
    assert_null(importance_of(m, STR_LIT("output.weight"), C));
    importance_free(&m);
    tokens_free(&t);
    engine_close(&e);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    struct err err;
    struct gguf *g;
    struct importance *m = measured(), *again;
    const char *path = scratch_path("m.imatrix");
    assert_ok(importance_write(m, "t.jsonl", path, &err), err);
    assert_ok(importance_read(path, &again, &err), err);
    assert_int_equal(importance_count(again), importance_count(m));
    assert_int_equal(importance_tokens(again), importance_tokens(m));
    const float *a = importance_of(m, STR_LIT("blk.1.attn_output.weight"), 256);
    const float *b = importance_of(again, STR_LIT("blk.1.attn_output.weight"), 256);
    assert_true(a && b);
    for (int k = 0; k < 256; k++)
        assert_close(a[k], b[k], 1e-6 * (double)a[k]);
    // What llama.cpp looks for.
    struct str type;
    assert_ok(gguf_open(path, &g, &err), err);
    assert_ok(gguf_string(g, "general.type", &type, &err), err);
    assert_true(str_is(type, "imatrix"));
    assert_non_null(gguf_find_tensor(g, "blk.1.attn_output.weight.in_sum2"));
    assert_int_equal(gguf_find_tensor(g, "blk.1.attn_output.weight.counts")->count, 1);
    gguf_close(&g);
    importance_free(&again);
    importance_free(&m);
}

static void add_old_entry(struct buf *b, const char *name, int32_t calls, const float *v, int32_t n)
{
    int32_t length = (int32_t)strlen(name);
    buf_add(b, &length, 4);
    buf_add_z(b, name);
    buf_add(b, &calls, 4);
    buf_add(b, &n, 4);
    buf_add(b, v, (size_t)n * 4);
}

static enum err_code read_bytes(const void *p, size_t n, struct importance **m, struct err *err)
{
    struct err ignored;
    const char *path = scratch_path("old.dat");
    assert_ok(file_replace(path, p, n, &ignored), ignored);
    return importance_read(path, m, err);
}

static void the_older_layout_is_read(void **state)
{
    (void)state;
    struct buf b = {0};
    struct importance *m;
    struct err err;
    int32_t count = 2;
    buf_add(&b, &count, 4);
    add_old_entry(&b, "a.weight", 4, (float[]){4, 8, 0}, 3);
    add_old_entry(&b, "b.weight", 0, (float[]){1, 2}, 2);
    assert_ok(read_bytes(b.p, b.n, &m, &err), err);
    assert_int_equal(importance_count(m), 2);
    const float *a = importance_of(m, STR_LIT("a.weight"), 3);
    assert_non_null(a);
    assert_close(a[0], 1, 0);
    assert_close(a[1], 2, 0);
    assert_close(importance_of(m, STR_LIT("b.weight"), 2)[1], 2, 0);
    importance_free(&m);
    for (size_t n = 0; n < b.n; n++) { // cut anywhere
        assert_int_not_equal(read_bytes(b.p, n, &m, &err), ERR_OK);
        assert_null(m);
    }
    buf_free(&b);
}

static void damaged_files_are_refused_by_name_and_byte(void **state)
{
    (void)state;
    static const struct {
        int32_t count, length, n;
        float v;
        const char *words;
    } cases[] = {{1, 1, 1, -1, "number 0 is -1"},
                 {1, 1, 1, NAN, "number 0 is"},
                 {1, 1, 1, INFINITY, "number 0 is inf"},
                 {-1, 1, 1, 1, "byte 0: the number of"},
                 {1, -5, 1, 1, "byte 4: the length of a name is -5"},
                 {1, 1, INT32_MAX, 1, "a number of values"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = {0};
        struct importance *m;
        struct err err;
        int32_t calls = 1;
        buf_add(&b, &cases[i].count, 4);
        buf_add(&b, &cases[i].length, 4);
        buf_add_z(&b, "w");
        buf_add(&b, &calls, 4);
        buf_add(&b, &cases[i].n, 4);
        buf_add(&b, &cases[i].v, 4);
        assert_int_equal(read_bytes(b.p, b.n, &m, &err), ERR_INPUT);
        if (!strstr(err.text, cases[i].words))
            fail_msg("case %zu: %s", i, err.text);
        buf_free(&b);
    }
    struct importance *m;
    struct err err;
    assert_int_equal(importance_read(scratch_path("m.gguf"), &m, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "no importance is in this file"));
}

// Weights by chance, columns of very different importance: the weighed error falls by half or so.
static void weighing_lowers_the_error_that_matters(void **state)
{
    (void)state;
    enum { N = 256 * 64 };
    static float x[N], y[N], importance[N];
    static unsigned char q[N * 4];
    struct rng rng;
    rng_seed(&rng, 8);
    for (int i = 0; i < N; i++) {
        x[i] = (float)rng_normal(&rng);
        importance[i] = (float)exp(2 * rng_normal(&rng));
    }
    static const enum quant_type types[] = {QUANT_Q2_K, QUANT_Q3_K,   QUANT_Q4_K,
                                            QUANT_Q5_K, QUANT_Q6_K,   QUANT_Q4_0,
                                            QUANT_Q5_0, QUANT_IQ4_NL, QUANT_IQ4_XS};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        const struct quant_format *f = quant_format_of(types[t]);
        double error[2] = {0};
        for (int weighed = 0; weighed < 2; weighed++) {
            if (weighed)
                f->quantize_weighed(x, importance, q, N);
            else
                f->quantize(x, q, N);
            f->dequantize(q, y, N);
            for (int i = 0; i < N; i++)
                error[weighed] += (double)importance[i] * pow((double)x[i] - (double)y[i], 2);
        }
        if (!(error[1] < 0.95 * error[0]))
            fail_msg("%s: weighed error %g, without %g", f->name, error[1], error[0]);
    }
}

static double divergence(const char *mix, const struct importance *m)
{
    struct err err;
    struct quantize_result r;
    char in[PATH_MAX], out[PATH_MAX];
    snprintf(in, sizeof in, "%s", scratch_path("uneven.gguf"));
    snprintf(out, sizeof out, "%s", scratch_path("q.gguf"));
    struct quantize_plan plan = {.in = in, .out = out, .mix = mix, .threads = 2, .importance = m};
    assert_ok(quantize_model(&plan, &r, &err), err);
    assert_int_equal(r.weighed, m ? 2 * 7 : 0);
    struct perplexity_plan p = {
        .model = out, .against = in, .corpus = scratch_path("long.txt"), .threads = 2};
    struct perplexity_result result;
    assert_ok(perplexity_measure(&p, NULL, NULL, &result, &err), err);
    return result.divergence;
}

// As trained models have it, some columns carry far more than others: the norms say so here.
static void write_uneven_model(void)
{
    struct err err;
    struct gguf *g;
    struct gguf_writer *w;
    struct rng rng;
    rng_seed(&rng, 2);
    assert_ok(gguf_open(scratch_path("m.gguf"), &g, &err), err);
    assert_ok(gguf_write_open(scratch_path("uneven.gguf"), &w, &err), err);
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
        float v[256];
        for (int k = 0; k < 256; k++)
            v[k] = (float)exp(rng_normal(&rng));
        bool norm = str_ends(t->name, STR_LIT("attn_norm.weight")) ||
                    str_ends(t->name, STR_LIT("ffn_norm.weight"));
        gguf_write_data(w, norm ? (const void *)v : t->data, t->bytes);
    }
    assert_ok(gguf_write_finish(&w, &err), err);
    gguf_close(&g);
}

static void probabilities_stay_nearer_with_importance(void **state)
{
    (void)state;
    struct err err;
    struct importance *m;
    struct buf text = {0};
    for (int i = 0; i < 40; i++)
        buf_printf(&text, "at %d:%02d pump %d draws %d A and runs hot. ", i / 4, i * 7 % 60, i % 9,
                   i * i % 83);
    scratch_write("long.txt", text.p);
    buf_free(&text);
    write_uneven_model();
    struct importance_plan p = {.model = scratch_path("uneven.gguf"),
                                .corpus = scratch_path("long.txt"),
                                .context = 256,
                                .threads = 2};
    assert_ok(importance_measure(&p, NULL, NULL, &m, &err), err);
    static const char *const mixes[] = {"Q2_K", "Q3_K_S", "Q4_K_S", "Q4_0"};
    for (size_t i = 0; i < sizeof mixes / sizeof *mixes; i++) {
        double with = divergence(mixes[i], m), without = divergence(mixes[i], NULL);
        if (!(with < without))
            fail_msg("%s: divergence %g with importance, %g without", mixes[i], with, without);
    }
    importance_free(&m);
}

static void importance_of_another_model_is_refused(void **state)
{
    (void)state;
    struct err err;
    struct quantize_result r;
    struct importance *m = measured();
    char out[PATH_MAX];
    snprintf(out, sizeof out, "%s", scratch_path("none.gguf"));
    struct quantize_plan plan = {.in = scratch_path("vectors.gguf"),
                                 .out = out,
                                 .mix = "Q8_0",
                                 .threads = 1,
                                 .importance = m};
    struct gguf_writer *w;
    assert_ok(gguf_write_open(plan.in, &w, &err), err);
    gguf_write_tensor(w, "x.weight", quant_format_of(QUANT_F32), (uint64_t[]){32, 1}, 2);
    gguf_write_data(w, (float[32]){1}, 128);
    assert_ok(gguf_write_finish(&w, &err), err);
    assert_int_equal(quantize_model(&plan, &r, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "the importance is that of another model"));
    assert_false(file_exists(out));
    importance_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_layers_importance_is_that_of_the_normed_embeddings),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(the_older_layout_is_read),
        cmocka_unit_test(damaged_files_are_refused_by_name_and_byte),
        cmocka_unit_test(weighing_lowers_the_error_that_matters),
        cmocka_unit_test(probabilities_stay_nearer_with_importance),
        cmocka_unit_test(importance_of_another_model_is_refused),
    };
    return cmocka_run_group_tests(tests, open_all, scratch_close);
}
