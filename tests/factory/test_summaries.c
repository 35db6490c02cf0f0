// The factory's summaries: repeatable, split without overlap, and nothing in an answer that its
// input lacks.
#include "diagnose/claims.h"
#include "factory/factory.h"
#include "factory/stats.h"
#include "test.h"

static void open_factory(struct factory **f, uint64_t seed, enum factory_split split)
{
    struct factory_options o = {.task = "summaries", .seed = seed, .split = split};
    struct err err;
    assert_ok(factory_open(f, &o, &err), err);
}

static void the_same_seed_gives_the_same_bytes_and_another_seed_others(void **state)
{
    (void)state;
    struct buf lines[3] = {0};
    for (int i = 0; i < 3; i++) {
        struct factory *f;
        struct factory_example e = {0};
        struct err err;
        open_factory(&f, i == 2 ? 6 : 5, FACTORY_TRAIN);
        for (int k = 0; k < 200; k++) {
            assert_ok(factory_next(f, &e, &err), err);
            factory_write(&e, &lines[i]);
        }
        factory_close(&f);
        factory_example_free(&e);
    }
    assert_true(str_eq(buf_str(&lines[0]), buf_str(&lines[1])));
    assert_false(str_eq(buf_str(&lines[0]), buf_str(&lines[2])));
    for (int i = 0; i < 3; i++)
        buf_free(&lines[i]);
}

static void splits_share_nothing(void **state)
{
    (void)state;
    struct factory_options o = {.task = "summaries", .seed = 3};
    struct factory_stats s;
    struct err err;
    assert_ok(factory_stats(&o, 5000, NULL, &s, &err), err);
    assert_int_equal(s.shared_families, 0);
    assert_int_equal(s.shared_dialects, 0);
    assert_int_equal(s.shared_phrasings, 0);
    assert_int_equal(s.shared_questions, 0);
    assert_int_equal(s.shared_inputs, 0);
    assert_int_equal(s.shared_train_valid, 0);
    assert_true(s.splits[FACTORY_TRAIN].families >= 10);
    assert_true(s.splits[FACTORY_EVAL].families >= 3);
}

static size_t sentences_of(struct str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.n; i++)
        count += text.p[i] == '.' && (i + 1 == text.n || text.p[i + 1] == ' ');
    return count;
}

// 2,000 of each half: every number, identifier and time of the answer stands in the input.
static void answers_say_nothing_that_their_input_lacks(void **state)
{
    (void)state;
    for (int split = FACTORY_TRAIN; split <= FACTORY_EVAL; split += FACTORY_EVAL) {
        struct factory *f;
        struct factory_example e = {0};
        struct err err;
        open_factory(&f, 9, (enum factory_split)split);
        for (int i = 0; i < 2000; i++) {
            struct claim claims[CLAIMS_MAX];
            size_t count;
            assert_ok(factory_next(f, &e, &err), err);
            struct str input = buf_str(&e.input), answer = buf_str(&e.output);
            size_t bad = claims_check(answer, NULL, &input, 1, claims, &count);
            for (size_t k = 0; k < count; k++)
                if (!claims[k].supported)
                    fail_msg("%.*s is in: %s\nnot in: %s", STR_ARG(claims[k].text), answer.p,
                             input.p);
            assert_int_equal(bad, 0);
            assert_true(count >= 2);
            assert_in_range(sentences_of(answer), 1, 4);
        }
        factory_close(&f);
        factory_example_free(&e);
    }
}

static void a_window_is_called_quiet_when_its_facts_are(void **state)
{
    (void)state;
    struct factory *f;
    struct factory_example e = {0};
    struct err err;
    size_t quiet = 0;
    open_factory(&f, 11, FACTORY_TRAIN);
    for (int i = 0; i < 1000; i++) {
        assert_ok(factory_next(f, &e, &err), err);
        bool none = strstr(e.input.p, "anomalies: none") != NULL;
        bool said = strcasestr(e.output.p, "no anomalies") != NULL;
        assert_int_equal(none, said);
        quiet += none;
    }
    assert_in_range(quiet, 100, 250);
    factory_close(&f);
    factory_example_free(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_bytes_and_another_seed_others),
        cmocka_unit_test(splits_share_nothing),
        cmocka_unit_test(answers_say_nothing_that_their_input_lacks),
        cmocka_unit_test(a_window_is_called_quiet_when_its_facts_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
