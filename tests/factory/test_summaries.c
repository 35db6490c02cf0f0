// The factory's summaries: repeatable, split without overlap, and nothing in an answer that its
// input lacks.
#include "examples.h"

static void the_same_seed_gives_the_same_bytes_and_another_seed_others(void **state)
{
    (void)state;
    assert_seed_decides("summaries");
}

static void splits_share_nothing(void **state)
{
    (void)state;
    struct factory_stats s;
    assert_splits_share_nothing("summaries", 5000, &s);
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

static void says_little_and_nothing_that_the_input_lacks(void *arg, const struct factory_example *e)
{
    (void)arg;
    assert_true(assert_supported(e) >= 2);
    assert_null(strstr(e->input.p, " -0 "));
    assert_in_range(sentences_of(buf_str(&e->output)), 1, 4);
}

static void answers_say_nothing_that_their_input_lacks(void **state)
{
    (void)state;
    for (int split = FACTORY_TRAIN; split <= FACTORY_EVAL; split += FACTORY_EVAL)
        each_example("summaries", 9, (enum factory_split)split, 2000,
                     says_little_and_nothing_that_the_input_lacks, NULL);
}

static void is_called_quiet_when_it_is(void *arg, const struct factory_example *e)
{
    size_t *quiet = arg;
    bool none = strstr(e->input.p, "anomalies: none") != NULL;
    bool said = strcasestr(e->output.p, "no anomalies") != NULL;
    assert_int_equal(none, said);
    *quiet += none;
}

static void a_window_is_called_quiet_when_its_facts_are(void **state)
{
    (void)state;
    size_t quiet = 0;
    each_example("summaries", 11, FACTORY_TRAIN, 1000, is_called_quiet_when_it_is, &quiet);
    assert_in_range(quiet, 100, 250);
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
