// Detector dropout: no value for longer than 10 s.
#include "scene.h"

static void a_gap_of_exactly_ten_seconds_is_no_dropout(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    put(&sc, SCENE_FLOW, 0, 50);
    put(&sc, SCENE_FLOW, 10, 50);
    put(&sc, SCENE_FLOW, 11, 50);
    flush(&sc);
    assert_int_equal(sc.log.n, 0);
    scene_close(&sc);
}

static void a_longer_gap_is_a_dropout_from_the_last_reading_to_the_next(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    put(&sc, SCENE_FLOW, 5, 50);
    put(&sc, SCENE_FLOW, 15.000001, 50);
    put(&sc, SCENE_FLOW, 16, 50);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 1);
    assert_int_equal(sc.closed[ANOMALY_DROPOUT], 1);
    assert_int_equal(sc.last.start_us, at(5));
    assert_int_equal(sc.last.end_us, at(15.000001));
    assert_int_equal(sc.last.detected_us, at(15));
    assert_true(isnan(sc.last.peak));
    assert_true(sc.last.limit == 10);
    scene_close(&sc);
}

static void a_closed_dropout_says_how_long_it_was(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_FLOW, 0, 3, 50);
    run(&sc, SCENE_FLOW, 28, 30, 50);
    flush(&sc);
    assert_string_equal(sc.last.message, "no data for 25 s (limit 10 s)");
    scene_close(&sc);
}

static void a_silent_sensor_is_noticed_when_the_others_go_on(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_FLOW, 0, 3, 50);
    run(&sc, SCENE_PRESSURE, 0, 15, 2);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 0);
    put(&sc, SCENE_PRESSURE, 16, 2);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 1);
    assert_int_equal(sc.last.end_us, TIME_NONE);
    assert_string_equal(sc.last.message, "no data for more than 10 s");
    assert_int_equal(stats(&sc).open_anomalies, 1);
    scene_close(&sc);
}

static void a_silent_sensor_is_noticed_by_the_clock_alone(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_FLOW, 0, 3, 50);
    for (int t = 3; t <= 15; t++)
        tick(&sc, t);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 0);
    tick(&sc, 16);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 1);
    for (int t = 17; t <= 100; t++)
        tick(&sc, t);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 1);
    put(&sc, SCENE_FLOW, 100, 50);
    tick(&sc, 103);
    assert_int_equal(sc.closed[ANOMALY_DROPOUT], 1);
    assert_int_equal(sc.last.end_us, at(100));
    scene_close(&sc);
}

static void missing_values_are_no_data(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_FLOW, 0, 3, 50);
    run(&sc, SCENE_FLOW, 4, 40, (double)NAN);
    put(&sc, SCENE_FLOW, 41, 50);
    flush(&sc);
    assert_int_equal(sc.closed[ANOMALY_DROPOUT], 1);
    assert_int_equal(sc.last.start_us, at(3));
    assert_int_equal(sc.last.end_us, at(41));
    scene_close(&sc);
}

static void a_sensor_never_heard_is_not_missed(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_FLOW, 0, 100, (double)NAN);
    run(&sc, SCENE_PRESSURE, 0, 100, 2);
    flush(&sc);
    assert_int_equal(sc.log.n, 0);
    scene_close(&sc);
}

static void the_time_can_be_set_for_one_sensor(void **state)
{
    (void)state;
    static const char *const pairs[] = {"rules.sensor.pipe-1/flow.dropout_after=1m", NULL};
    struct scene sc;
    scene_open(&sc, pairs);
    put(&sc, SCENE_FLOW, 0, 50);
    put(&sc, SCENE_PRESSURE, 0, 2);
    for (int t = 1; t <= 66; t++) {
        run(&sc, SCENE_OTHER_ASSET, t, t, 20);
        if (t == 60)
            assert_int_equal(sc.opened[ANOMALY_DROPOUT], 1); // of pressure
    }
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 2);
    assert_string_equal(sc.last.message, "no data for more than 1 min");
    scene_close(&sc);
}

static void the_rule_can_be_turned_off(void **state)
{
    (void)state;
    static const char *const pairs[] = {"rules.dropout_after=0", NULL};
    struct scene sc;
    scene_open(&sc, pairs);
    put(&sc, SCENE_FLOW, 0, 50);
    run(&sc, SCENE_PRESSURE, 0, 500, 2);
    put(&sc, SCENE_FLOW, 500, 50);
    flush(&sc);
    assert_int_equal(sc.log.n, 0);
    scene_close(&sc);
}

static void a_sensor_that_always_sends_seldom_is_judged_by_its_own_interval(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    for (int i = 0; i < 20; i++)
        put(&sc, SCENE_FLOW, i * 60, 50);
    put(&sc, SCENE_FLOW, 20 * 60 + 300, 50);
    flush(&sc);
    // Two to learn from, and then the gap of more than three intervals.
    assert_int_equal(sc.closed[ANOMALY_DROPOUT], 3);
    assert_string_equal(sc.last.message, "no data for 6 min (limit 3 min)");
    scene_close(&sc);
}

static void a_sensor_whose_interval_is_within_the_set_time_is_held_to_that_time(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    for (int i = 0; i < 20; i++)
        put(&sc, SCENE_FLOW, i * 10, 50);
    put(&sc, SCENE_FLOW, 190 + 10.1, 50);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 1);
    scene_close(&sc);
}

static void without_intervals_the_set_time_counts_for_all(void **state)
{
    (void)state;
    static const char *const pairs[] = {"rules.dropout_intervals=0", NULL};
    struct scene sc;
    scene_open(&sc, pairs);
    for (int i = 0; i < 20; i++)
        put(&sc, SCENE_FLOW, i * 60, 50);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 19);
    assert_int_equal(sc.incidents_opened, 1);
    scene_close(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gap_of_exactly_ten_seconds_is_no_dropout),
        cmocka_unit_test(a_longer_gap_is_a_dropout_from_the_last_reading_to_the_next),
        cmocka_unit_test(a_closed_dropout_says_how_long_it_was),
        cmocka_unit_test(a_silent_sensor_is_noticed_when_the_others_go_on),
        cmocka_unit_test(a_silent_sensor_is_noticed_by_the_clock_alone),
        cmocka_unit_test(missing_values_are_no_data),
        cmocka_unit_test(a_sensor_never_heard_is_not_missed),
        cmocka_unit_test(the_time_can_be_set_for_one_sensor),
        cmocka_unit_test(the_rule_can_be_turned_off),
        cmocka_unit_test(a_sensor_that_always_sends_seldom_is_judged_by_its_own_interval),
        cmocka_unit_test(a_sensor_whose_interval_is_within_the_set_time_is_held_to_that_time),
        cmocka_unit_test(without_intervals_the_set_time_counts_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
