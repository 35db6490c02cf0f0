// Time as text: what is written, what is read, what is refused.
#include "test.h"

#include <time.h>

#include "base/clock.h"
#include "base/rng.h"

static void known_times_have_their_numbers(void **state)
{
    (void)state;
    // Microseconds by Python: datetime.fromisoformat(text + "+00:00") - datetime(1970, 1, 1).
    static const struct {
        const char *text;
        int64_t us;
    } cases[] = {{"0001-01-01T00:00:00Z", INT64_C(-62135596800000000)},
                 {"1900-03-01T00:00:00Z", INT64_C(-2203891200000000)},
                 {"1969-12-31T23:59:59Z", INT64_C(-1000000)},
                 {"1970-01-01T00:00:00Z", 0},
                 {"2000-02-29T12:34:56Z", INT64_C(951827696000000)},
                 {"2024-02-29T23:59:59Z", INT64_C(1709251199000000)},
                 {"2026-11-21T09:15:00.250Z", INT64_C(1795252500250000)},
                 {"2026-11-21T09:15:00.000001Z", INT64_C(1795252500000001)},
                 {"1969-12-31T23:59:59.999999Z", -1},
                 {"9999-12-31T23:59:59.999999Z", TIME_MAX_US}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t us = 1;
        char text[TIME_TEXT_BYTES];
        assert_true(time_from_text(str_of(cases[i].text), &us));
        assert_true(us == cases[i].us);
        assert_string_equal(time_to_text(us, text), cases[i].text);
    }
}

static void what_people_write_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *text, *same;
    } cases[] = {{"2026-11-21", "2026-11-21T00:00:00Z"},
                 {"2026/11/21 09:15", "2026-11-21T09:15:00Z"},
                 {"2026-11-21t09:15:00z", "2026-11-21T09:15:00Z"},
                 {"2026-11-21 09:15:00.123456789", "2026-11-21T09:15:00.123456Z"},
                 {"2026-11-21 09:15:00,5", "2026-11-21T09:15:00.5Z"},
                 {"2026-11-21T09:15:00+02:00", "2026-11-21T07:15:00Z"},
                 {"2026-11-21T23:30:00-0330", "2026-11-22T03:00:00Z"},
                 {"2026-11-21T09:15:00+02", "2026-11-21T07:15:00Z"},
                 {"2026-11-21 09:15:00 +02:00", "2026-11-21T07:15:00Z"},
                 {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t a = 0, b = 1;
        assert_true(time_from_text(str_of(cases[i].text), &a));
        assert_true(time_from_text(str_of(cases[i].same), &b));
        assert_true(a == b);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "now",
                                        "2026",
                                        "2026-11",
                                        "2026-1-2",
                                        "2026-13-01",
                                        "2026-00-10",
                                        "2026-04-31",
                                        "2023-02-29",
                                        "1900-02-29",
                                        "0000-01-01",
                                        "10000-01-01",
                                        "-001-01-01",
                                        "2026-11-21T",
                                        "2026-11-21T24:00:00Z",
                                        "2026-11-21T09:60:00Z",
                                        "2026-11-21T09:15:61Z",
                                        "2026-11-21T09:15:00.Z",
                                        "2026-11-21T09:15:00.1234567890Z",
                                        "2026-11-21T09:15:00ZZ",
                                        "2026-11-21T09:15:00+24:00",
                                        "2026-11-21T09:15:00+02:60",
                                        "2026-11-21T09:15:00+",
                                        "2026-11-21T09:15:00+2",
                                        "2026-11-21T09:15:00Zx",
                                        "2026-11-21X09:15:00Z",
                                        "2026-11-2109:15:00",
                                        "0001-01-01T00:00:00+00:01",
                                        "9999-12-31T23:59:59.9-00:01"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t us = 77;
        if (time_from_text(str_of(texts[i]), &us))
            fail_msg("\"%s\" was taken", texts[i]);
        assert_true(us == 77);
    }
    int64_t us;
    assert_false(time_from_text((struct str){NULL, 0}, &us));
    assert_false(time_from_any((struct str){NULL, 0}, &us));
}

static void random_times_survive_the_round_trip(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 2);
    for (int i = 0; i < 200000; i++) {
        int64_t us = TIME_MIN_US + (int64_t)rng_below(&rng, (uint64_t)(TIME_MAX_US - TIME_MIN_US)),
                back;
        if (i % 3 == 0)
            us -= us % 1000;
        char text[TIME_TEXT_BYTES];
        assert_true(time_from_text(str_of(time_to_text(us, text)), &back));
        assert_true(back == us);
    }
}

static void the_calendar_agrees_with_the_system(void **state)
{
    (void)state;
    // timegm and gmtime_r of the C library, every day from the year 1600 to 2500.
    for (int64_t day = -135140; day < 193500; day++) {
        time_t t = (time_t)(day * 86400);
        struct tm tm;
        assert_non_null(gmtime_r(&t, &tm));
        int64_t year;
        int month, dom;
        time_civil_from_days(day, &year, &month, &dom);
        assert_true(year == tm.tm_year + 1900 && month == tm.tm_mon + 1 && dom == tm.tm_mday);
        assert_true(time_days_from_civil(year, month, dom) == day);
    }
}

static void times_outside_the_calendar_have_no_text(void **state)
{
    (void)state;
    char text[TIME_TEXT_BYTES] = "x";
    assert_string_equal(time_to_text(TIME_NONE, text), "");
    assert_string_equal(time_to_text(TIME_MIN_US - 1, text), "");
    assert_string_equal(time_to_text(TIME_MAX_US + 1, text), "");
    assert_string_equal(time_to_text(INT64_MAX, text), "");
}

static void numbers_are_told_apart_by_their_size(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } cases[] = {{"0", 0},
                 {"1700000000", INT64_C(1700000000000000)},
                 {"1700000000.25", INT64_C(1700000000250000)},
                 {"1700000000.123456", INT64_C(1700000000123456)},
                 {"1700000000123", INT64_C(1700000000123000)},
                 {"1700000000123456", INT64_C(1700000000123456)},
                 {"1700000000123456789", INT64_C(1700000000123456)},
                 {"-1", -1000000},
                 {"-1700000000123456789", INT64_C(-1700000000123457)},
                 {"1.7e9", INT64_C(1700000000000000)},
                 {"2023-11-14T22:13:20Z", INT64_C(1700000000000000)}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t us = 1;
        assert_true(time_from_any(str_of(cases[i].text), &us));
        assert_true(us == cases[i].us);
    }
    static const char *const bad[] = {"",    "1e40", "9e22", "-99999999999",           "1,5",
                                      "nan", "inf",  "0x10", "-9223372036854775808000"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t us;
        if (time_from_any(str_of(bad[i]), &us))
            fail_msg("\"%s\" was taken", bad[i]);
    }
}

static int64_t frozen(void)
{
    return 42;
}

static void wall_time_can_be_replaced(void **state)
{
    (void)state;
    clock_replace_wall(frozen);
    assert_true(clock_wall_us() == 42);
    clock_replace_wall(NULL);
    assert_true(clock_wall_us() / US_PER_SECOND - (int64_t)time(NULL) <= 1);
    int64_t before = clock_mono_us();
    clock_sleep_us(2000);
    assert_true(clock_mono_us() - before >= 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_times_have_their_numbers),
        cmocka_unit_test(what_people_write_is_understood),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(random_times_survive_the_round_trip),
        cmocka_unit_test(the_calendar_agrees_with_the_system),
        cmocka_unit_test(times_outside_the_calendar_have_no_text),
        cmocka_unit_test(numbers_are_told_apart_by_their_size),
        cmocka_unit_test(wall_time_can_be_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
