// The factory's support questions: split without overlap, answered from the documents alone.
#include "examples.h"
#include "factory/support_topics.h"

static void splits_share_nothing(void **state)
{
    (void)state;
    struct factory_stats s;
    assert_splits_share_nothing("support", 5000, &s);
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

static void quotes_or_asks(void *arg, const struct factory_example *e)
{
    size_t *states = arg;
    bool answered = strcmp(e->state, "answered") == 0, asks = strcmp(e->state, "asks") == 0;
    assert_supported(e);
    states[answered ? 0 : asks ? 1 : 2]++;
    if (answered)
        assert_quoted(e);
    assert_int_equal(asks, e->input.n == 0);
    assert_int_equal(strchr(e->output.p, '?') != NULL, !answered);
}

static void answers_quote_their_documents_and_say_nothing_else(void **state)
{
    (void)state;
    for (int split = FACTORY_TRAIN; split <= FACTORY_EVAL; split += FACTORY_EVAL) {
        size_t states[3] = {0};
        each_example("support", 9, (enum factory_split)split, 2000, quotes_or_asks, states);
        for (int i = 0; i < 3; i++)
            assert_true(states[i] > 0);
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
