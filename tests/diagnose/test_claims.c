// Answers whose numbers, units, identifiers and times are checked against logs.
#include "diagnose/claims.h"

#include "test.h"

// How many claims of `answer` the log does not support.
static size_t unsupported(const char *log, const char *answer)
{
    struct facts facts;
    struct err err;
    struct claim claims[CLAIMS_MAX];
    size_t count;
    struct str text = str_of(log);
    assert_ok(facts_read(text, &facts, &err), err);
    facts_join_known(&facts);
    return claims_check(str_of(answer), &facts, &text, 1, claims, &count);
}

static const char reset_log[] = "V_IN: 8.4V [LOW] | REF_CHK: FAIL | EVENT: SYSTEM_RESET";

static void what_the_log_says_is_supported(void **state)
{
    (void)state;
    assert_int_equal(unsupported(reset_log, "V_IN is 8.4 V, below the operating range of 10-30 V, "
                                            "the root cause of the failed reference check."),
                     0);
    assert_int_equal(unsupported(reset_log, "8.40 V is below 10 to 30 V"), 0);
    assert_int_equal(unsupported("a: 1 A", "Nothing is claimed here, really."), 0);
}

static void other_numbers_are_not(void **state)
{
    (void)state;
    assert_int_equal(unsupported(reset_log, "V_IN is 8.5 V"), 1);
    assert_int_equal(unsupported(reset_log, "V_IN is 8 V"), 1);
    assert_int_equal(unsupported(reset_log, "V_IN is -8.4 V"), 1);
    assert_int_equal(unsupported(reset_log, "V_IN is 84 V, below 12-30 V"), 2);
}

static void another_unit_is_not_and_a_converted_one_is(void **state)
{
    (void)state;
    assert_int_equal(unsupported(reset_log, "V_IN is 8.4 A"), 1);
    assert_int_equal(unsupported(reset_log, "V_IN is 8400 mV"), 0);
    assert_int_equal(unsupported("count: 7", "count is 7 V"), 1);
    assert_int_equal(unsupported("p: 500 mbar", "p is 0.5 bar"), 0);
    assert_int_equal(unsupported("t: 20 C", "t is 20 K"), 1);
}

static void units_of_a_table_are_joined_to_its_numbers(void **state)
{
    (void)state;
    const char *log = "tag,value,unit,low,high\nV_IN,8.4,V,10,30\n";
    assert_int_equal(unsupported(log, "V_IN 8.4 V, limit 10-30 V"), 0);
    assert_int_equal(unsupported(log, "V_IN 8.4 bar"), 1);
}

static void identifiers_must_be_in_the_log(void **state)
{
    (void)state;
    assert_int_equal(unsupported(reset_log, "REF_CHK failed, v_in is low"), 0);
    assert_int_equal(unsupported(reset_log, "V_OUT is low"), 1);
    assert_int_equal(unsupported("id: P-101 | p: 1 bar", "P-101 is well, P-102 is not"), 1);
    assert_int_equal(unsupported("heatCurrent: 0 A", "heatCurrent is 0 A, fanSpeed unknown"), 1);
    assert_int_equal(unsupported(reset_log, "V_I is low"), 1);
}

static void times_must_be_in_the_log(void **state)
{
    (void)state;
    const char *log = "2026-06-12 03:14:07 V_IN: 8.4 V";
    assert_int_equal(unsupported(log, "at 03:14 on 2026-06-12"), 0);
    assert_int_equal(unsupported(log, "at 03:15 on 2026-06-13"), 2);
}

static void a_time_is_no_value_with_a_unit(void **state)
{
    (void)state;
    static const char log[] = "- time: 2026-06-12 12:33:11\n- pump 3 A: tripped at 12:41\n"
                              "- FIT-757: 8.4 V\n- lamp: 24 V";
    static const char *const good[] = {"It tripped at 12:41.", "At 12:41 h FIT-757 had 8.4 V.",
                                       "At 12:33:11, 8.4 V.", "Pump 3 tripped.", "It is 24 V."};
    static const char *const bad[] = {"V_IN is 12:33 V.", "It is 12:41 bar.", "It is 757 V.",
                                      "It is 2026 h.",    "It took 33 s.",    "It is 06 C.",
                                      "It is 12:33:11 A."};
    struct str text = str_of(log);
    struct claim claims[CLAIMS_MAX];
    size_t count;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (claims_check(str_of(good[i]), NULL, &text, 1, claims, &count))
            fail_msg("not supported: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!claims_check(str_of(bad[i]), NULL, &text, 1, claims, &count))
            fail_msg("supported: %s", bad[i]);
}

static void negative_numbers_and_ranges_are_told_apart(void **state)
{
    (void)state;
    const char *log = "TEMP: -15.2 C (limit -40 to 60 C)";
    assert_int_equal(unsupported(log, "TEMP is -15.2 C within -40-60 C"), 0);
    assert_int_equal(unsupported(log, "TEMP is \xe2\x88\x92"
                                      "15.2 C"),
                     0);
    assert_int_equal(unsupported(log, "TEMP is 15.2 C"), 1);
}

static void prepared_facts_support_what_they_say(void **state)
{
    (void)state;
    const char *facts = "rx_level: -64 dBm, within min -95 dBm\nvsup: 22.0 V, within 20-28 V\n"
                        "used: 60%, within max 90%\n";
    assert_int_equal(unsupported(facts, "rx_level is -64 dBm, within min -95 dBm, used is 60%, "
                                        "below 90%, vsup 22.0 V in 20-28 V"),
                     0);
    assert_int_equal(unsupported(facts, "rx_level is 64 dBm, above 95 dBm"), 2);
}

static void claims_are_read_in_order_with_their_units(void **state)
{
    (void)state;
    struct claim c[CLAIMS_MAX];
    size_t n = claims_read(STR_LIT("P-101: 10-30 V at 03:14:07, 99% open, 5mA."), c, CLAIMS_MAX);
    assert_int_equal(n, 6);
    assert_int_equal(c[0].kind, CLAIM_IDENTIFIER);
    assert_close(c[1].value, 10, 0);
    assert_true(str_is(c[1].unit, "V"));
    assert_close(c[2].value, 30, 0);
    assert_int_equal(c[3].kind, CLAIM_TIME);
    assert_true(str_is(c[4].unit, "%"));
    assert_close(c[5].value, 5, 0);
    assert_true(str_is(c[5].unit, "mA"));
}

static void more_claims_than_there_is_room_for_are_not_supported(void **state)
{
    (void)state;
    struct buf answer = {0};
    for (int i = 0; i < CLAIMS_MAX + 3; i++)
        buf_add_z(&answer, "8.4 V ");
    assert_int_equal(unsupported(reset_log, answer.p), 3);
    buf_free(&answer);
}

static void odd_answers_do_no_harm(void **state)
{
    (void)state;
    static const char *const answers[] = {"",    "-",   "--1", "1e",  ".",      "5.",
                                          "_",   "1-",  "%",   "::",  "\xe2",   "1..2..3",
                                          "a.b", "1_2", "-.5", "00:", "99:99:", "\xff\xfe"};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        (void)unsupported(reset_log, answers[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_log_says_is_supported),
        cmocka_unit_test(other_numbers_are_not),
        cmocka_unit_test(another_unit_is_not_and_a_converted_one_is),
        cmocka_unit_test(units_of_a_table_are_joined_to_its_numbers),
        cmocka_unit_test(identifiers_must_be_in_the_log),
        cmocka_unit_test(times_must_be_in_the_log),
        cmocka_unit_test(a_time_is_no_value_with_a_unit),
        cmocka_unit_test(negative_numbers_and_ranges_are_told_apart),
        cmocka_unit_test(prepared_facts_support_what_they_say),
        cmocka_unit_test(claims_are_read_in_order_with_their_units),
        cmocka_unit_test(more_claims_than_there_is_room_for_are_not_supported),
        cmocka_unit_test(odd_answers_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
