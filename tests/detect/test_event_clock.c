// Clocks that are wrong: no storm of alarms, no sensor given up, no timer that stands still.
#include "scene.h"

enum { SENSORS = 4 };
static const double normal[SENSORS] = {20, 2, 60, 20};
static const double hour = 3600, day = 86400;

// A second of the plant: sensors whose bit is set in `who` send, each by its own clock.
static void second(struct scene *sc, double t, unsigned who, double shift)
{
    for (uint32_t s = 0; s < SENSORS; s++)
        if (who >> s & 1)
            put(sc, s, t + shift + s * 0.01, normal[s]);
}

static void one_reading_far_in_the_future_disturbs_nobody(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    for (int t = 0; t < 100; t++) {
        second(&sc, t, 15, 0);
        if (t == 50)
            put(&sc, SCENE_FLOW, 130 * 365 * day, 999);
    }
    flush(&sc);
    assert_string_equal(log_text(&sc), "");
    assert_int_equal(stats(&sc).late, 1);
    scene_close(&sc);
}

static void a_first_reading_far_in_the_future_does_not_blind_the_engine(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    put(&sc, SCENE_OTHER_ASSET, 130 * 365 * day, 20);
    for (int t = 0; t < 60; t++)
        second(&sc, t, t < 20 ? 7 : 3, 0);
    put(&sc, SCENE_PRESSURE, 60, 9);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 2); // flow, and the first one, which fell silent
    scene_close(&sc);
}

static void a_row_of_all_sensors_with_a_wrong_time_disturbs_nobody(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    for (int t = 0; t < 100; t++)
        second(&sc, t, 15, t == 50 ? day : 0);
    flush(&sc);
    assert_string_equal(log_text(&sc), "");
    scene_close(&sc);
}

static void a_sensor_whose_clock_is_an_hour_ahead_is_judged_and_disturbs_nobody(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    for (int t = 0; t < 200; t++) {
        second(&sc, t, 7, 0);
        if (t != 100)
            second(&sc, t, 8, t < 30 ? 0 : hour);
        else
            put(&sc, SCENE_OTHER_ASSET, t + hour, 50);
    }
    flush(&sc);
    assert_int_equal(stats(&sc).late, 0);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 0);
    assert_int_equal(sc.closed[ANOMALY_SPIKE], 1);
    assert_int_equal(sc.last.start_us, at(100 + hour));
    scene_close(&sc);
}

static void a_sensor_that_is_not_believed_yet_is_not_silent(void **state)
{
    (void)state;
    static const char *const pairs[] = {"detect.leap=30s", NULL};
    struct scene sc;
    scene_open(&sc, pairs);
    for (int t = 0; t < 200; t++) {
        second(&sc, t, 7, 0);
        second(&sc, t, 8, t < 100 ? 0 : hour);
    }
    flush(&sc);
    assert_string_equal(log_text(&sc), "");
    scene_close(&sc);
}

static void a_sensor_whose_clock_was_set_back_is_judged_again_soon(void **state)
{
    (void)state;
    static const double shifts[] = {-3600, -86400, -1.7e9};
    for (int i = 0; i < 3; i++) {
        struct scene sc;
        scene_open(&sc, NULL);
        for (int t = 0; t < 200; t++) {
            second(&sc, t, 7, 0);
            if (t == 100)
                put(&sc, SCENE_OTHER_ASSET, t + shifts[i], 50);
            else
                second(&sc, t, 8, t < 50 ? 0 : shifts[i]);
        }
        flush(&sc);
        assert_int_equal(sc.opened[ANOMALY_DROPOUT], 0);
        assert_int_equal(sc.closed[ANOMALY_SPIKE], 1);
        assert_true(stats(&sc).late <= 13);
        scene_close(&sc);
    }
}

static void a_sensor_whose_clock_stands_still_is_not_silent(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    for (int t = 0; t < 200; t++) {
        second(&sc, t, 7, 0);
        put(&sc, SCENE_OTHER_ASSET, t < 50 ? t : 50, t < 100 ? 20 : 50);
    }
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 0);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
    scene_close(&sc);
}

// The whole plant's clock is set back in a recording, where nothing ticks.
static void a_plant_whose_clock_was_set_back_is_judged_again_soon(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    for (int t = 0; t < 200; t++)
        second(&sc, t, t < 150 ? 15 : 7, t < 50 ? 0 : -day);
    flush(&sc);
    assert_true(stats(&sc).late <= 60);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 1); // the last sensor's
    assert_int_equal(sc.last.sensor, SCENE_OTHER_ASSET);
    scene_close(&sc);
}

static void a_pause_of_the_whole_plant_is_one_dropout_of_each_sensor(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    for (int t = 0; t < 200; t++)
        if (t < 50 || t >= 150)
            second(&sc, t, 15, 0);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], SENSORS);
    assert_int_equal(sc.closed[ANOMALY_DROPOUT], SENSORS);
    assert_int_equal(sc.last.end_us - sc.last.start_us, at(101));
    assert_int_equal(sc.incidents_opened, 2); // of two assets
    scene_close(&sc);
}

// Live: readings by the sensors' clock, ticks by the wall's, which leaps by `leap` at 50 s.
static void live(struct scene *sc, double leap, unsigned who_after)
{
    scene_open(sc, NULL);
    for (int t = 0; t < 200; t++) {
        second(sc, t, t < 150 ? 15 : who_after, 0);
        tick(sc, t - 1 + (t < 50 ? 0 : leap));
    }
}

static void leaps_of_the_wall_clock_raise_no_alarm(void **state)
{
    (void)state;
    static const double leaps[] = {3600, -3600, 86400, -86400, -1.7e9, 20, -20};
    for (size_t i = 0; i < sizeof leaps / sizeof *leaps; i++) {
        struct scene sc;
        live(&sc, leaps[i], 15);
        assert_string_equal(log_text(&sc), "");
        assert_int_equal(stats(&sc).late, 0);
        scene_close(&sc);
    }
}

static void after_a_leap_of_the_wall_clock_silence_is_still_noticed(void **state)
{
    (void)state;
    static const double leaps[] = {3600, -3600, -1.7e9};
    for (size_t i = 0; i < sizeof leaps / sizeof *leaps; i++) {
        struct scene sc;
        live(&sc, leaps[i], 0);
        assert_int_equal(sc.opened[ANOMALY_DROPOUT], SENSORS);
        assert_int_equal(sc.last.detected_us, at(159 + 0.03));
        scene_close(&sc);
    }
}

static void when_all_clocks_are_set_back_together_no_alarm_is_raised(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    for (int t = 0; t < 300; t++) {
        second(&sc, t, t < 250 ? 15 : 7, t < 50 ? 0 : -hour);
        tick(&sc, t - 1 - (t < 50 ? 0 : hour));
        if (t == 249)
            assert_string_equal(log_text(&sc), "");
    }
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 1);
    assert_int_equal(sc.last.sensor, SCENE_OTHER_ASSET);
    scene_close(&sc);
}

static void a_wall_clock_that_stands_still_raises_no_alarm(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    for (int t = 0; t < 200; t++) {
        second(&sc, t, 15, 0);
        tick(&sc, t < 50 ? t : 50);
    }
    assert_string_equal(log_text(&sc), "");
    scene_close(&sc);
}

static void ticks_that_fail_for_a_while_delay_nothing_afterwards(void **state)
{
    (void)state;
    static const int fail_from[] = {50, 72};
    for (int i = 0; i < 2; i++) {
        struct scene sc;
        scene_open(&sc, NULL);
        for (int t = 0; t < 93; t++) {
            second(&sc, t, t < 80 ? 15 : 0, 0);
            if (t < fail_from[i] || t >= 80)
                tick(&sc, t);
        }
        assert_int_equal(sc.opened[ANOMALY_DROPOUT], SENSORS);
        scene_close(&sc);
    }
}

static void a_live_sensor_far_ahead_does_not_move_the_clock(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    for (int t = 0; t < 200; t++) {
        second(&sc, t, 3, 0);
        second(&sc, t, 12, t < 50 ? 0 : hour); // two sensors of one gateway
        second(&sc, t, 12, t < 50 ? 0.5 : hour + 0.5);
        tick(&sc, t - 1);
    }
    assert_string_equal(log_text(&sc), "");
    assert_true(stats(&sc).watermark_us < at(210));
    scene_close(&sc);
}

static void a_live_sensor_whose_clock_runs_fast_does_not_run_away_with_the_time(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    for (int t = 0; t < 200; t++) {
        second(&sc, t, 7, 0);
        put(&sc, SCENE_OTHER_ASSET, t < 50 ? t : 50 + 3 * (t - 50), 20);
        tick(&sc, t - 1);
    }
    assert_string_equal(log_text(&sc), "");
    assert_true(stats(&sc).watermark_us < at(215));
    scene_close(&sc);
}

static void sensors_have_time_to_come_back_after_the_program_was_down(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    for (int t = 0; t < 50; t++)
        second(&sc, t, 15, 0);
    for (int t = 0; t < 5; t++)
        tick(&sc, hour + t);
    assert_string_equal(log_text(&sc), "");
    for (int t = 5; t < 100; t++) {
        second(&sc, hour + t, 7, 0);
        tick(&sc, hour + t - 1);
    }
    // The hour without data is told for those that are back; the last one goes on.
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], SENSORS);
    assert_int_equal(sc.closed[ANOMALY_DROPOUT], 3);
    scene_close(&sc);
}

static void a_plant_whose_time_runs_fast_is_followed(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    // Sixty seconds in one; the last sensor falls silent at 3,000 s.

    for (int t = 0; t < 6000; t++) {
        second(&sc, t, t < 3000 ? 15 : 7, 0);
        if (t % 60 == 59)
            tick(&sc, t - 60);
    }
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 1);
    assert_int_equal(sc.last.start_us, at(2999.03));
    for (int t = 6000; t < 6600; t += 60)
        tick(&sc, t - 60);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], SENSORS);
    scene_close(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_reading_far_in_the_future_disturbs_nobody),
        cmocka_unit_test(a_first_reading_far_in_the_future_does_not_blind_the_engine),
        cmocka_unit_test(a_row_of_all_sensors_with_a_wrong_time_disturbs_nobody),
        cmocka_unit_test(a_sensor_whose_clock_is_an_hour_ahead_is_judged_and_disturbs_nobody),
        cmocka_unit_test(a_sensor_that_is_not_believed_yet_is_not_silent),
        cmocka_unit_test(a_sensor_whose_clock_was_set_back_is_judged_again_soon),
        cmocka_unit_test(a_sensor_whose_clock_stands_still_is_not_silent),
        cmocka_unit_test(a_plant_whose_clock_was_set_back_is_judged_again_soon),
        cmocka_unit_test(a_pause_of_the_whole_plant_is_one_dropout_of_each_sensor),
        cmocka_unit_test(leaps_of_the_wall_clock_raise_no_alarm),
        cmocka_unit_test(after_a_leap_of_the_wall_clock_silence_is_still_noticed),
        cmocka_unit_test(when_all_clocks_are_set_back_together_no_alarm_is_raised),
        cmocka_unit_test(a_wall_clock_that_stands_still_raises_no_alarm),
        cmocka_unit_test(ticks_that_fail_for_a_while_delay_nothing_afterwards),
        cmocka_unit_test(a_live_sensor_far_ahead_does_not_move_the_clock),
        cmocka_unit_test(a_live_sensor_whose_clock_runs_fast_does_not_run_away_with_the_time),
        cmocka_unit_test(sensors_have_time_to_come_back_after_the_program_was_down),
        cmocka_unit_test(a_plant_whose_time_runs_fast_is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
