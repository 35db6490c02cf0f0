// Quantizing models: which format a tensor gets, how far it is off; and perplexity.
#include "test.h"

#include <math.h>

#include "base/file.h"
#include "llm/gguf_write.h"
#include "llm/synth.h"
#include "nn/decoder.h"
#include "scratch.h"
#include "train/examples.h"
#include "train/model_write.h"
#include "train/perplexity.h"
#include "train/quantize.h"
#include "train/tokenizer_train.h"

static int open_all(void **state)
{
    struct err err;
    if (scratch_open(state))
        return -1;
    struct synth s = {.like = "tiny-llama", .type = "F32", .seed = 4};
    return synth_write(&s, scratch_path("m.gguf"), &err) ? -1 : 0;
}

static const char *type_of(const struct gguf *g, const char *name)
{
    const struct gguf_tensor *t = gguf_find_tensor(g, name);
    return t ? t->format->name : "none";
}

static bool note_error(void *arg, const struct quantize_tensor *t)
{
    if (str_is(t->name, "blk.0.attn_q.weight"))
        *(double *)arg = t->error;
    return true;
}

static void a_mix_gives_each_tensor_its_format_and_says_how_far_it_is_off(void **state)
{
    (void)state;
    struct err err;
    double error = 0;
    struct quantize_result r;
    char out[PATH_MAX];
    snprintf(out, sizeof out, "%s", scratch_path("q.gguf"));
    struct quantize_plan plan = {.in = scratch_path("m.gguf"),
                                 .out = out,
                                 .mix = "q4_k_m",
                                 .threads = 2,
                                 .each = note_error,
                                 .arg = &error};
    assert_ok(quantize_model(&plan, &r, &err), err);
    struct gguf *a, *b;
    assert_ok(gguf_open(scratch_path("m.gguf"), &a, &err), err);
    assert_ok(gguf_open(out, &b, &err), err);
    assert_string_equal(type_of(b, "blk.0.attn_q.weight"), "Q4_K");
    assert_string_equal(type_of(b, "blk.1.attn_v.weight"), "Q6_K"); // 1 >= 7 * 2 / 8
    assert_string_equal(type_of(b, "blk.0.attn_v.weight"), "Q4_K");
    assert_string_equal(type_of(b, "output.weight"), "Q6_K");
    assert_string_equal(type_of(b, "token_embd.weight"), "Q4_K");
    assert_string_equal(type_of(b, "blk.0.attn_norm.weight"), "F32");
    assert_int_equal(gguf_tensor_count(a), gguf_tensor_count(b));
    const struct gguf_tensor *x = gguf_find_tensor(a, "blk.0.attn_q.weight"),
                             *y = gguf_find_tensor(b, "blk.0.attn_q.weight");
    float p[256], q[256];
    double squares = 0, differences = 0;
    for (uint64_t i = 0; i < x->count / 256; i++) {
        x->format->dequantize(x->data + i * 1024, p, 256);
        y->format->dequantize(y->data + i * quant_bytes(y->format, 256), q, 256);
        for (int k = 0; k < 256; k++) {
            squares += (double)p[k] * (double)p[k];
            differences += pow((double)p[k] - (double)q[k], 2);
        }
    }
    assert_close(error, sqrt(differences / squares), 1e-9);
    assert_true(error > 0.01 && error < 0.1);
    assert_true(r.bytes_after < r.bytes_before / 6);
    uint32_t version;
    assert_ok(gguf_u32(b, "general.quantization_version", &version, &err), err);
    assert_int_equal(version, 2);
    gguf_close(&a);
    gguf_close(&b);
}

// A file with a matrix of 3 x cols and the given first weight.
static const char *file_of(uint64_t cols, float first)
{
    struct gguf_writer *w;
    struct err err;
    const char *path = scratch_path("one.gguf");
    float row[512];
    for (int i = 0; i < 512; i++)
        row[i] = (float)(i % 7) - 3;
    row[0] = first;
    assert_ok(gguf_write_open(path, &w, &err), err);
    gguf_write_string(w, "general.architecture", STR_LIT("llama"));
    gguf_write_tensor(w, "m.weight", quant_format_of(QUANT_F32), (uint64_t[]){cols, 3}, 2);
    for (int i = 0; i < 3; i++)
        gguf_write_data(w, row, cols * sizeof *row);
    assert_ok(gguf_write_finish(&w, &err), err);
    return path;
}

static void rows_that_do_not_fit_get_a_larger_format(void **state)
{
    (void)state;
    static const struct {
        const char *mix;
        uint64_t cols;
        const char *expected;
    } cases[] = {{"Q4_K", 256, "Q4_K"}, {"Q4_K", 320, "Q5_0"}, {"Q5_K", 320, "Q5_1"},
                 {"Q6_K", 32, "Q8_0"},  {"Q4_K", 40, "F16"},   {"Q4_0", 40, "F16"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err;
        struct quantize_result r;
        struct gguf *g;
        const char *out = scratch_path("fit.gguf");
        struct quantize_plan plan = {
            .in = file_of(cases[i].cols, 1), .out = out, .mix = cases[i].mix, .threads = 1};
        assert_ok(quantize_model(&plan, &r, &err), err);
        assert_ok(gguf_open(out, &g, &err), err);
        assert_string_equal(type_of(g, "m.weight"), cases[i].expected);
        gguf_close(&g);
    }
}

static bool stop(void *arg, const struct quantize_tensor *t)
{
    (void)arg;
    (void)t;
    return false;
}

static void what_cannot_be_quantized_leaves_no_file(void **state)
{
    (void)state;
    struct err err;
    struct quantize_result r;
    const char *out = scratch_path("none.gguf");
    struct quantize_plan plan = {.in = file_of(64, NAN), .out = out, .mix = "Q8_0", .threads = 1};
    assert_int_equal(quantize_model(&plan, &r, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "tensor 'm.weight' has weights that are no numbers"));
    plan.mix = NULL;
    assert_int_equal(quantize_model(&plan, &r, &err), ERR_INPUT);
    plan.mix = "Q8_0";
    plan.in = file_of(64, 1);
    plan.each = stop;
    assert_int_equal(quantize_model(&plan, &r, &err), ERR_CANCELLED);
    plan.mix = "Q9";
    assert_int_equal(quantize_model(&plan, &r, &err), ERR_NOT_FOUND);
    plan.mix = "Q8_0";
    plan.in = scratch_path("nothing.gguf");
    assert_int_not_equal(quantize_model(&plan, &r, &err), ERR_OK);
    assert_false(file_exists(out));
}

static void weights_that_have_their_format_already_stay_as_they_are(void **state)
{
    (void)state;
    struct err err;
    struct quantize_result r;
    struct buf once = {0}, again = {0};
    char a[PATH_MAX], b[PATH_MAX];
    snprintf(a, sizeof a, "%s", scratch_path("once.gguf"));
    snprintf(b, sizeof b, "%s", scratch_path("again.gguf"));
    struct quantize_plan plan = {
        .in = scratch_path("m.gguf"), .out = a, .mix = "Q3_K_M", .threads = 2};
    assert_ok(quantize_model(&plan, &r, &err), err);
    assert_true(r.error > 0.01);
    plan = (struct quantize_plan){.in = a, .out = b, .mix = "Q3_K_M", .threads = 1};
    assert_ok(quantize_model(&plan, &r, &err), err);
    assert_true(r.error == 0);
    assert_ok(file_read(a, 1 << 24, &once, &err), err);
    assert_ok(file_read(b, 1 << 24, &again, &err), err);
    assert_true(once.n == again.n && memcmp(once.p, again.p, once.n) == 0);
    buf_free(&once);
    buf_free(&again);
}

static void perplexity_is_the_exponential_of_the_training_loss(void **state)
{
    (void)state;
    struct err err;
    struct tokenizer_result made;
    struct gguf *g;
    struct tokenizer *t;
    struct examples x;
    struct nn_work k;
    struct nn_weights w;
    struct nn_decoder *d;
    struct rng rng;
    const char *corpus = scratch_write("c.jsonl", "{\"instruction\":\"say 1\",\"output\":\"one\"}\n"
                                                  "{\"text\":\"one two three four five six\"}\n");
    char tok[PATH_MAX], model[PATH_MAX];
    snprintf(tok, sizeof tok, "%s", scratch_path("t.gguf"));
    snprintf(model, sizeof model, "%s", scratch_path("p.gguf"));
    struct tokenizer_plan plan = {corpus, "qwen2", 262, 1};
    assert_ok(train_tokenizer(&plan, tok, &made, &err), err);
    assert_ok(gguf_open(tok, &g, &err), err);
    assert_ok(tokenizer_open(g, &t, &err), err);
    assert_ok(examples_read(&(struct examples_plan){corpus, 64, true, NULL}, t, &x, &err), err);
    struct nn_shape shape = {.L = 1,
                             .C = 32,
                             .V = made.vocabulary,
                             .H = 1,
                             .H_kv = 1,
                             .D = 32,
                             .hidden = 64,
                             .context = 64,
                             .eps = 1e-5f,
                             .rope_base = 1e4f,
                             .tied = true};
    struct nn_decoder_options o = {.rows = 128};
    assert_ok(nn_work_open(1, GEMM_F32, &k, &err), err);
    assert_ok(nn_weights_open(&shape, &w, &err), err);
    assert_ok(nn_decoder_open(&k, &w, &o, &d, &err), err);
    rng_seed(&rng, 1);
    nn_weights_init(&w, &rng);
    struct model_write m = {&w, g, quant_format_of(QUANT_F32), "p"};
    assert_ok(model_write(&m, model, &err), err);
    double sum = 0;
    for (size_t i = 0; i < x.count; i++) {
        uint32_t n = (uint32_t)(x.starts[i + 1] - x.starts[i] - 1), start[2] = {0, n};
        int32_t targets[64];
        for (uint32_t r = 0; r < n; r++)
            targets[r] = x.learn[x.starts[i] + r + 1] ? x.tokens[x.starts[i] + r + 1] : -1;
        struct nn_batch b = {n, x.tokens + x.starts[i], targets, {start, 1}};
        sum += nn_decoder_loss(d, &b, 0);
    }
    struct perplexity_plan p = {.model = model, .corpus = corpus, .threads = 1};
    struct perplexity_result r;
    assert_ok(perplexity_measure(&p, NULL, NULL, &r, &err), err);
    assert_int_equal(r.tokens, x.targets);
    assert_close(r.loss, sum / (double)x.targets, 1e-4);
    assert_close(r.perplexity, exp(r.loss), 1e-9);
    examples_free(&x);
    nn_decoder_close(&d);
    nn_weights_close(&w);
    nn_work_close(&k);
    tokenizer_close(&t);
    gguf_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mix_gives_each_tensor_its_format_and_says_how_far_it_is_off),
        cmocka_unit_test(rows_that_do_not_fit_get_a_larger_format),
        cmocka_unit_test(what_cannot_be_quantized_leaves_no_file),
        cmocka_unit_test(weights_that_have_their_format_already_stay_as_they_are),
        cmocka_unit_test(perplexity_is_the_exponential_of_the_training_loss),
    };
    return cmocka_run_group_tests(tests, open_all, scratch_close);
}
