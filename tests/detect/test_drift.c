// Detector drift: values that stay beyond the limit for longer than 15 s.
#include "scene.h"

static void exactly_fifteen_seconds_are_no_drift(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_TEMPERATURE, 0, 15, 38.1);
    put(&sc, SCENE_TEMPERATURE, 16, 30);
    flush(&sc);
    assert_int_equal(sc.log.n, 0);
    scene_close(&sc);
}

static void more_than_fifteen_seconds_are_a_drift_from_the_first_reading_beyond(void **state)
{
    (void)state;
    static const double limits[] = {38, 3.5, 110};
    for (uint32_t sensor = 0; sensor < 3; sensor++) {
        struct scene sc;
        scene_open(&sc, NULL);
        put(&sc, sensor, 2, limits[sensor]);
        run(&sc, sensor, 3, 18, nextafter(limits[sensor], INFINITY));
        put(&sc, sensor, 18.000001, nextafter(limits[sensor], INFINITY));
        flush(&sc);
        assert_int_equal(sc.opened[ANOMALY_DRIFT], 1);
        assert_int_equal(sc.last.start_us, at(3));
        assert_int_equal(sc.last.detected_us, at(18.000001));
        assert_int_equal(sc.last.count, 17);
        assert_true(sc.last.limit == limits[sensor]);
        scene_close(&sc);
    }
}

static void a_value_back_at_the_limit_starts_the_fifteen_seconds_anew(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_TEMPERATURE, 0, 14, 39);
    put(&sc, SCENE_TEMPERATURE, 15, 38);
    run(&sc, SCENE_TEMPERATURE, 16, 31, 39);
    flush(&sc);
    assert_int_equal(sc.log.n, 0);
    put(&sc, SCENE_TEMPERATURE, 32, 39);
    flush(&sc);
    assert_int_equal(sc.last.start_us, at(16));
    scene_close(&sc);
}

static void a_drift_below_the_low_limit_is_told_apart(void **state)
{
    (void)state;
    static const char *const pairs[] = {"rules.sensor.pipe-1/flow.drift_low=10", NULL};
    struct scene sc;
    scene_open(&sc, pairs);
    run(&sc, SCENE_FLOW, 0, 16, 9.9);
    put(&sc, SCENE_FLOW, 17, 50);
    flush(&sc);
    assert_int_equal(sc.closed[ANOMALY_DRIFT], 1);
    assert_int_equal(sc.last.side, SIDE_LOW);
    assert_int_equal(sc.last.end_us, at(16));
    assert_string_equal(sc.last.message,
                        "flow below drift limit 10 L/min for 16 s, peak 9.9 L/min");
    scene_close(&sc);
}

static void an_open_drift_says_how_long_it_lasted_when_it_was_raised(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_TEMPERATURE, 0, 15, 39);
    put(&sc, SCENE_TEMPERATURE, 16, 39.5);
    flush(&sc);
    assert_string_equal(sc.last.message, "temperature 39.5 °C above drift limit 38 °C for 16 s");
    scene_close(&sc);
}

static void hysteresis_holds_a_raised_drift_only(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_TEMPERATURE, 0, 16, 39);
    put(&sc, SCENE_TEMPERATURE, 17, 37.6);
    put(&sc, SCENE_TEMPERATURE, 18, 39);
    put(&sc, SCENE_TEMPERATURE, 19, 37.5);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_DRIFT], 1);
    assert_int_equal(sc.closed[ANOMALY_DRIFT], 1);
    assert_int_equal(sc.last.end_us, at(18));
    assert_int_equal(sc.last.count, 18);
    scene_close(&sc);
}

static void a_lasting_spike_is_not_alarmed_as_a_drift_too(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_TEMPERATURE, 0, 60, 50);
    put(&sc, SCENE_TEMPERATURE, 61, 30);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
    assert_int_equal(sc.opened[ANOMALY_DRIFT], 0);
    scene_close(&sc);
}

static void what_stays_beyond_the_drift_limit_after_a_spike_is_a_drift_from_then_on(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_TEMPERATURE, 0, 30, 50);
    run(&sc, SCENE_TEMPERATURE, 31, 47, 40);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_DRIFT], 1);
    assert_int_equal(sc.last.start_us, at(31));
    scene_close(&sc);
}

static void a_raised_drift_goes_on_through_a_spike(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_TEMPERATURE, 0, 20, 40);
    run(&sc, SCENE_TEMPERATURE, 21, 25, 46);
    run(&sc, SCENE_TEMPERATURE, 26, 30, 40);
    put(&sc, SCENE_TEMPERATURE, 31, 30);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_DRIFT], 1);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
    assert_int_equal(sc.last.kind, ANOMALY_DRIFT);
    assert_int_equal(sc.last.count, 31);
    assert_true(sc.last.peak == 46);
    assert_int_equal(sc.incidents_opened, 1);
    scene_close(&sc);
}

static void missing_values_do_not_interrupt_a_drift(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    for (int t = 0; t <= 16; t++)
        put(&sc, SCENE_TEMPERATURE, t, t % 3 == 1 ? (double)NAN : 39);
    put(&sc, SCENE_TEMPERATURE, 17, 39);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_DRIFT], 1);
    assert_int_equal(sc.last.start_us, at(0));
    scene_close(&sc);
}

static void silence_interrupts_a_drift_that_was_not_raised(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    put(&sc, SCENE_TEMPERATURE, 0, 39);
    put(&sc, SCENE_TEMPERATURE, 30, 39);
    put(&sc, SCENE_TEMPERATURE, 31, 39);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_DRIFT], 0);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 1);
    scene_close(&sc);
}

static void an_open_drift_is_told_anew_each_minute(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_TEMPERATURE, 0, 16 + 120, 39);
    flush(&sc);
    assert_int_equal(sc.updated, 2);
    assert_int_equal(sc.last.count, 137);
    scene_close(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_fifteen_seconds_are_no_drift),
        cmocka_unit_test(more_than_fifteen_seconds_are_a_drift_from_the_first_reading_beyond),
        cmocka_unit_test(a_value_back_at_the_limit_starts_the_fifteen_seconds_anew),
        cmocka_unit_test(a_drift_below_the_low_limit_is_told_apart),
        cmocka_unit_test(an_open_drift_says_how_long_it_lasted_when_it_was_raised),
        cmocka_unit_test(hysteresis_holds_a_raised_drift_only),
        cmocka_unit_test(a_lasting_spike_is_not_alarmed_as_a_drift_too),
        cmocka_unit_test(what_stays_beyond_the_drift_limit_after_a_spike_is_a_drift_from_then_on),
        cmocka_unit_test(a_raised_drift_goes_on_through_a_spike),
        cmocka_unit_test(missing_values_do_not_interrupt_a_drift),
        cmocka_unit_test(silence_interrupts_a_drift_that_was_not_raised),
        cmocka_unit_test(an_open_drift_is_told_anew_each_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
