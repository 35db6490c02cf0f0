// Detector idle: zero when it is usually at work.
#include "lively.h"

enum { MONDAY_S = 4 * 86400 }; // 1970-01-05

// A heater that is at work through the night and off from 10 to 18 h, a reading a minute, with a
// failure of an hour on one day.
static void heat(struct scene *sc, int days, int fail_day, int fail_hour)
{
    struct lively l;
    lively_open(&l, 3);
    for (int m = 0; m < days * 1440; m++) {
        int hour = m % 1440 / 60;
        bool off = hour >= 10 && hour < 18;
        bool failed = m / 1440 == fail_day && hour == fail_hour;
        put(sc, SCENE_OTHER_ASSET, MONDAY_S + m * 60.0, off || failed ? 0 : 20 + lively_next(&l));
    }
    flush(sc);
}

static void what_is_off_from_the_beginning_is_so_by_nature(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    for (int m = 0; m < 5000; m++)
        put(&sc, SCENE_OTHER_ASSET, MONDAY_S + m * 60.0, m % 1440 < 600 ? 0 : 20 + m % 7);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SEASONAL], 0);
    scene_close(&sc);
}

static void off_at_an_hour_when_it_always_worked_is_an_anomaly(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    heat(&sc, 5, 4, 3);
    assert_int_equal(sc.opened[ANOMALY_SEASONAL], 1);
    assert_int_equal(sc.last.side, SIDE_LOW);
    assert_int_equal(sc.last.start_us, at(MONDAY_S + 4 * 86400 + 3 * 3600));
    assert_int_equal(sc.last.end_us, at(MONDAY_S + 4 * 86400 + 3 * 3600 + 59 * 60));
    assert_non_null(strstr(sc.last.message, "temperature is 0 °C, usually "));
    scene_close(&sc);
}

static void off_at_its_hours_is_normal(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    heat(&sc, 12, -1, 0); // a weekend among them
    assert_int_equal(sc.opened[ANOMALY_SEASONAL], 0);
    scene_close(&sc);
}

static void what_never_rested_and_rests_is_an_anomaly(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    scene_open(&sc, NULL);
    lively_open(&l, 4);
    live(&sc, &l, 0, 4000, 20);
    run(&sc, SCENE_TEMPERATURE, 4000, 4100, 0);
    live(&sc, &l, 4101, 5000, 20);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SEASONAL], 1);
    assert_int_equal(opened_in_all(&sc), 1);
    assert_int_equal(sc.last.start_us, at(4000));
    scene_close(&sc);
}

static void rest_that_lasts_is_taken_as_normal(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    scene_open(&sc, NULL);
    lively_open(&l, 4);
    live(&sc, &l, 0, 4000, 20);
    run(&sc, SCENE_TEMPERATURE, 4000, 40000, 0);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SEASONAL], 1);
    assert_int_equal(sc.closed[ANOMALY_SEASONAL], 1);
    scene_close(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_off_from_the_beginning_is_so_by_nature),
        cmocka_unit_test(off_at_an_hour_when_it_always_worked_is_an_anomaly),
        cmocka_unit_test(off_at_its_hours_is_normal),
        cmocka_unit_test(what_never_rested_and_rests_is_an_anomaly),
        cmocka_unit_test(rest_that_lasts_is_taken_as_normal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
