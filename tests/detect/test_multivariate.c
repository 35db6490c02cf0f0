// Detector multivariate: the sensors of an asset no longer fit each other.
#include "lively.h"

// Temperature, pressure and flow of one pipe: pressure falls as flow rises.
static void live_pipe(struct scene *sc, struct lively *l, int from, int to, double leak)
{
    for (int t = from; t < to; t++) {
        double flow = lively_next(l);
        put(sc, SCENE_TEMPERATURE, t, 20 + 0.05 * rng_normal(&l->rng));
        put(sc, SCENE_PRESSURE, t, 2 - 0.3 * flow + 0.005 * rng_normal(&l->rng) - leak);
        put(sc, SCENE_FLOW, t, 60 + flow);
    }
}

static void a_pressure_that_no_longer_fits_the_flow_is_one_anomaly(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    scene_open(&sc, NULL);
    lively_open(&l, 21);
    live_pipe(&sc, &l, 0, 900, 0);
    assert_int_equal(sc.log.n, 0);
    live_pipe(&sc, &l, 900, 960, 0.15); // well within the range of pressure by itself
    live_pipe(&sc, &l, 960, 3000, 0);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_MULTIVARIATE], 1);
    assert_int_equal(opened_in_all(&sc), 1);
    assert_int_equal(sc.closed[ANOMALY_MULTIVARIATE], 1);
    assert_int_equal(sc.last.sensor, SCENE_PRESSURE);
    assert_in_range(sc.last.start_us, at(900), at(960));
    assert_non_null(strstr(sc.last.message, "pressure "));
    assert_non_null(strstr(sc.last.message, "does not fit the other sensors for "));
    scene_close(&sc);
}

static void what_a_rule_explains_is_left_to_it(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    scene_open(&sc, NULL);
    lively_open(&l, 21);
    live_pipe(&sc, &l, 0, 900, 0);
    live_pipe(&sc, &l, 900, 960, -3); // a spike of pressure by the rules
    live_pipe(&sc, &l, 960, 1300, 0);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
    assert_int_equal(opened_in_all(&sc), 1);
    scene_close(&sc);
}

static void a_state_that_stays_is_taken_as_normal(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    scene_open(&sc, NULL);
    lively_open(&l, 21);
    live_pipe(&sc, &l, 0, 900, 0);
    live_pipe(&sc, &l, 900, 9000, 0.15);
    flush(&sc);
    assert_true(sc.opened[ANOMALY_MULTIVARIATE] >= 1);
    assert_int_equal(sc.closed[ANOMALY_MULTIVARIATE], sc.opened[ANOMALY_MULTIVARIATE]);
    scene_close(&sc);
}

static void one_relearn_ends_it(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    struct err err;
    scene_open(&sc, NULL);
    lively_open(&l, 21);
    live_pipe(&sc, &l, 0, 900, 0);
    live_pipe(&sc, &l, 900, 940, 0.15);
    assert_int_equal(stats(&sc).open_anomalies, 1);
    assert_ok(detect_relearn_asset(sc.engine, 0, &err), err);
    assert_int_equal(stats(&sc).open_anomalies, 0);
    live_pipe(&sc, &l, 940, 2500, 0.15);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_MULTIVARIATE], 1);
    scene_close(&sc);
}

static void sensitivity_0_of_its_sensors_quiets_it(void **state)
{
    (void)state;
    static const char *const pairs[] = {"rules.sensitivity=0", NULL};
    struct scene sc;
    struct lively l;
    scene_open(&sc, pairs);
    lively_open(&l, 21);
    live_pipe(&sc, &l, 0, 900, 0);
    live_pipe(&sc, &l, 900, 960, 0.15);
    flush(&sc);
    assert_int_equal(sc.log.n, 0);
    scene_close(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pressure_that_no_longer_fits_the_flow_is_one_anomaly),
        cmocka_unit_test(what_a_rule_explains_is_left_to_it),
        cmocka_unit_test(a_state_that_stays_is_taken_as_normal),
        cmocka_unit_test(one_relearn_ends_it),
        cmocka_unit_test(sensitivity_0_of_its_sensors_quiets_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
