// Detector stuck: the same value for much longer than usual.
#include "lively.h"

static void a_value_that_stops_changing_is_stuck_since_it_stopped(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    scene_open(&sc, NULL);
    lively_open(&l, 1);
    live(&sc, &l, 0, 2000, 20);
    run(&sc, SCENE_TEMPERATURE, 2000, 2299, 20.1);
    live(&sc, &l, 2300, 2500, 20);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_STUCK], 1);
    assert_int_equal(opened_in_all(&sc), 1);
    assert_int_equal(sc.last.start_us, at(2000));
    assert_int_equal(sc.last.end_us, at(2299));
    assert_in_range(sc.last.detected_us, at(2059), at(2100));
    assert_string_equal(sc.last.message,
                        "temperature stuck at 20.1 °C for 4 min 59 s, though it used to change");
    scene_close(&sc);
}

static void what_is_still_by_nature_is_not_stuck(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    for (int t = 0; t < 20000; t++)
        put(&sc, SCENE_TEMPERATURE, t, t / 5000 % 2 ? 21 : 22);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_STUCK], 0);
    scene_close(&sc);
}

static void a_sensor_that_never_changed_is_not_stuck(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_TEMPERATURE, 0, 3000, 20.1);
    flush(&sc);
    assert_int_equal(sc.log.n, 0);
    scene_close(&sc);
}

static void standing_still_for_long_is_taken_as_normal(void **state)
{
    (void)state;
    static const char *const pairs[] = {"rules.accept_after=20m", NULL};
    struct scene sc;
    struct lively l;
    scene_open(&sc, pairs);
    lively_open(&l, 1);
    live(&sc, &l, 0, 2000, 20);
    run(&sc, SCENE_TEMPERATURE, 2000, 9000, 20.1);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_STUCK], 1);
    assert_int_equal(sc.closed[ANOMALY_STUCK], 1);
    scene_close(&sc);
}

static void with_sensitivity_0_it_says_nothing(void **state)
{
    (void)state;
    static const char *const pairs[] = {"rules.kind.temperature.sensitivity=0", NULL};
    struct scene sc;
    struct lively l;
    scene_open(&sc, pairs);
    lively_open(&l, 1);
    live(&sc, &l, 0, 2000, 20);
    run(&sc, SCENE_TEMPERATURE, 2000, 3000, 20.1);
    flush(&sc);
    assert_int_equal(sc.log.n, 0);
    scene_close(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_that_stops_changing_is_stuck_since_it_stopped),
        cmocka_unit_test(what_is_still_by_nature_is_not_stuck),
        cmocka_unit_test(a_sensor_that_never_changed_is_not_stuck),
        cmocka_unit_test(standing_still_for_long_is_taken_as_normal),
        cmocka_unit_test(with_sensitivity_0_it_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
