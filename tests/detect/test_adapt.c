// Sensitivity by verdict, and learning anew.
#include "lively.h"

static void a_factor_quiets_one_detector_on_one_sensor_and_can_be_taken_back(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    struct err err;
    scene_open(&sc, NULL);
    lively_open(&l, 5);
    assert_true(detect_sensitivity(sc.engine, SCENE_TEMPERATURE, "univariate") == 1);
    assert_ok(detect_set_sensitivity(sc.engine, SCENE_TEMPERATURE, "univariate", 0.05, &err), err);
    assert_float_equal(detect_sensitivity(sc.engine, SCENE_TEMPERATURE, "univariate"), 0.05, 1e-6);
    assert_true(detect_sensitivity(sc.engine, SCENE_TEMPERATURE, "stuck") == 1);
    live(&sc, &l, 0, 5000, 20);
    live(&sc, &l, 5000, 5300, 23);
    live(&sc, &l, 5300, 9000, 20);
    flush(&sc);
    assert_int_equal(sc.log.n, 0);
    assert_ok(detect_set_sensitivity(sc.engine, SCENE_TEMPERATURE, "univariate", 1, &err), err);
    live(&sc, &l, 9000, 25000, 20);
    live(&sc, &l, 25000, 25300, 25);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_LEVEL_SHIFT], 1);
    scene_close(&sc);
}

static void wrong_names_and_factors_are_refused(void **state)
{
    (void)state;
    struct scene sc;
    struct err err;
    scene_open(&sc, NULL);
    assert_int_equal(detect_set_sensitivity(sc.engine, 0, "nonsense", 1, &err), ERR_NOT_FOUND);
    assert_int_equal(detect_set_sensitivity(sc.engine, 99, "stuck", 1, &err), ERR_NOT_FOUND);
    assert_int_equal(detect_set_sensitivity(sc.engine, 0, "stuck", -1, &err), ERR_INPUT);
    assert_int_equal(detect_set_sensitivity(sc.engine, 0, "stuck", (double)NAN, &err), ERR_INPUT);
    assert_int_equal(detect_set_sensitivity(sc.engine, 0, "spike", 0.5, &err), ERR_INPUT);
    assert_int_equal(detect_relearn_sensor(sc.engine, 99, &err), ERR_NOT_FOUND);
    assert_int_equal(detect_relearn_asset(sc.engine, 99, &err), ERR_NOT_FOUND);
    scene_close(&sc);
}

static void relearning_ends_the_episode_and_takes_the_new_level_as_normal(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    struct err err;
    scene_open(&sc, NULL);
    lively_open(&l, 6);
    live(&sc, &l, 0, 5000, 20);
    live(&sc, &l, 5000, 5300, 25);
    flush(&sc);
    assert_int_equal(stats(&sc).open_anomalies, 1);
    assert_ok(detect_relearn_asset(sc.engine, 0, &err), err);
    assert_int_equal(stats(&sc).open_anomalies, 0);
    live(&sc, &l, 5300, 9000, 25);
    flush(&sc);
    assert_int_equal(opened_in_all(&sc), 1);
    scene_close(&sc);
}

static void rules_keep_their_episodes_when_the_rest_relearns(void **state)
{
    (void)state;
    struct scene sc;
    struct err err;
    scene_open(&sc, NULL);
    put(&sc, SCENE_TEMPERATURE, 0, 50);
    flush(&sc);
    assert_ok(detect_relearn_sensor(sc.engine, SCENE_TEMPERATURE, &err), err);
    assert_int_equal(stats(&sc).open_anomalies, 1);
    scene_close(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_factor_quiets_one_detector_on_one_sensor_and_can_be_taken_back),
        cmocka_unit_test(wrong_names_and_factors_are_refused),
        cmocka_unit_test(relearning_ends_the_episode_and_takes_the_new_level_as_normal),
        cmocka_unit_test(rules_keep_their_episodes_when_the_rest_relearns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
