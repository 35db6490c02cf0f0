// Detector univariate: surprises of one sensor, one episode each.
#include "lively.h"

static void open_lively(struct scene *sc, struct lively *l, const char *const *pairs)
{
    scene_open(sc, pairs);
    lively_open(l, 11);
}

static void a_step_to_another_level_is_one_level_shift(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    open_lively(&sc, &l, NULL);
    live(&sc, &l, 0, 5000, 20);
    live(&sc, &l, 5000, 5600, 25);
    live(&sc, &l, 5600, 9000, 20);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_LEVEL_SHIFT], 1);
    assert_int_equal(opened_in_all(&sc), 1);
    assert_int_equal(sc.last.side, SIDE_HIGH);
    assert_int_equal(sc.last.start_us, at(5000));
    assert_in_range(sc.last.detected_us, at(5005), at(5020));
    assert_int_equal(sc.last.end_us, at(5599));
    assert_true(sc.last.expected_low < 20 && sc.last.expected_high > 20);
    assert_true(sc.last.expected_high < 22);
    assert_true(sc.last.score > 0.5 && sc.last.score < 1);
    scene_close(&sc);
}

static void a_single_reading_far_off_is_a_spike(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    open_lively(&sc, &l, NULL);
    live(&sc, &l, 0, 5000, 20);
    put(&sc, SCENE_TEMPERATURE, 5000, 26);
    live(&sc, &l, 5001, 6000, 20);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
    assert_int_equal(opened_in_all(&sc), 1);
    assert_int_equal(sc.last.start_us, at(5000));
    assert_int_equal(sc.last.end_us, at(5000));
    assert_true(sc.last.peak == 26);
    assert_non_null(strstr(sc.last.message, "temperature jumped to 26 °C, usually "));
    scene_close(&sc);
}

static void the_warm_up_never_alarms(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    open_lively(&sc, &l, NULL);
    live(&sc, &l, 0, 500, 20);
    live(&sc, &l, 500, 990, 30);
    flush(&sc);
    assert_int_equal(sc.log.n, 0);
    scene_close(&sc);
}

static void half_a_day_of_lively_readings_is_calm(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    open_lively(&sc, &l, NULL);
    for (int t = 0; t < 43200; t++)
        put(&sc, SCENE_TEMPERATURE, t, 20 + 3 * sin(t * 6.2831853 / 86400) + lively_next(&l));
    flush(&sc);
    assert_int_equal(sc.log.n, 0);
    scene_close(&sc);
}

static void what_a_rule_names_is_not_named_again(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    open_lively(&sc, &l, NULL);
    live(&sc, &l, 0, 5000, 20);
    live(&sc, &l, 5000, 5600, 50); // beyond the spike limit
    live(&sc, &l, 5600, 7000, 20);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
    assert_int_equal(opened_in_all(&sc), 1);
    scene_close(&sc);
}

static void a_level_that_stays_is_taken_as_normal(void **state)
{
    (void)state;
    static const char *const pairs[] = {"rules.accept_after=20m", NULL};
    struct scene sc;
    struct lively l;
    open_lively(&sc, &l, pairs);
    live(&sc, &l, 0, 5000, 20);
    live(&sc, &l, 5000, 20000, 25);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_LEVEL_SHIFT], 1);
    assert_int_equal(sc.closed[ANOMALY_LEVEL_SHIFT], 1);
    assert_int_equal(opened_in_all(&sc), 1);
    double low, high;
    detect_band(sc.engine, SCENE_TEMPERATURE, &low, &high); // by the rules
    assert_true(low == 10 && high == 35);
    scene_close(&sc);
}

static void more_sensitivity_finds_smaller_steps(void **state)
{
    (void)state;
    static const char *const keen[] = {"rules.sensitivity=2", NULL};
    static const char *const dull[] = {"rules.sensitivity=0.2", NULL};
    size_t found[2];
    for (int i = 0; i < 2; i++) {
        struct scene sc;
        struct lively l;
        open_lively(&sc, &l, i ? keen : dull);
        live(&sc, &l, 0, 5000, 20);
        live(&sc, &l, 5000, 5300, 21);
        live(&sc, &l, 5300, 6000, 20);
        flush(&sc);
        found[i] = opened_in_all(&sc);
        scene_close(&sc);
    }
    assert_int_equal(found[0], 0);
    assert_true(found[1] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_to_another_level_is_one_level_shift),
        cmocka_unit_test(a_single_reading_far_off_is_a_spike),
        cmocka_unit_test(the_warm_up_never_alarms),
        cmocka_unit_test(half_a_day_of_lively_readings_is_calm),
        cmocka_unit_test(what_a_rule_names_is_not_named_again),
        cmocka_unit_test(a_level_that_stays_is_taken_as_normal),
        cmocka_unit_test(more_sensitivity_finds_smaller_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
