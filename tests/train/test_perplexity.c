// Comparing two models: how far their probabilities are apart over a text.
#include "test.h"

#include <math.h>

#include "llm/engine.h"
#include "llm/synth.h"
#include "scratch.h"
#include "train/perplexity.h"
#include "train/tokenizer_train.h"

static const char text[] = "{\"text\":\"pump 7 runs\"}\n";

static int open_all(void **state)
{
    struct err err;
    if (scratch_open(state))
        return -1;
    scratch_write("t.jsonl", text);
    struct synth a = {.like = "tiny-qwen2", .type = "F32", .seed = 4};
    struct synth b = {.like = "tiny-qwen2", .type = "Q4_K", .seed = 4};
    return synth_write(&a, scratch_path("a.gguf"), &err) ||
                   synth_write(&b, scratch_path("b.gguf"), &err)
               ? -1
               : 0;
}

static struct perplexity_result measure(const char *model, const char *against)
{
    struct err err;
    struct perplexity_result r;
    struct perplexity_plan p = {.model = scratch_path(model),
                                .corpus = scratch_path("t.jsonl"),
                                .threads = 1,
                                .against = against ? scratch_path(against) : NULL};
    assert_ok(perplexity_measure(&p, NULL, NULL, &r, &err), err);
    return r;
}

static void a_model_does_not_differ_from_itself(void **state)
{
    (void)state;
    struct perplexity_result r = measure("a.gguf", "a.gguf"), alone = measure("a.gguf", NULL);
    assert_close(r.divergence, 0, 1e-12);
    assert_close(r.divergence_largest, 0, 1e-12);
    assert_close(r.same_first, 1, 0);
    assert_close(r.against_perplexity, r.perplexity, 1e-12);
    assert_close(r.perplexity, alone.perplexity, 1e-12);
    assert_close(alone.divergence, 0, 0);
}

// Probabilities after the first n tokens, [V], to be freed.
static double *probabilities(const char *model, const int32_t *ids, size_t n)
{
    struct engine *e;
    struct session *s;
    struct err err;
    const float *logits;
    assert_ok(engine_open(scratch_path(model), 1, &e, &err), err);
    assert_ok(session_open(e, NULL, &s, &err), err);
    assert_ok(engine_feed(e, s, ids, n, &logits, &err), err);
    uint32_t V = engine_model(e)->shape.V;
    double *p = malloc(V * sizeof *p), sum = 0;
    assert_non_null(p);
    for (uint32_t i = 0; i < V; i++)
        sum += p[i] = exp((double)logits[i]);
    for (uint32_t i = 0; i < V; i++)
        p[i] /= sum;
    session_close(&s);
    engine_close(&e);
    return p;
}

static void the_divergence_is_that_of_the_probabilities_token_by_token(void **state)
{
    (void)state;
    struct engine *e;
    struct err err;
    struct tokens t = {0};
    assert_ok(engine_open(scratch_path("a.gguf"), 1, &e, &err), err);
    uint32_t V = engine_model(e)->shape.V;
    assert_ok(tokenizer_encode(engine_tokenizer(e), STR_LIT("pump 7 runs"), 0, &t, &err), err);
    tokens_add(&t, tokenizer_find(engine_tokenizer(e), STR_LIT("<|endoftext|>")));
    engine_close(&e);
    double divergence = 0, loss = 0, same = 0;
    for (size_t n = 1; n < t.n; n++) {
        double *p = probabilities("a.gguf", t.p, n), *q = probabilities("b.gguf", t.p, n);
        uint32_t first = 0, other = 0;
        for (uint32_t i = 0; i < V; i++) {
            divergence += p[i] * log(p[i] / q[i]);
            first = q[i] > q[first] ? i : first;
            other = p[i] > p[other] ? i : other;
        }
        same += first == other;
        loss -= log(p[t.p[n]]);
        free(p);
        free(q);
    }
    double count = (double)(t.n - 1);
    struct perplexity_result r = measure("b.gguf", "a.gguf");
    assert_int_equal(r.tokens, t.n - 1);
    assert_true(r.divergence > 1e-5 && r.divergence_largest >= r.divergence);
    assert_close(r.divergence, divergence / count, 1e-6);
    assert_close(r.against_perplexity, exp(loss / count), 1e-3 * r.against_perplexity);
    assert_close(r.same_first, same / count, 1e-12);
    tokens_free(&t);
}

static void models_with_other_tokens_are_not_compared(void **state)
{
    (void)state;
    struct err err;
    struct perplexity_result r;
    char a[PATH_MAX], other[PATH_MAX];
    snprintf(a, sizeof a, "%s", scratch_path("a.gguf"));
    snprintf(other, sizeof other, "%s", scratch_path("other.gguf"));
    const char *words = scratch_write(
        "words.txt", "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima "
                     "mike november oscar papa quebec romeo sierra tango uniform victor whiskey");
    struct tokenizer_plan plan = {words, "qwen2", 320, 1};
    struct tokenizer_result made;
    struct gguf *vocabulary;
    assert_ok(train_tokenizer(&plan, scratch_path("v.gguf"), &made, &err), err);
    assert_int_equal(made.vocabulary, 320);
    assert_ok(gguf_open(scratch_path("v.gguf"), &vocabulary, &err), err);
    struct synth s = {.like = "tiny-qwen2", .type = "F16", .vocabulary = vocabulary};
    assert_ok(synth_write(&s, other, &err), err);
    gguf_close(&vocabulary);
    struct perplexity_plan p = {
        .model = a, .corpus = scratch_path("t.jsonl"), .threads = 1, .against = other};
    assert_int_equal(perplexity_measure(&p, NULL, NULL, &r, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "do not have the same tokens"));
    p.against = scratch_path("nothing.gguf");
    assert_int_not_equal(perplexity_measure(&p, NULL, NULL, &r, &err), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_does_not_differ_from_itself),
        cmocka_unit_test(the_divergence_is_that_of_the_probabilities_token_by_token),
        cmocka_unit_test(models_with_other_tokens_are_not_compared),
    };
    return cmocka_run_group_tests(tests, open_all, scratch_close);
}
