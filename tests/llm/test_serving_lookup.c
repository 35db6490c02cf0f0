// Prompt lookup while serving: every answer is the one without it, whatever shapes it.
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "llm/serving.h"
#include "llm/synth.h"

enum { PROMPT = 100, ANSWER = 80, COMPANY = 8 };

static char path[64];
static const struct serving_settings usual = {
    .threads = 1, .context = 512, .sessions = COMPANY, .queue = 16};

// A model with decided next tokens goes on as its text did before: it quotes.
static int write_model(void **state)
{
    (void)state;
    struct synth s = {.like = "tiny-llama", .type = "Q8_0", .seed = 5, .peaked = true};
    struct err err;
    snprintf(path, sizeof path, "/tmp/fettle-serving-lookup-%d", (int)getpid());
    return synth_write(&s, path, &err);
}

static int remove_model(void **state)
{
    (void)state;
    return unlink(path);
}

static struct serving *open_serving(const struct serving_settings *settings)
{
    struct serving *s;
    struct err err;
    assert_ok(serving_open(path, settings, &s, &err), err);
    return s;
}

// A prompt whose end goes back to its beginning: the answer that the model leans to is in it.
static struct serving_request ask(int32_t prompt[PROMPT], int which)
{
    for (int i = 0; i < PROMPT; i++)
        prompt[i] = ' ' + which * 3 + i % 90;
    struct serving_request r = {.prompt = prompt,
                                .prompt_count = PROMPT,
                                .max_tokens = ANSWER,
                                .choices = 1,
                                .keep_end = true,
                                .special = true,
                                .sampler = SAMPLER_GREEDY};
    return r;
}

static void write_part(const struct answer_part *part, struct buf *out)
{
    buf_add_str(out, buf_str(&part->text));
    for (size_t i = 0; i < part->token_count; i++) {
        const struct answer_token *t = &part->tokens[i];
        buf_printf(out, " %d:%a", t->token, (double)t->logprob);
        for (uint32_t k = 0; k < t->top_count; k++)
            buf_printf(out, ",%d:%a", t->top[k].token, (double)t->top[k].value);
    }
}

struct outcome {
    char *text; // with every token's bits, when log probabilities were asked for
    enum answer_finish finish;
    struct answer_stats stats;
};

static struct outcome finish(struct answer **a)
{
    struct outcome o = {0};
    struct answer_part part = {0};
    struct buf all = {0};
    assert_true(answer_wait(*a, 20 * US_PER_SECOND));
    while (answer_take(*a, &part, NULL)) {
        write_part(&part, &all);
        o.finish = part.finish;
    }
    answer_stats(*a, &o.stats);
    answer_part_free(&part);
    answer_release(a);
    buf_add_char(&all, '\n');
    o.text = all.p;
    return o;
}

static struct outcome answer(struct serving *s, const struct serving_request *r)
{
    struct answer *a;
    struct err err;
    assert_ok(serving_submit(s, r, &a, &err), err);
    return finish(&a);
}

// The same request with and without; returns how many guesses were right.
static uint32_t same_both_ways(struct serving *s, struct serving_request *r, const char *gbnf)
{
    struct outcome o[2];
    struct err err;
    for (int i = 0; i < 2; i++) {
        r->no_lookup = i == 0;
        if (gbnf)
            assert_ok(serving_form_gbnf(s, str_of(gbnf), "test", &r->form, &err), err);
        o[i] = answer(s, r);
        form_release(&r->form);
    }
    assert_string_equal(o[1].text, o[0].text);
    assert_int_equal(o[1].finish, o[0].finish);
    assert_int_equal(o[1].stats.tokens, o[0].stats.tokens);
    assert_int_equal(o[0].stats.guessed, 0);
    free(o[0].text);
    free(o[1].text);
    return o[1].stats.guessed_right;
}

static void greedy_answers_are_the_same_and_guesses_right(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    int32_t prompt[PROMPT];
    uint32_t right = 0;
    for (int i = 0; i < COMPANY; i++) {
        struct serving_request r = ask(prompt, i);
        right += same_both_ways(s, &r, NULL);
    }
    assert_in_range(right, COMPANY * ANSWER / 3, COMPANY * ANSWER);
    serving_close(&s);
}

static void sampled_answers_are_the_same(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    int32_t prompt[PROMPT];
    uint32_t right = 0;
    for (int i = 0; i < 20; i++) {
        struct serving_request r = ask(prompt, i);
        r.sampler.temperature = i % 2 ? 0.4f : 0.8f;
        r.sampler.seed = (uint64_t)i;
        r.sampler.top_p = i % 3 ? 1 : 0.9f;
        right += same_both_ways(s, &r, NULL);
    }
    assert_true(right > 100);
    serving_close(&s);
}

static void penalties_see_every_token_in_its_turn(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    int32_t prompt[PROMPT];
    uint32_t right = 0;
    for (int i = 0; i < 10; i++) {
        struct serving_request r = ask(prompt, i);
        r.sampler.repetition_penalty = i % 2 ? 1.3f : 1;
        r.sampler.frequency_penalty = i % 2 ? 0 : 0.7f;
        r.sampler.temperature = i % 3 ? 0 : 0.5f;
        right += same_both_ways(s, &r, NULL);
    }
    assert_true(right > 20);
    serving_close(&s);
}

static void log_probabilities_have_the_same_bits(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    int32_t prompt[PROMPT];
    struct serving_request r = ask(prompt, 2);
    r.logprobs = true;
    r.top = 5;
    assert_true(same_both_ways(s, &r, NULL) > 20);
    serving_close(&s);
}

static void grammars_are_followed_through_guesses(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    int32_t prompt[PROMPT];
    struct serving_request r = ask(prompt, 1);
    r.keep_end = false;
    assert_true(same_both_ways(s, &r, "root ::= [ -~]{10,70} \"\\n\"") > 20);
    // Of letters alone: where the text before has none, guesses fall out of it.
    same_both_ways(s, &r, "root ::= ([A-Z]{5} \" \"){9}");
    serving_close(&s);
}

static void an_answer_ends_within_a_run_of_right_guesses(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    int32_t prompt[PROMPT];
    struct serving_request r = ask(prompt, 1);
    struct outcome whole = answer(s, &r);
    for (size_t at = 10; at < 60; at++) {
        struct str stop = {whole.text + at, 3};
        r.stops = &stop;
        r.stop_count = 1;
        same_both_ways(s, &r, NULL);
        r.stop_count = 0;
        r.max_tokens = (uint32_t)at;
        same_both_ways(s, &r, NULL);
    }
    free(whole.text);
    serving_close(&s);
}

static void the_context_may_end_within_guesses(void **state)
{
    (void)state;
    struct serving_settings narrow = usual;
    narrow.context = 160;
    struct serving *s = open_serving(&narrow);
    int32_t prompt[PROMPT];
    struct serving_request r = ask(prompt, 1);
    r.max_tokens = 0;
    assert_true(same_both_ways(s, &r, NULL) > 10);
    serving_close(&s);
}

static void company_changes_no_byte(void **state)
{
    (void)state;
    char *want[COMPANY];
    int32_t prompts[COMPANY][PROMPT];
    struct serving_request r[COMPANY];
    struct serving *s = open_serving(&usual);
    for (int i = 0; i < COMPANY; i++) {
        r[i] = ask(prompts[i], i);
        r[i].prompt_count -= 9 * (size_t)i;
        r[i].sampler.temperature = i % 2 ? 0.5f : 0;
        r[i].no_lookup = true;
        want[i] = answer(s, &r[i]).text;
    }
    for (int n = 1; n <= COMPANY; n++) {
        struct answer *a[COMPANY];
        struct err err;
        uint32_t right = 0;
        for (int i = 0; i < n; i++) {
            r[i].no_lookup = false;
            assert_ok(serving_submit(s, &r[i], &a[i], &err), err);
        }
        for (int i = 0; i < n; i++) {
            struct outcome o = finish(&a[i]);
            assert_string_equal(o.text, want[i]);
            right += o.stats.guessed_right;
            free(o.text);
        }
        assert_true(right > 0);
    }
    for (int i = 0; i < COMPANY; i++)
        free(want[i]);
    serving_close(&s);
}

static void a_setting_turns_it_off(void **state)
{
    (void)state;
    struct serving_settings off = usual;
    off.no_lookup = true;
    struct serving *s = open_serving(&off);
    int32_t prompt[PROMPT];
    struct serving_request r = ask(prompt, 1);
    struct outcome o = answer(s, &r);
    struct serving_stats stats;
    serving_stats(s, &stats);
    assert_int_equal(o.stats.guessed, 0);
    assert_int_equal(stats.guessed, 0);
    free(o.text);
    serving_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greedy_answers_are_the_same_and_guesses_right),
        cmocka_unit_test(sampled_answers_are_the_same),
        cmocka_unit_test(penalties_see_every_token_in_its_turn),
        cmocka_unit_test(log_probabilities_have_the_same_bits),
        cmocka_unit_test(grammars_are_followed_through_guesses),
        cmocka_unit_test(an_answer_ends_within_a_run_of_right_guesses),
        cmocka_unit_test(the_context_may_end_within_guesses),
        cmocka_unit_test(company_changes_no_byte),
        cmocka_unit_test(a_setting_turns_it_off),
    };
    return cmocka_run_group_tests(tests, write_model, remove_model);
}
