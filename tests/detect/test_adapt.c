// Score floors by verdict, and learning anew.
#include "lively.h"

// A jump of the temperature by `height` for five minutes, after long enough a calm.
static int jump(struct scene *sc, struct lively *l, int from, double height)
{
    live(sc, l, from, from + 15000, 20);
    live(sc, l, from + 15000, from + 15300, 20 + height);
    live(sc, l, from + 15300, from + 15600, 20);
    flush(sc);
    return from + 15600;
}

// Told: an anomaly with this score.
static double jump_score(double height)
{
    struct scene sc;
    struct lively l;
    scene_open(&sc, NULL);
    lively_open(&l, 5);
    jump(&sc, &l, 0, height);
    assert_int_equal(sc.opened[ANOMALY_LEVEL_SHIFT], 1);
    double score = sc.last.score;
    scene_close(&sc);
    return score;
}

static void a_score_floor_keeps_one_pattern_back_and_tells_what_is_graver(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    struct err err;
    double small = jump_score(3), large = jump_score(12);
    assert_true(large > small);
    for (int height = 3; height <= 12; height *= 4) {
        scene_open(&sc, NULL);
        lively_open(&l, 5);
        assert_ok(detect_set_score_floor(sc.engine, SCENE_TEMPERATURE, "univariate",
                                         ANOMALY_LEVEL_SHIFT, small, &err),
                  err);
        jump(&sc, &l, 0, height);
        assert_int_equal(opened_in_all(&sc), height == 12);
        assert_int_equal(stats(&sc).kept_back, height == 3);
        assert_int_equal(sc.incidents_opened, height == 12);
        scene_close(&sc);
    }
}

static void a_floor_that_is_taken_back_leaves_nothing(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    struct err err;
    double score = jump_score(3);
    scene_open(&sc, NULL);
    lively_open(&l, 5);
    for (int floor = 1; floor >= 0; floor--)
        assert_ok(detect_set_score_floor(sc.engine, SCENE_TEMPERATURE, "univariate",
                                         ANOMALY_LEVEL_SHIFT, floor * 0.9, &err),
                  err);
    jump(&sc, &l, 0, 3);
    assert_int_equal(sc.opened[ANOMALY_LEVEL_SHIFT], 1);
    assert_true(sc.last.score == score);
    scene_close(&sc);
}

static void a_floor_is_of_one_sensor_one_detector_and_one_kind(void **state)
{
    (void)state;
    struct scene sc;
    struct err err;
    scene_open(&sc, NULL);
    assert_ok(detect_set_score_floor(sc.engine, SCENE_TEMPERATURE, "univariate", ANOMALY_SPIKE, 0.7,
                                     &err),
              err);
    assert_true(detect_score_floor(sc.engine, SCENE_TEMPERATURE, "univariate", ANOMALY_SPIKE) ==
                0.7);
    assert_true(detect_score_floor(sc.engine, SCENE_PRESSURE, "univariate", ANOMALY_SPIKE) == 0);
    assert_true(detect_score_floor(sc.engine, SCENE_TEMPERATURE, "stuck", ANOMALY_SPIKE) == 0);
    assert_true(detect_score_floor(sc.engine, SCENE_TEMPERATURE, "univariate", ANOMALY_DRIFT) == 0);
    scene_close(&sc);
}

static void what_is_kept_back_is_told_once_it_has_grown(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    struct err err;
    scene_open(&sc, NULL);
    lively_open(&l, 8);
    assert_ok(
        detect_set_score_floor(sc.engine, SCENE_TEMPERATURE, "stuck", ANOMALY_STUCK, 0.9, &err),
        err);
    live(&sc, &l, 0, 4000, 20);
    run(&sc, SCENE_TEMPERATURE, 4000, 4400, 20.1); // score 400 / 460 at the end
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_STUCK], 0);
    run(&sc, SCENE_TEMPERATURE, 4401, 4700, 20.1);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_STUCK], 1);
    assert_int_equal(sc.opened[ANOMALY_STUCK], opened_in_all(&sc));
    live(&sc, &l, 4701, 4800, 20);
    flush(&sc);
    assert_float_equal(seconds(sc.last.start_us), 4000, 1);
    assert_float_equal(seconds(sc.last.detected_us), 4540, 3); // 60 * 0.9 / 0.1 readings
    scene_close(&sc);
}

static void wrong_names_and_scores_are_refused(void **state)
{
    (void)state;
    struct scene sc;
    struct err err;
    scene_open(&sc, NULL);
    const struct {
        uint32_t sensor;
        const char *detector;
        double floor;
        enum err_code code;
    } cases[] = {{0, "nonsense", 0.5, ERR_NOT_FOUND}, {99, "stuck", 0.5, ERR_NOT_FOUND},
                 {0, "stuck", -1, ERR_INPUT},         {0, "stuck", (double)NAN, ERR_INPUT},
                 {0, "stuck", 1, ERR_INPUT},          {0, "spike", 0.5, ERR_INPUT}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(detect_set_score_floor(sc.engine, cases[i].sensor, cases[i].detector,
                                                ANOMALY_SPIKE, cases[i].floor, &err),
                         cases[i].code);
    assert_int_equal(detect_relearn_sensor(sc.engine, 99, &err), ERR_NOT_FOUND);
    assert_int_equal(detect_relearn_asset(sc.engine, 99, &err), ERR_NOT_FOUND);
    scene_close(&sc);
}

static void what_was_learnt_from_a_span_needs_no_warm_up(void **state)
{
    (void)state;
    for (int learns = 0; learns < 2; learns++) {
        struct scene sc;
        struct lively l;
        struct err err;
        scene_open(&sc, NULL);
        lively_open(&l, 9);
        for (int t = -8000; learns && t < -1000; t++) {
            // A fault in it counts as normal and is not told.
            double value = t > -6000 && t < -5990 ? 60 : 20 + lively_next(&l);
            struct reading r = {at(t), value, SCENE_TEMPERATURE, QUALITY_GOOD};
            assert_ok(detect_learn(sc.engine, &r, 1, &err), err);
        }
        assert_int_equal(sc.log.n, 0);
        live(&sc, &l, 0, 300, 20);
        live(&sc, &l, 300, 900, 25);
        flush(&sc);
        assert_int_equal(opened_in_all(&sc), learns);
        assert_int_equal(stats(&sc).readings, 900);
        scene_close(&sc);
    }
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
        cmocka_unit_test(a_score_floor_keeps_one_pattern_back_and_tells_what_is_graver),
        cmocka_unit_test(a_floor_that_is_taken_back_leaves_nothing),
        cmocka_unit_test(a_floor_is_of_one_sensor_one_detector_and_one_kind),
        cmocka_unit_test(what_is_kept_back_is_told_once_it_has_grown),
        cmocka_unit_test(wrong_names_and_scores_are_refused),
        cmocka_unit_test(what_was_learnt_from_a_span_needs_no_warm_up),
        cmocka_unit_test(relearning_ends_the_episode_and_takes_the_new_level_as_normal),
        cmocka_unit_test(rules_keep_their_episodes_when_the_rest_relearns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
