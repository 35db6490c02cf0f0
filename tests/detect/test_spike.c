// Detector spike: one value beyond the limit, at once.
#include "scene.h"

static void a_value_at_the_limit_is_no_spike(void **state)
{
    (void)state;
    static const double at_limit[] = {45, 4, 120};
    struct scene sc;
    scene_open(&sc, NULL);
    for (uint32_t sensor = 0; sensor < 3; sensor++)
        put(&sc, sensor, 0, at_limit[sensor]);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 0);
    scene_close(&sc);
}

static void a_value_just_above_the_limit_is_a_spike_at_once(void **state)
{
    (void)state;
    static const double limits[] = {45, 4, 120};
    for (uint32_t sensor = 0; sensor < 3; sensor++) {
        struct scene sc;
        scene_open(&sc, NULL);
        put(&sc, sensor, 7, nextafter(limits[sensor], INFINITY));
        flush(&sc);
        assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
        assert_int_equal(sc.last.side, SIDE_HIGH);
        assert_true(sc.last.limit == limits[sensor]);
        assert_true(sc.last.peak == nextafter(limits[sensor], INFINITY));
        assert_int_equal(sc.last.start_us, at(7));
        assert_int_equal(sc.last.detected_us, at(7));
        assert_int_equal(sc.last.end_us, TIME_NONE);
        scene_close(&sc);
    }
}

static void a_value_below_the_low_limit_is_a_spike_on_the_low_side(void **state)
{
    (void)state;
    static const char *const pairs[] = {"rules.kind.pressure.spike_low=0.2", NULL};
    struct scene sc;
    scene_open(&sc, pairs);
    put(&sc, SCENE_PRESSURE, 0, 0.2);
    put(&sc, SCENE_PRESSURE, 1, 0.19);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
    assert_int_equal(sc.last.side, SIDE_LOW);
    assert_string_equal(sc.last.message, "pressure 0.19 bar below spike limit 0.2 bar");
    scene_close(&sc);
}

static void without_a_low_limit_nothing_is_too_low(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    put(&sc, SCENE_TEMPERATURE, 0, -1e300);
    flush(&sc);
    assert_int_equal(sc.log.n, 0);
    scene_close(&sc);
}

static void one_anomaly_tells_start_end_peak_and_count(void **state)
{
    (void)state;
    static const double values[] = {20, 46, 50, 48, 20};
    struct scene sc;
    scene_open(&sc, NULL);
    for (int i = 0; i < 5; i++)
        put(&sc, SCENE_TEMPERATURE, i, values[i]);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
    assert_int_equal(sc.closed[ANOMALY_SPIKE], 1);
    assert_int_equal(sc.last.start_us, at(1));
    assert_int_equal(sc.last.end_us, at(3));
    assert_int_equal(sc.last.peak_us, at(2));
    assert_true(sc.last.peak == 50);
    assert_int_equal(sc.last.count, 3);
    assert_true(sc.last.expected_low == 10);
    assert_true(sc.last.expected_high == 35);
    assert_true(sc.last.score == 1);
    assert_string_equal(sc.last.message, "temperature above spike limit 45 °C for 2 s, peak 50 °C");
    scene_close(&sc);
}

// The normal range of temperature is 25 °C wide, so 2 % are half a degree.
static void hysteresis_keeps_a_value_that_hovers_at_the_limit_in_one_episode(void **state)
{
    (void)state;
    static const double values[] = {46, 44.9, 46, 44.6, 46, 44.5, 46};
    struct scene sc;
    scene_open(&sc, NULL);
    for (int i = 0; i < 6; i++)
        put(&sc, SCENE_TEMPERATURE, i, values[i]);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
    assert_int_equal(sc.closed[ANOMALY_SPIKE], 1);
    assert_int_equal(sc.last.end_us, at(4));
    assert_int_equal(sc.last.count, 3);
    put(&sc, SCENE_TEMPERATURE, 6, values[6]);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 2);
    scene_close(&sc);
}

static void an_episode_lasts_until_the_value_is_back_inside(void **state)
{
    (void)state;
    static const double values[] = {46, 44.9, 44.8, 20};
    struct scene sc;
    scene_open(&sc, NULL);
    for (int i = 0; i < 4; i++)
        put(&sc, SCENE_TEMPERATURE, i, values[i]);
    flush(&sc);
    assert_int_equal(sc.last.end_us, at(2));
    assert_int_equal(sc.last.count, 1);
    scene_close(&sc);
}

static void hysteresis_can_be_set_to_nothing(void **state)
{
    (void)state;
    static const char *const pairs[] = {"rules.hysteresis=0", NULL};
    struct scene sc;
    scene_open(&sc, pairs);
    put(&sc, SCENE_TEMPERATURE, 0, 46);
    put(&sc, SCENE_TEMPERATURE, 1, 45);
    put(&sc, SCENE_TEMPERATURE, 2, 46);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 2);
    assert_int_equal(sc.closed[ANOMALY_SPIKE], 1);
    scene_close(&sc);
}

static void a_jump_from_too_high_to_too_low_is_two_anomalies(void **state)
{
    (void)state;
    static const char *const pairs[] = {"rules.kind.temperature.spike_low=0", NULL};
    struct scene sc;
    scene_open(&sc, pairs);
    put(&sc, SCENE_TEMPERATURE, 0, 46);
    put(&sc, SCENE_TEMPERATURE, 1, -1);
    put(&sc, SCENE_TEMPERATURE, 2, 20);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 2);
    assert_int_equal(sc.closed[ANOMALY_SPIKE], 2);
    assert_int_equal(sc.incidents_opened, 1);
    scene_close(&sc);
}

// Critical is as far beyond the limit as that is beyond the normal range: 35, 45, 55.
static void a_spike_far_beyond_its_limit_is_critical(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    put(&sc, SCENE_TEMPERATURE, 0, 54.9);
    flush(&sc);
    assert_int_equal(sc.last.severity, SEVERITY_WARNING);
    assert_int_equal(sc.updated, 0);
    put(&sc, SCENE_TEMPERATURE, 1, 55);
    flush(&sc);
    assert_int_equal(sc.last.severity, SEVERITY_CRITICAL);
    assert_int_equal(sc.updated, 1);
    assert_int_equal(sc.incident.severity, SEVERITY_CRITICAL);
    scene_close(&sc);
}

static void nan_inf_denormal_and_huge_values_have_a_defined_result(void **state)
{
    (void)state;
    static const double values[] = {NAN, INFINITY, -INFINITY, 4.9e-324, -4.9e-324, 1.7e308};
    struct scene sc;
    scene_open(&sc, NULL);
    for (int i = 0; i < 6; i++) {
        struct err err;
        struct reading r = {at(i), values[i], SCENE_TEMPERATURE, QUALITY_GOOD};
        assert_ok(detect_push(sc.engine, &r, 1, &err), err);
    }
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
    assert_int_equal(sc.last.start_us, at(5));
    assert_string_equal(sc.last.message, "temperature 1.7e+308 °C above spike limit 45 °C");
    scene_close(&sc);
}

static void a_missing_value_does_not_end_a_spike(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    put(&sc, SCENE_TEMPERATURE, 0, 50);
    put(&sc, SCENE_TEMPERATURE, 1, (double)NAN);
    put(&sc, SCENE_TEMPERATURE, 2, 50);
    put(&sc, SCENE_TEMPERATURE, 3, 20);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
    assert_int_equal(sc.last.count, 2);
    scene_close(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_at_the_limit_is_no_spike),
        cmocka_unit_test(a_value_just_above_the_limit_is_a_spike_at_once),
        cmocka_unit_test(a_value_below_the_low_limit_is_a_spike_on_the_low_side),
        cmocka_unit_test(without_a_low_limit_nothing_is_too_low),
        cmocka_unit_test(one_anomaly_tells_start_end_peak_and_count),
        cmocka_unit_test(hysteresis_keeps_a_value_that_hovers_at_the_limit_in_one_episode),
        cmocka_unit_test(an_episode_lasts_until_the_value_is_back_inside),
        cmocka_unit_test(hysteresis_can_be_set_to_nothing),
        cmocka_unit_test(a_jump_from_too_high_to_too_low_is_two_anomalies),
        cmocka_unit_test(a_spike_far_beyond_its_limit_is_critical),
        cmocka_unit_test(nan_inf_denormal_and_huge_values_have_a_defined_result),
        cmocka_unit_test(a_missing_value_does_not_end_a_spike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
