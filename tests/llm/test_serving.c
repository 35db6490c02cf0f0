// The worker on a tiny random model: company changes nothing, limits, cancelling, fairness.
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "llm/serving.h"
#include "llm/synth.h"

enum { ANSWER = 24, COMPANY = 8 };

static char path[64];
static const struct serving_settings usual = {
    .threads = 2, .context = 256, .sessions = COMPANY, .queue = 16};

static int write_model(void **state)
{
    (void)state;
    struct synth s = {.like = "tiny-qwen2", .type = "Q8_0", .seed = 3};
    struct err err;
    snprintf(path, sizeof path, "/tmp/fettle-serving-%d", (int)getpid());
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

// A request with a prompt of `count` letters that begins with `first`.
static struct serving_request letters(char first, size_t count)
{
    static int32_t ids[26 + 512];
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        ids[i] = (int32_t)('a' + i % 26);
    struct serving_request r = {.prompt = ids + (first - 'a'),
                                .prompt_count = count,
                                .max_tokens = ANSWER,
                                .choices = 1,
                                .keep_end = true,
                                .sampler = SAMPLER_GREEDY};
    r.sampler.temperature = 1;
    r.sampler.seed = (uint64_t)first;
    return r;
}

static struct answer *submit(struct serving *s, const struct serving_request *r)
{
    struct answer *a;
    struct err err;
    assert_ok(serving_submit(s, r, &a, &err), err);
    return a;
}

// Everything of choice 0, terminated; frees the answer.
static char *whole_text(struct answer **a, enum answer_finish *finish)
{
    struct answer_part part = {0};
    struct buf text = {0};
    assert_true(answer_wait(*a, 20 * US_PER_SECOND));
    while (answer_take(*a, &part, NULL))
        if (part.choice == 0) {
            buf_add_str(&text, buf_str(&part.text));
            *finish = part.finish;
        }
    assert_true(answer_over(*a));
    answer_part_free(&part);
    answer_release(a);
    buf_add_char(&text, '\n');
    return text.p;
}

static char *alone(const struct serving_request *r)
{
    enum answer_finish finish;
    struct serving *s = open_serving(&usual);
    struct answer *a = submit(s, r);
    char *text = whole_text(&a, &finish);
    assert_int_equal(finish, ANSWER_LENGTH);
    serving_close(&s);
    return text;
}

static void company_changes_no_byte_of_an_answer(void **state)
{
    (void)state;
    char *want[COMPANY];
    // Prompts of 10, 33, 56... letters: some are still read while others are written.
    for (int i = 0; i < COMPANY; i++) {
        struct serving_request r = letters((char)('a' + i), 10 + 23 * (size_t)i);
        want[i] = alone(&r);
    }
    assert_string_not_equal(want[0], want[1]);
    for (int n = 1; n <= COMPANY; n++) {
        struct serving *s = open_serving(&usual);
        struct answer *a[COMPANY];
        for (int i = 0; i < n; i++) {
            struct serving_request r = letters((char)('a' + i), 10 + 23 * (size_t)i);
            a[i] = submit(s, &r);
        }
        for (int i = 0; i < n; i++) {
            enum answer_finish finish;
            char *got = whole_text(&a[i], &finish);
            assert_string_equal(got, want[i]);
            free(got);
        }
        serving_close(&s);
    }
    for (int i = 0; i < COMPANY; i++)
        free(want[i]);
}

static void choices_draw_with_seeds_of_their_own(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    struct serving_request three = letters('a', 9), second = letters('a', 9);
    three.choices = 3;
    second.sampler.seed += 1;
    char *want = alone(&second);
    struct answer *a = submit(s, &three);
    assert_true(answer_wait(a, 20 * US_PER_SECOND));
    struct answer_part part = {0};
    bool seen = false;
    while (answer_take(a, &part, NULL))
        if (part.choice == 1) {
            buf_add_char(&part.text, '\n');
            assert_string_equal(part.text.p, want);
            seen = true;
        }
    assert_true(seen);
    answer_part_free(&part);
    answer_release(&a);
    serving_close(&s);
    free(want);
}

static void a_prompt_beyond_the_context_is_refused_with_both_numbers(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    struct serving_request r = letters('a', 300);
    struct answer *a;
    struct err err;
    assert_int_equal(serving_submit(s, &r, &a, &err), ERR_LIMIT);
    assert_non_null(strstr(err.text, "300"));
    assert_non_null(strstr(err.text, "256"));
    assert_null(a);
    serving_close(&s);
}

static void wrong_requests_are_refused_by_name(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    struct answer *a;
    struct err err;
    struct serving_request r = letters('a', 0);
    assert_int_equal(serving_submit(s, &r, &a, &err), ERR_USAGE);
    r = letters('a', 3);
    r.prompt = (int32_t[]){1, 320, 2};
    assert_int_equal(serving_submit(s, &r, &a, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "320"));
    r = letters('a', 3);
    r.choices = 17; // the queue takes 16
    assert_int_equal(serving_submit(s, &r, &a, &err), ERR_USAGE);
    r = letters('a', 3);
    r.sampler.temperature = -1;
    assert_int_equal(serving_submit(s, &r, &a, &err), ERR_USAGE);
    assert_non_null(strstr(err.text, "temperature"));
    r = letters('a', 3);
    r.top = SERVING_TOP_MAX + 1;
    assert_int_equal(serving_submit(s, &r, &a, &err), ERR_USAGE);
    serving_close(&s);
}

static void a_full_queue_refuses_and_goes_on(void **state)
{
    (void)state;
    const struct serving_settings small = {.threads = 1, .context = 256, .sessions = 1, .queue = 2};
    struct serving *s = open_serving(&small);
    struct serving_request r = letters('a', 30);
    r.max_tokens = 200;
    struct answer *a[8];
    size_t taken = 0;
    enum err_code code = ERR_OK;
    struct err err;
    while (taken < 8 && !(code = serving_submit(s, &r, &a[taken], &err)))
        taken++;
    assert_int_equal(code, ERR_BUSY);
    assert_in_range(taken, 2, 3); // the worker may have taken the first one already
    for (size_t i = 0; i < taken; i++) {
        enum answer_finish finish;
        free(whole_text(&a[i], &finish));
        assert_int_equal(finish, ANSWER_LENGTH);
    }
    struct serving_stats stats;
    serving_stats(s, &stats);
    assert_int_equal(stats.requests, taken);
    assert_int_equal(stats.refused, 1);
    serving_close(&s);
}

static void a_released_answer_makes_room_at_once(void **state)
{
    (void)state;
    const struct serving_settings one = {.threads = 1, .context = 512, .sessions = 1, .queue = 4};
    struct serving *s = open_serving(&one);
    struct serving_request endless = letters('a', 4), brief = letters('b', 4);
    endless.max_tokens = 0;
    brief.max_tokens = 1;
    struct answer *a = submit(s, &endless), *b = submit(s, &endless), *c = submit(s, &brief);
    enum answer_finish finish;
    answer_release(&b);
    answer_release(&a);
    free(whole_text(&c, &finish));
    struct serving_stats stats;
    serving_stats(s, &stats);
    assert_int_equal(stats.cancelled, 2);
    assert_true(stats.tokens < 500);
    serving_close(&s);
}

static bool never(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
    return false;
}

static void an_unwanted_answer_is_cancelled(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    struct serving_request r = letters('a', 4);
    atomic_int asked = 0;
    struct err err;
    r.wanted = never;
    r.arg = &asked;
    struct answer *a = submit(s, &r);
    assert_true(answer_wait(a, 20 * US_PER_SECOND));
    assert_int_equal(atomic_load(&asked), 1);
    assert_int_equal(answer_error(a, &err), ERR_CANCELLED);
    answer_release(&a);
    serving_close(&s);
}

static void a_deadline_ends_an_answer(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    struct serving_request r = letters('a', 4);
    enum answer_finish finish;
    r.max_tokens = 0;
    r.deadline_us = 1;
    struct answer *a = submit(s, &r);
    free(whole_text(&a, &finish));
    assert_int_equal(finish, ANSWER_DEADLINE);
    serving_close(&s);
}

static void stop_strings_end_the_text_before_them(void **state)
{
    (void)state;
    struct serving_request r = letters('a', 9);
    char *all = alone(&r);
    // Three bytes from the middle, so long as they are plain ones.
    size_t at = 4;
    while (all[at] && ((all[at] | all[at + 1] | all[at + 2]) & 0x80))
        at++;
    assert_true(strlen(all) > at + 3);
    struct str stop = {all + at, 3};
    r.stops = &stop;
    r.stop_count = 1;
    struct serving *s = open_serving(&usual);
    struct answer *a = submit(s, &r);
    enum answer_finish finish;
    char *text = whole_text(&a, &finish);
    assert_int_equal(finish, ANSWER_STOPPED);
    text[strlen(text) - 1] = '\0';
    assert_null(strstr(text, (char[]){stop.p[0], stop.p[1], stop.p[2], '\0'}));
    assert_memory_equal(text, all, strlen(text));
    free(text);
    free(all);
    serving_close(&s);
}

// While a long prompt is read, an answer that is being written goes on.
static void a_long_prompt_does_not_stall_others(void **state)
{
    (void)state;
    const struct serving_settings wide = {.threads = 1, .context = 512, .sessions = 2, .queue = 4};
    struct serving *s = open_serving(&wide);
    struct serving_request writer = letters('a', 4), reader = letters('b', 480);
    writer.max_tokens = 400;
    reader.max_tokens = 1;
    struct answer_part part = {0};
    struct answer *w = submit(s, &writer);
    while (!answer_take(w, &part, NULL)) // writing has begun
        clock_sleep_us(100);
    struct answer_stats before, after;
    answer_stats(w, &before);
    struct answer *r = submit(s, &reader);
    assert_true(answer_wait(r, 20 * US_PER_SECOND));
    answer_stats(w, &after);
    // 480 tokens in pieces of at most 32 are 15 steps, each with a token of the writer.
    assert_true(after.tokens - before.tokens >= 14);
    answer_part_free(&part);
    answer_release(&w);
    answer_release(&r);
    serving_close(&s);
}

static void log_probabilities_come_with_every_token(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    struct serving_request r = letters('a', 4);
    struct answer_part part = {0};
    r.sampler = SAMPLER_GREEDY;
    r.logprobs = true;
    r.top = 5;
    struct answer *a = submit(s, &r);
    assert_true(answer_wait(a, 20 * US_PER_SECOND));
    assert_true(answer_take(a, &part, NULL));
    assert_int_equal(part.token_count, ANSWER);
    for (size_t i = 0; i < part.token_count; i++) {
        assert_int_equal(part.tokens[i].top_count, 5);
        assert_int_equal(part.tokens[i].top[0].token, part.tokens[i].token); // greedy
        assert_true(part.tokens[i].logprob < 0);
        assert_true(part.tokens[i].top[4].value <= part.tokens[i].top[0].value);
    }
    answer_part_free(&part);
    answer_release(&a);
    serving_close(&s);
}

// The second answer to one prompt computes only what stands past the last whole block of 64.
static void a_prompt_that_was_read_before_is_not_read_again(void **state)
{
    (void)state;
    struct serving_settings keeping = usual;
    keeping.keep_bytes = 64 << 20;
    struct serving *s = open_serving(&keeping);
    struct serving_request r = letters('a', 150);
    char *texts[2];
    uint32_t cached[2];
    for (int i = 0; i < 2; i++) {
        struct answer_stats stats;
        enum answer_finish finish;
        struct answer *a = submit(s, &r);
        assert_true(answer_wait(a, 20 * US_PER_SECOND));
        answer_stats(a, &stats);
        cached[i] = stats.cached_tokens;
        texts[i] = whole_text(&a, &finish);
    }
    assert_int_equal(cached[0], 0);
    assert_int_equal(cached[1], 128);
    assert_string_equal(texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
    serving_close(&s);
}

static void choices_share_the_prompt(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    struct serving_request r = letters('a', 150);
    struct serving_stats stats;
    r.choices = 4;
    struct answer *a = submit(s, &r);
    assert_true(answer_wait(a, 20 * US_PER_SECOND));
    serving_stats(s, &stats);
    assert_int_equal(stats.cached_tokens, 3 * 128);
    assert_int_equal(stats.prompt_tokens, 150 + 3 * 22);
    answer_release(&a);
    serving_close(&s);
}

static void a_grammar_shapes_the_answer(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    struct serving_request r = letters('a', 4);
    struct err err;
    enum answer_finish finish;
    r.keep_end = false;
    r.choices = 2;
    assert_ok(serving_form_gbnf(s, STR_LIT("root ::= \"pump \" [0-9]{3} (\" on\" | \" off\")"),
                                "test", &r.form, &err),
              err);
    struct answer *a = submit(s, &r);
    form_release(&r.form);
    char *text = whole_text(&a, &finish);
    assert_int_equal(finish, ANSWER_STOPPED);
    assert_memory_equal(text, "pump ", 5);
    assert_int_equal(strspn(text + 5, "0123456789"), 3);
    assert_true(strcmp(text + 8, " on\n") == 0 || strcmp(text + 8, " off\n") == 0);
    free(text);
    serving_close(&s);
}

// The schema again: the same form, whose masks are there; others push the oldest out.
static void a_form_is_kept_between_requests(void **state)
{
    (void)state;
    static const char schema[] = "{\"enum\":[\"on\",\"off\"]}";
    struct serving *s = open_serving(&usual);
    struct form *first, *again;
    struct err err;
    assert_ok(serving_form_schema(s, str_of(schema), &first, &err), err);
    struct serving_request r = letters('a', 4);
    r.keep_end = false;
    for (int i = 0; i < 3; i++) {
        assert_ok(serving_form_schema(s, str_of(schema), &again, &err), err);
        assert_ptr_equal(again, first);
        r.form = again;
        r.sampler.seed = (uint64_t)i;
        struct answer *a = submit(s, &r);
        form_release(&again);
        enum answer_finish finish;
        char *text = whole_text(&a, &finish);
        assert_int_equal(finish, ANSWER_STOPPED);
        assert_true(strcmp(text, "\"on\"\n") == 0 || strcmp(text, "\"off\"\n") == 0);
        free(text);
    }
    for (int i = 0; i < 2 * SERVING_FORMS_KEPT; i++) {
        char other[64];
        snprintf(other, sizeof other, "{\"const\":%d}", i);
        assert_ok(serving_form_schema(s, str_of(other), &again, &err), err);
        form_release(&again);
    }
    assert_ok(serving_form_schema(s, str_of(schema), &again, &err), err);
    assert_ptr_equal(again, first); // it was held
    form_release(&again);
    form_release(&first);
    assert_int_equal(serving_form_schema(s, STR_LIT("{\"type\":7}"), &again, &err), ERR_INPUT);
    serving_close(&s);
}

static void a_grammar_is_kept_between_requests(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    struct form *first, *again, *other;
    struct err err;
    struct str text = STR_LIT("root ::= \"on\" | \"off\""), schema = STR_LIT("{\"const\":1}");
    assert_ok(serving_form_gbnf(s, text, "one", &first, &err), err);
    const struct form *kept = first;
    form_release(&first);
    assert_ok(serving_form_schema(s, schema, &other, &err), err);
    form_release(&other);
    assert_ok(serving_form_gbnf(s, text, "two", &again, &err), err);
    assert_ptr_equal(again, kept); // though nobody held it
    form_release(&again);
    // The same text is something else as a grammar.
    assert_int_equal(serving_form_gbnf(s, schema, "three", &other, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "three: line 1"));
    serving_close(&s);
}

static void further_prompts_are_answered_as_if_alone(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    int32_t second[40];
    for (int i = 0; i < 40; i++)
        second[i] = 'z' - i % 26;
    struct tokens other = {.p = second, .n = 40};
    struct serving_request both = letters('a', 9), one = letters('a', 9);
    both.choices = 2;
    both.others = &other;
    both.other_count = 1;
    struct answer *a = submit(s, &both);
    struct answer_part part = {0};
    char *got[4] = {0};
    assert_true(answer_wait(a, 20 * US_PER_SECOND));
    while (answer_take(a, &part, NULL)) {
        buf_add_char(&part.text, '\n');
        got[part.choice] = strdup(part.text.p);
    }
    answer_part_free(&part);
    answer_release(&a);
    for (int i = 0; i < 4; i++) {
        one = letters('a', 9);
        one.sampler.seed += (uint64_t)i % 2;
        if (i >= 2) {
            one.prompt = second;
            one.prompt_count = 40;
        }
        char *want = alone(&one);
        assert_string_equal(got[i], want);
        free(want);
        free(got[i]);
    }
    other.n = 300;
    struct err err;
    struct answer *none;
    int32_t *longer = calloc(300, sizeof *longer);
    other.p = longer;
    assert_int_equal(serving_submit(s, &both, &none, &err), ERR_LIMIT);
    free(longer);
    serving_close(&s);
}

struct listener {
    struct answer *answer;
    atomic_int told;
};

static void listen(void *arg)
{
    atomic_fetch_add(&((struct listener *)arg)->told, 1);
}

static void notify_comes_once_after_a_take_that_found_nothing(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    struct serving_request r = letters('a', 4);
    struct listener l = {0};
    struct answer_part part = {0};
    r.notify = listen;
    r.arg = &l;
    struct answer *a = submit(s, &r);
    int empty = 0;
    while (!answer_over(a)) {
        int before = atomic_load(&l.told);
        if (answer_take(a, &part, NULL))
            continue;
        empty++;
        for (int i = 0; atomic_load(&l.told) == before && i < 10000; i++)
            clock_sleep_us(1000);
        assert_int_equal(atomic_load(&l.told), before + 1);
    }
    assert_int_equal(atomic_load(&l.told), empty);
    answer_part_free(&part);
    answer_release(&a);
    serving_close(&s);
}

static void stopping_ends_every_answer(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    struct serving_request r = letters('a', 4);
    struct answer *a[12], *late;
    struct err err;
    r.max_tokens = 0;
    for (int i = 0; i < 12; i++)
        a[i] = submit(s, &r);
    serving_stop(s);
    for (int i = 0; i < 12; i++) {
        assert_true(answer_wait(a[i], 0));
        assert_int_equal(answer_error(a[i], &err), ERR_CANCELLED);
        answer_release(&a[i]);
    }
    assert_int_equal(serving_submit(s, &r, &late, &err), ERR_CANCELLED);
    serving_close(&s);
}

struct client {
    struct serving *serving;
    const char *want;
    char first;
    int failures;
};

static void *ask_again_and_again(void *arg)
{
    struct client *c = arg;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    for (int i = 0; i < 12; i++) {
        pthread_mutex_lock(&lock); // letters() has one buffer
        struct serving_request r = letters(c->first, 20);
        pthread_mutex_unlock(&lock);
        struct answer *a;
        if (serving_submit(c->serving, &r, &a, NULL) != ERR_OK) {
            clock_sleep_us(1000);
            continue;
        }
        if (i % 3 == 0) { // some go away
            answer_release(&a);
            continue;
        }
        struct answer_part part = {0};
        answer_wait(a, 20 * US_PER_SECOND);
        c->failures += !answer_take(a, &part, NULL) || part.text.n + 1 != strlen(c->want) ||
                       memcmp(part.text.p, c->want, part.text.n) != 0;
        answer_part_free(&part);
        answer_release(&a);
    }
    return NULL;
}

static void many_threads_may_ask_and_leave(void **state)
{
    (void)state;
    struct client clients[6];
    pthread_t threads[6];
    struct serving *s = open_serving(&usual);
    char *want[6];
    for (int i = 0; i < 6; i++) {
        struct serving_request r = letters((char)('a' + i), 20);
        want[i] = alone(&r);
        clients[i] = (struct client){s, want[i], (char)('a' + i), 0};
    }
    for (int i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_again_and_again, &clients[i]), 0);
    for (int i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(clients[i].failures, 0);
        free(want[i]);
    }
    serving_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(company_changes_no_byte_of_an_answer),
        cmocka_unit_test(choices_draw_with_seeds_of_their_own),
        cmocka_unit_test(a_prompt_beyond_the_context_is_refused_with_both_numbers),
        cmocka_unit_test(wrong_requests_are_refused_by_name),
        cmocka_unit_test(a_full_queue_refuses_and_goes_on),
        cmocka_unit_test(a_released_answer_makes_room_at_once),
        cmocka_unit_test(an_unwanted_answer_is_cancelled),
        cmocka_unit_test(a_deadline_ends_an_answer),
        cmocka_unit_test(stop_strings_end_the_text_before_them),
        cmocka_unit_test(a_long_prompt_does_not_stall_others),
        cmocka_unit_test(log_probabilities_come_with_every_token),
        cmocka_unit_test(a_prompt_that_was_read_before_is_not_read_again),
        cmocka_unit_test(choices_share_the_prompt),
        cmocka_unit_test(a_grammar_shapes_the_answer),
        cmocka_unit_test(a_form_is_kept_between_requests),
        cmocka_unit_test(a_grammar_is_kept_between_requests),
        cmocka_unit_test(further_prompts_are_answered_as_if_alone),
        cmocka_unit_test(notify_comes_once_after_a_take_that_found_nothing),
        cmocka_unit_test(stopping_ends_every_answer),
        cmocka_unit_test(many_threads_may_ask_and_leave),
    };
    return cmocka_run_group_tests(tests, write_model, remove_model);
}
