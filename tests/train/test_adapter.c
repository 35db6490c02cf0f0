// Adapters of quantized models: they learn, merge, survive quantizing, and load beside their base.
#include "test.h"

#include <math.h>

#include "llm/adapter.h"
#include "llm/engine.h"
#include "llm/synth.h"
#include "nn/decoder.h"
#include "nn/reference.h"
#include "scratch.h"
#include "train/lm.h"
#include "train/model_read.h"
#include "train/perplexity.h"
#include "train/quantize.h"

// Questions whose answer is the letter after the one asked for.
static int open_all(void **state)
{
    struct err err;
    struct buf text = {0};
    if (scratch_open(state))
        return -1;
    for (int i = 0; i < 8; i++)
        buf_printf(&text, "{\"instruction\":\"%c\",\"output\":\"%c\"}\n", 'a' + i, 'b' + i);
    scratch_write("letters.jsonl", text.p);
    buf_free(&text);
    struct synth s = {.like = "tiny-qwen2", .type = "Q4_0", .seed = 4};
    return synth_write(&s, scratch_path("base.gguf"), &err) ? -1 : 0;
}

static bool go_on(void *arg, const struct lm_progress *p)
{
    if (p->step == 1)
        *(double *)arg = p->loss;
    return true;
}

static double loss_of(const char *model)
{
    struct err err;
    struct perplexity_plan p = {
        .model = scratch_path(model), .corpus = scratch_path("letters.jsonl"), .threads = 1};
    struct perplexity_result r;
    assert_ok(perplexity_measure(&p, NULL, NULL, &r, &err), err);
    return r.loss;
}

static enum err_code merge(const char *adapter, float scale, const char *mix, const char *out,
                           struct err *err)
{
    struct quantize_result r;
    struct quantize_plan plan = {.in = scratch_path("base.gguf"),
                                 .out = out,
                                 .mix = mix,
                                 .threads = 2,
                                 .adapter = scratch_path(adapter),
                                 .adapter_scale = scale};
    return quantize_model(&plan, &r, err);
}

static void a_qlora_adapter_learns_merges_and_survives_quantizing(void **state)
{
    (void)state;
    static const struct setting_def *const tables[] = {train_lm_settings};
    struct settings *s = settings_open(tables, 1);
    struct buf text = {0};
    struct err err;
    buf_printf(
        &text,
        "model:\n  context: 128\n  name: letters\n"
        "adapter:\n  base: %s\n  rank: 8\n"
        "data:\n  train: %s\n  eval: %s\n"
        "train:\n  steps: 80\n  batch_tokens: 100\n  rows: 128\n  rate: 0.004\n  warmup: 5\n"
        "  recompute: yes\n  eval_every: 40\n  weight_decay: 0\n  precision: bf16\n  threads: 1\n",
        scratch_path("base.gguf"), scratch_path("letters.jsonl"), scratch_path("letters.jsonl"));
    assert_ok(settings_load_text(s, buf_str(&text), "test", &err), err);
    buf_free(&text);
    struct lm_plan plan;
    struct lm_result result;
    assert_ok(lm_plan_read(s, &plan, &err), err);
    struct lm_files files = {scratch_path("letters.gguf"), scratch_path("runs"), false};
    double first;
    assert_ok(train_lm(&plan, &files, go_on, &first, &result, &err), err);
    settings_close(&s);
    assert_close(loss_of("base.gguf"), first, 0.5);
    if (!(result.best_eval_loss < 0.2 * first))
        fail_msg("the loss fell from %g to %g only", first, result.best_eval_loss);

    assert_ok(merge("letters.gguf", 1, "F16", scratch_path("merged.gguf"), &err), err);
    assert_close(loss_of("merged.gguf"), result.best_eval_loss, 0.02);
    struct quantize_result q;
    struct quantize_plan small = {.in = scratch_path("merged.gguf"),
                                  .out = scratch_path("small.gguf"),
                                  .mix = "Q8_0",
                                  .threads = 1};
    assert_ok(quantize_model(&small, &q, &err), err);
    assert_close(loss_of("small.gguf"), result.best_eval_loss, 0.1);
    assert_ok(merge("letters.gguf", 0, NULL, scratch_path("none.gguf"), &err), err);
    assert_close(loss_of("none.gguf"), loss_of("base.gguf"), 0.05);

    struct engine *e;
    struct adapter *a;
    assert_ok(engine_open(scratch_path("base.gguf"), 1, &e, &err), err);
    assert_ok(adapter_open(e, scratch_path("letters.gguf"), 1, &a, &err), err);
    assert_true(adapter_bytes(a) > 0);
    adapter_close(&a);
    engine_close(&e);
}

// One row of a merged matrix against the sum over ranks, in doubles.
static void merging_adds_the_product_of_both_matrices(void **state)
{
    (void)state;
    enum { ROW = 77 };
    struct err err;
    struct gguf *base, *tune, *merged;
    assert_ok(gguf_open(scratch_path("base.gguf"), &base, &err), err);
    struct synth_adapter s = {base, 4, 12, 9};
    assert_ok(synth_adapter_write(&s, scratch_path("random.gguf"), &err), err);
    assert_ok(merge("random.gguf", 0.5f, "F32", scratch_path("sum.gguf"), &err), err);
    assert_ok(gguf_open(scratch_path("random.gguf"), &tune, &err), err);
    assert_ok(gguf_open(scratch_path("sum.gguf"), &merged, &err), err);
    const struct gguf_tensor *w = gguf_find_tensor(base, "blk.1.ffn_up.weight"),
                             *a = gguf_find_tensor(tune, "blk.1.ffn_up.weight.lora_a"),
                             *b = gguf_find_tensor(tune, "blk.1.ffn_up.weight.lora_b"),
                             *m = gguf_find_tensor(merged, "blk.1.ffn_up.weight");
    float before[256], sum[256], as[4 * 256], bs[4];
    assert_int_equal(w->ne[0], 256);
    w->format->dequantize(w->data + ROW * quant_bytes(w->format, 256), before, 256);
    m->format->dequantize(m->data + ROW * quant_bytes(m->format, 256), sum, 256);
    a->format->dequantize(a->data, as, a->count);
    b->format->dequantize(b->data + ROW * quant_bytes(b->format, 4), bs, 4);
    for (int i = 0; i < 256; i++) {
        double expected = (double)before[i];
        for (int k = 0; k < 4; k++)
            expected += 0.5 * 12 / 4 * (double)bs[k] * (double)as[256 * k + i];
        assert_close((double)sum[i], expected, 1e-5);
        assert_true(fabs(expected - (double)before[i]) > 0);
    }
    gguf_close(&base);
    gguf_close(&tune);
    gguf_close(&merged);
}

static void an_adapter_of_another_model_is_refused(void **state)
{
    (void)state;
    struct err err;
    struct gguf *g;
    struct synth s = {.like = "tiny-llama", .type = "F16", .seed = 4};
    assert_ok(synth_write(&s, scratch_path("other.gguf"), &err), err);
    assert_ok(gguf_open(scratch_path("other.gguf"), &g, &err), err);
    struct synth_adapter a = {g, 4, 8, 1};
    assert_ok(synth_adapter_write(&a, scratch_path("foreign.gguf"), &err), err);
    gguf_close(&g);
    const char *out = scratch_path("no.gguf");
    assert_int_equal(merge("foreign.gguf", 1, NULL, out, &err), ERR_INPUT);
    assert_int_equal(merge("other.gguf", 1, NULL, out, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "lora expected"));
    assert_false(file_exists(out));
}

// A model of random weights of each family: nn on frozen weights against the formulas, with the
// weights as the file's format has them.
static void check_family(const char *like)
{
    enum { T = 12 };
    struct err err;
    struct gguf *g;
    struct nn_shape shape;
    struct nn_work k;
    struct nn_weights frozen, floats;
    struct nn_decoder *d;
    float factors[NN_FACTORS_MAX];
    struct synth s = {.like = like, .type = "Q8_0", .seed = 5};
    assert_ok(synth_write(&s, scratch_path("family.gguf"), &err), err);
    assert_ok(gguf_open(scratch_path("family.gguf"), &g, &err), err);
    assert_ok(model_read_shape(g, 0, &shape, factors, &err), err);
    assert_ok(nn_work_open(2, GEMM_F32, &k, &err), err);
    assert_ok(nn_weights_open_frozen(&shape, &frozen, &err), err);
    assert_ok(model_read_weights(g, &frozen, &err), err);
    assert_ok(nn_weights_open(&shape, &floats, &err), err);
    assert_ok(model_read_weights(g, &floats, &err), err);
    struct nn_decoder_options o = {.rows = T};
    assert_ok(nn_decoder_open(&k, &frozen, &o, &d, &err), err);
    int32_t tokens[T];
    uint32_t starts[2] = {0, T};
    for (int i = 0; i < T; i++)
        tokens[i] = (i * 37) % 250;
    struct nn_batch b = {T, tokens, tokens, {starts, 1}};
    size_t n = (size_t)T * shape.V;
    float *logits = calloc(n, sizeof *logits);
    double *weights = reference_new(floats.n), *expected = reference_new(n);
    nn_decoder_logits(d, &b, logits);
    for (size_t i = 0; i < floats.n; i++)
        weights[i] = (double)floats.w[i];
    reference_logits(&floats, weights, &b, expected);
    for (size_t i = 0; i < n; i++)
        assert_close((double)logits[i], expected[i], 1e-4);
    free(weights);
    free(expected);
    free(logits);
    nn_decoder_close(&d);
    nn_weights_close(&frozen);
    nn_weights_close(&floats);
    nn_work_close(&k);
    gguf_close(&g);
}

static void frozen_models_of_all_families_compute_what_the_formulas_say(void **state)
{
    (void)state;
    check_family("tiny-qwen2");
    check_family("tiny-llama"); // with Llama 3's stretched frequencies
    check_family("tiny-qwen3");
    check_family("tiny-phi3");
}

static void what_cannot_be_trained_is_named(void **state)
{
    (void)state;
    struct err err;
    struct gguf *g;
    struct nn_shape shape;
    float factors[NN_FACTORS_MAX];
    struct synth s = {.like = "tiny-bert", .type = "Q8_0", .seed = 5};
    assert_ok(synth_write(&s, scratch_path("bert.gguf"), &err), err);
    assert_ok(gguf_open(scratch_path("bert.gguf"), &g, &err), err);
    assert_int_equal(model_read_shape(g, 0, &shape, factors, &err), ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "architecture 'bert' cannot be trained here"));
    gguf_close(&g);
    assert_ok(gguf_open(scratch_path("family.gguf"), &g, &err), err);
    assert_int_equal(model_read_shape(g, 513, &shape, factors, &err), ERR_USAGE);
    assert_non_null(strstr(err.text, "model.context is 513"));
    gguf_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_qlora_adapter_learns_merges_and_survives_quantizing),
        cmocka_unit_test(merging_adds_the_product_of_both_matrices),
        cmocka_unit_test(an_adapter_of_another_model_is_refused),
        cmocka_unit_test(frozen_models_of_all_families_compute_what_the_formulas_say),
        cmocka_unit_test(what_cannot_be_trained_is_named),
    };
    return cmocka_run_group_tests(tests, open_all, scratch_close);
}
