// What importance does for a model that is trained here and quantized with it.
#include "test.h"

#include <math.h>

#include "base/rng.h"
#include "llm/gguf.h"
#include "scratch.h"
#include "train/importance.h"
#include "train/lm.h"
#include "train/perplexity.h"
#include "train/quantize.h"
#include "train/tokenizer_train.h"

// What a log might say, words and numbers by chance.
static void write_log(const char *name, uint64_t seed, int lines)
{
    static const char *const things[] = {"pump", "fan", "valve", "motor", "boiler", "filter"};
    static const char *const states[] = {"runs hot",        "is still",    "draws %d A",
                                         "turns at %d rpm", "lost %d bar", "was opened by %d"};
    struct buf text = {0};
    struct rng rng;
    rng_seed(&rng, seed);
    for (int i = 0; i < lines; i++) {
        uint64_t thing = rng_below(&rng, 6);
        buf_printf(&text, "{\"text\":\"%02d:%02d %s %d ", (int)rng_below(&rng, 24),
                   (int)rng_below(&rng, 60), things[thing], (int)rng_below(&rng, 9) + 1);
        // Things have their habits.
        buf_printf(&text, states[(thing + rng_below(&rng, 2)) % 6],
                   (int)(50 * thing + rng_below(&rng, 40)));
        buf_add_z(&text, ".\"}\n");
    }
    scratch_write(name, text.p);
    buf_free(&text);
}

static bool go_on(void *arg, const struct lm_progress *p)
{
    (void)arg;
    (void)p;
    return true;
}

static int train_model(void **state)
{
    static const struct setting_def *const tables[] = {train_lm_settings};
    struct err err;
    struct tokenizer_result made;
    if (scratch_open(state))
        return -1;
    write_log("seen.jsonl", 1, 4000);
    write_log("unseen.jsonl", 2, 150);
    struct tokenizer_plan tokens = {scratch_path("seen.jsonl"), "qwen2", 300, 2};
    assert_ok(train_tokenizer(&tokens, scratch_path("tok.gguf"), &made, &err), err);
    struct settings *s = settings_open(tables, 1);
    struct buf text = {0};
    buf_printf(&text,
               "model: {name: log, layers: 2, width: 256, heads: 4, kv_heads: 2, head_size: 64,\n"
               "        hidden: 256, context: 64, format: F32}\n"
               "data: {train: [%s], tokenizer: %s}\n"
               "train: {steps: 60, batch_tokens: 512, rows: 512, rate: 4e-3, warmup: 5,\n"
               "        last_rate: 4e-4, checkpoint_every: 1000, threads: 2}\n",
               scratch_path("seen.jsonl"), scratch_path("tok.gguf"));
    assert_ok(settings_load_text(s, buf_str(&text), "test", &err), err);
    buf_free(&text);
    struct lm_plan plan;
    struct lm_result result;
    assert_ok(lm_plan_read(s, &plan, &err), err);
    struct lm_files files = {scratch_path("log.gguf"), scratch_path("runs"), false};
    assert_ok(train_lm(&plan, &files, go_on, NULL, &result, &err), err);
    settings_close(&s);
    return 0;
}

static struct importance *importance_for(const char *corpus, uint64_t tokens)
{
    struct err err;
    struct importance *m;
    struct importance_plan plan = {.model = scratch_path("log.gguf"),
                                   .corpus = scratch_path(corpus),
                                   .tokens_most = tokens,
                                   .threads = 2};
    assert_ok(importance_measure(&plan, NULL, NULL, &m, &err), err);
    return m;
}

static void quantize(const char *mix, const struct importance *m)
{
    struct err err;
    struct quantize_result r;
    struct quantize_plan plan = {.in = scratch_path("log.gguf"),
                                 .out = scratch_path("q.gguf"),
                                 .mix = mix,
                                 .threads = 2,
                                 .importance = m};
    assert_ok(quantize_model(&plan, &r, &err), err);
    assert_int_equal(r.weighed, m ? 2 * 7 : 0);
}

static void at_two_bits_it_foresees_unseen_text_better(void **state)
{
    (void)state;
    struct err err;
    struct importance *m = importance_for("seen.jsonl", 5000);
    struct perplexity_result p[2];
    struct perplexity_plan plan = {.model = scratch_path("q.gguf"),
                                   .against = scratch_path("log.gguf"),
                                   .corpus = scratch_path("unseen.jsonl"),
                                   .threads = 2};
    for (int weighed = 0; weighed < 2; weighed++) {
        quantize("Q2_K", weighed ? m : NULL);
        assert_ok(perplexity_measure(&plan, NULL, NULL, &p[weighed], &err), err);
    }
    if (!(p[1].perplexity < p[0].perplexity && p[1].divergence < p[0].divergence))
        fail_msg("of %g: %g with importance, %g without; divergence %g, %g without",
                 p[0].against_perplexity, p[1].perplexity, p[0].perplexity, p[1].divergence,
                 p[0].divergence);
    importance_free(&m);
}

// What the layers' results are off by on unseen text: each column's error times its mean square.
static double error_of_results(const struct importance *unseen)
{
    struct err err;
    struct gguf *a, *b;
    double sum = 0;
    float x[256], y[256];
    assert_ok(gguf_open(scratch_path("log.gguf"), &a, &err), err);
    assert_ok(gguf_open(scratch_path("q.gguf"), &b, &err), err);
    for (size_t i = 0; i < gguf_tensor_count(a); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(a, i), *q = gguf_tensor_at(b, i);
        const float *importance = importance_of(unseen, t->name, t->ne[0]);
        for (uint64_t w = 0; importance && w < t->count; w += 256) {
            assert_int_equal(t->ne[0], 256);
            t->format->dequantize(t->data + w * sizeof *x, x, 256);
            q->format->dequantize(q->data + quant_bytes(q->format, w), y, 256);
            for (int c = 0; c < 256; c++)
                sum += (double)importance[c] * pow((double)x[c] - (double)y[c], 2);
        }
    }
    gguf_close(&a);
    gguf_close(&b);
    return sum;
}

static void at_any_size_its_results_on_unseen_text_are_nearer(void **state)
{
    (void)state;
    static const char *const mixes[] = {"Q2_K", "Q3_K_S", "Q4_K_S", "Q4_K_M", "Q5_K_S", "Q6_K"};
    struct importance *seen = importance_for("seen.jsonl", 5000);
    struct importance *unseen = importance_for("unseen.jsonl", 0);
    for (size_t i = 0; i < sizeof mixes / sizeof *mixes; i++) {
        quantize(mixes[i], NULL);
        double without = error_of_results(unseen);
        quantize(mixes[i], seen);
        double with = error_of_results(unseen);
        if (!(with < 0.98 * without))
            fail_msg("%s: off by %g with importance, by %g without", mixes[i], with, without);
    }
    importance_free(&seen);
    importance_free(&unseen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_two_bits_it_foresees_unseen_text_better),
        cmocka_unit_test(at_any_size_its_results_on_unseen_text_are_nearer),
    };
    return cmocka_run_group_tests(tests, train_model, scratch_close);
}
