// The factory's support questions: split without overlap, answered from the documents alone.
#include "diagnose/claims.h"
#include "factory/factory.h"
#include "factory/stats.h"
#include "factory/support_topics.h"
#include "test.h"

static void open_factory(struct factory **f, uint64_t seed, enum factory_split split)
{
    struct factory_options o = {.task = "support", .seed = seed, .split = split};
    struct err err;
    assert_ok(factory_open(f, &o, &err), err);
}

static void splits_share_nothing(void **state)
{
    (void)state;
    struct factory_options o = {.task = "support", .seed = 3};
    struct factory_stats s;
    struct err err;
    assert_ok(factory_stats(&o, 5000, NULL, &s, &err), err);
    assert_int_equal(s.shared_families, 0);
    assert_int_equal(s.shared_phrasings, 0);
    assert_int_equal(s.shared_questions, 0);
    assert_int_equal(s.shared_inputs, 0);
    assert_int_equal(s.shared_train_valid, 0);
    assert_true(s.splits[FACTORY_EVAL].families >= 8);
}

// What an answer says between quotes is in its input, byte for byte.
static void assert_quoted(const struct factory_example *e)
{
    struct str rest = buf_str(&e->output);
    str_cut(&rest, '"');
    struct str quote = str_cut(&rest, '"');
    assert_true(quote.n > 20);
    if (!memmem(e->input.p, e->input.n, quote.p, quote.n))
        fail_msg("\"%.*s\" is not in: %s", STR_ARG(quote), e->input.p);
}

static void answers_quote_their_documents_and_say_nothing_else(void **state)
{
    (void)state;
    for (int split = FACTORY_TRAIN; split <= FACTORY_EVAL; split += FACTORY_EVAL) {
        struct factory *f;
        struct factory_example e = {0};
        struct err err;
        size_t states[3] = {0};
        open_factory(&f, 9, (enum factory_split)split);
        for (int i = 0; i < 2000; i++) {
            struct claim claims[CLAIMS_MAX];
            size_t count;
            assert_ok(factory_next(f, &e, &err), err);
            const struct str texts[] = {buf_str(&e.instruction), buf_str(&e.input)};
            if (claims_check(buf_str(&e.output), NULL, texts, 2, claims, &count))
                fail_msg("%s\n%s", e.input.p, e.output.p);
            bool answered = strcmp(e.state, "answered") == 0, asks = strcmp(e.state, "asks") == 0;
            states[answered ? 0 : asks ? 1 : 2]++;
            if (answered)
                assert_quoted(&e);
            assert_int_equal(asks, e.input.n == 0);
            assert_int_equal(strchr(e.output.p, '?') != NULL, !answered);
        }
        for (int i = 0; i < 3; i++)
            assert_true(states[i] > 0);
        factory_close(&f);
        factory_example_free(&e);
    }
}

static void each_area_has_topics_to_learn_and_one_held_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < support_area_count; i++) {
        size_t open = 0, held = 0, n = strlen(support_areas[i].name);
        for (size_t k = 0; k < support_topic_count; k++) {
            const struct support_topic *t = &support_topics[k];
            bool here = strncmp(t->rule, support_areas[i].name, n) == 0 && t->rule[n] == '_';
            open += here && !t->held_out;
            held += here && t->held_out;
        }
        assert_true(open >= 3);
        assert_int_equal(held, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_share_nothing),
        cmocka_unit_test(answers_quote_their_documents_and_say_nothing_else),
        cmocka_unit_test(each_area_has_topics_to_learn_and_one_held_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
