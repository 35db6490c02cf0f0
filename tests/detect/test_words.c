// How values and durations are written for people.
#include "test.h"

#include <math.h>

#include "detect/words.h"

static void durations_are_written_in_the_two_units_that_matter(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *text;
    } expected[] = {
        {0, "0 ms"},
        {250 * US_PER_MS, "250 ms"},
        {US_PER_SECOND, "1 s"},
        {1500 * US_PER_MS, "1.5 s"},
        {25900 * US_PER_MS, "25 s"},
        {60 * US_PER_SECOND, "1 min"},
        {125 * US_PER_SECOND, "2 min 5 s"},
        {12000 * US_PER_SECOND, "3 h 20 min"},
        {2 * US_PER_HOUR, "2 h"},
        {51 * US_PER_HOUR, "2 d 3 h"},
        {3 * US_PER_DAY, "3 d"},
    };
    char out[WORDS_BYTES];
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_string_equal(words_duration(expected[i].us, out), expected[i].text);
}

static void a_value_is_never_written_like_the_limit_that_it_is_not(void **state)
{
    (void)state;
    char out[WORDS_BYTES];
    assert_string_equal(words_value(47.2, 45, "°C", out), "47.2 °C");
    assert_string_equal(words_value(45, 45, "°C", out), "45 °C");
    assert_string_equal(words_value(45.0000001, 45, "", out), "45.000000100000001");
    assert_string_equal(words_value(-1.7976931348623157e308, 0, "bar", out), "-1.79769e+308 bar");
}

static void the_longest_names_and_numbers_fit_into_a_message(void **state)
{
    (void)state;
    struct sensor s = {0};
    struct anomaly a = {.side = SIDE_HIGH,
                        .start_us = TIME_MIN_US,
                        .end_us = TIME_MAX_US,
                        .peak = nextafter(-1.2345678901234567e-300, 0),
                        .limit = -1.2345678901234567e-300};
    char out[PLANT_MESSAGE_BYTES];
    memset(s.parameter, 'p', sizeof s.parameter - 1);
    memset(s.unit, 'u', sizeof s.unit - 1);
    words_beyond_limit(&a, &s, "drift", out);
    assert_string_equal(out + strlen(out) - 15, "uuuuuuuuuuuuuuu");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_written_in_the_two_units_that_matter),
        cmocka_unit_test(a_value_is_never_written_like_the_limit_that_it_is_not),
        cmocka_unit_test(the_longest_names_and_numbers_fit_into_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
