// Lines of events: taken apart, held against answers, said under the grammar of the evidence.
#include "diagnose/event_words.h"

#include "diagnose/claims.h"
#include "test.h"

static struct facts facts;

static int open_facts(void **state)
{
    (void)state;
    memset(&facts, 0, sizeof facts);
    facts_add_event(&facts, "dp noise spike to 7.2 bar, above limit 6 bar, 3 times, 12:33:11 to "
                            "12:40:02");
    facts_add_event(&facts, "p in level shift to 1.1 bar, below expected 2-3.1 bar, open since "
                            "2026-05-03 12:33:14");
    facts_add_event(&facts, "all 6 sensors dropout, limit 10 s, at 12:41:30");
    return 0;
}

static void a_line_is_taken_apart(void **state)
{
    (void)state;
    struct event_words e;
    assert_true(event_words_read(str_of(facts.events[0]), &e));
    assert_int_equal(e.kind, ANOMALY_SPIKE);
    assert_true(str_is(e.subject, "dp noise"));
    assert_true(str_is(e.value, "7.2 bar"));
    assert_string_equal(e.place, "above the limit of 6 bar");
    assert_true(str_is(e.start, "12:33:11"));
    assert_true(event_words_read(str_of(facts.events[1]), &e));
    assert_int_equal(e.kind, ANOMALY_LEVEL_SHIFT);
    assert_string_equal(e.place, "below the expected 2-3.1 bar");
    assert_true(str_is(e.start, "2026-05-03 12:33:14"));
    assert_true(event_words_read(str_of(facts.events[2]), &e));
    assert_int_equal(e.kind, ANOMALY_DROPOUT);
    assert_true(str_is(e.subject, "all 6 sensors"));
    assert_true(e.at_once && e.value.n == 0 && e.place[0] == '\0');
    assert_false(event_words_read(STR_LIT("heater supply 24 V"), &e));
    assert_false(event_words_read(STR_LIT(""), &e));
}

static size_t unsupported(const char *answer)
{
    struct claim claims[CLAIMS_MAX];
    size_t count;
    return claims_check(str_of(answer), &facts, NULL, 0, claims, &count);
}

static void what_is_said_of_an_event_must_be_true_of_it(void **state)
{
    (void)state;
    assert_int_equal(unsupported("Here dp noise spiked to 7.2 bar, above the limit of 6 bar, from "
                                 "12:33:11."),
                     0);
    assert_int_equal(unsupported("p in shifted to 1.1 bar, below the expected 2-3.1 bar."), 0);
    assert_int_equal(unsupported("dp noise spiked to 6 bar."), 1);
    assert_int_equal(unsupported("dp noise spiked to 1.1 bar."), 1);
    assert_int_equal(unsupported("dp noise spiked to 7.2 bar, above the limit of 7.2 bar."), 1);
    assert_int_equal(unsupported("dp noise spiked to 7.2 bar, below the limit of 6 bar."), 1);
    assert_int_equal(unsupported("dp noise spiked to 9 bar."), 1);
    const struct fact level = {.key = "level", .text = "1.2", .unit = "m", .value = 1.2};
    assert_true(facts_add(&facts, &level));
    assert_int_equal(unsupported("level spiked to 7.2 bar."), 1); // that was another sensor
    assert_int_equal(unsupported("dp noise drifted to 7.2 bar."), 0);
}

static void events_may_be_said_with_their_value(void **state)
{
    (void)state;
    struct buf gbnf = {0};
    event_words_grammar(&facts, &gbnf);
    assert_string_equal(gbnf.p, " | \"dp noise spiked to 7.2 bar\""
                                " | \"dp noise spiked to 7.2 bar, above the limit of 6 bar\""
                                " | \"p in shifted to 1.1 bar\""
                                " | \"p in shifted to 1.1 bar, below the expected 2-3.1 bar\""
                                " | \"all 6 sensors sent no data\"");
    buf_free(&gbnf);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, open_facts)
    const struct CMUnitTest tests[] = {
        TEST(a_line_is_taken_apart),
        TEST(what_is_said_of_an_event_must_be_true_of_it),
        TEST(events_may_be_said_with_their_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
