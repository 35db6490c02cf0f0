// What a person has resolved takes no more anomalies; what goes on comes again in a new incident.
#include "scene.h"

static void resolve(struct scene *sc, uint64_t incident)
{
    struct err err;
    assert_ok(detect_resolve(sc->engine, incident, &err), err);
}

static void what_is_open_ends_with_the_incident(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_TEMPERATURE, 0, 20, 20);
    run(&sc, SCENE_TEMPERATURE, 21, 30, 50);
    flush(&sc);
    assert_int_equal(stats(&sc).active_incidents, 1);
    resolve(&sc, 1);
    assert_int_equal(sc.closed[ANOMALY_SPIKE], 1);
    assert_float_equal(seconds(sc.last.end_us), 30, 0);
    assert_int_equal(sc.incidents_closed, 1);
    assert_false(sc.incident.active);
    assert_int_equal(stats(&sc).active_incidents, 0);
    run(&sc, SCENE_TEMPERATURE, 31, 400, 20); // it was over indeed
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
    assert_int_equal(sc.incidents_opened, 1);
    assert_int_equal(sc.incidents_closed, 1);
    scene_close(&sc);
}

static void what_goes_on_for_a_gap_opens_a_new_incident(void **state)
{
    (void)state;
    static const char *const pairs[] = {"detect.incident_gap=1m", NULL};
    struct scene sc;
    scene_open(&sc, pairs);
    run(&sc, SCENE_TEMPERATURE, 0, 20, 20);
    run(&sc, SCENE_TEMPERATURE, 21, 30, 50);
    flush(&sc);
    uint64_t first = sc.last.id;
    resolve(&sc, 1);
    run(&sc, SCENE_TEMPERATURE, 31, 85, 50);
    flush(&sc);
    assert_int_equal(sc.incidents_opened, 1);
    run(&sc, SCENE_TEMPERATURE, 86, 200, 50);
    flush(&sc);
    assert_int_equal(sc.incidents_opened, 2);
    assert_int_equal(sc.incident.id, 2);
    assert_int_equal(sc.last.incident, 2);
    assert_true(sc.last.id != first);
    assert_in_range(sc.last.start_us, at(90), at(92));
    assert_non_null(strstr(sc.last.message, "goes on after incident 1 was resolved"));
    run(&sc, SCENE_TEMPERATURE, 201, 400, 20);
    flush(&sc);
    assert_float_equal(seconds(sc.last.end_us), 200, 0);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 2);
    assert_int_equal(sc.closed[ANOMALY_SPIKE], 2);
    assert_int_equal(stats(&sc).open_anomalies, 0);
    scene_close(&sc);
}

static void silence_that_goes_on_opens_a_new_incident(void **state)
{
    (void)state;
    static const char *const pairs[] = {"detect.incident_gap=1m", NULL};
    struct scene sc;
    scene_open(&sc, pairs);
    run(&sc, SCENE_TEMPERATURE, 0, 20, 20);
    for (int s = 20; s <= 60; s++)
        tick(&sc, s);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 1);
    resolve(&sc, 1);
    assert_int_equal(sc.closed[ANOMALY_DROPOUT], 1);
    for (int s = 61; s <= 300; s++)
        tick(&sc, s);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 2);
    assert_int_equal(sc.last.incident, 2);
    scene_close(&sc);
}

static void a_new_anomaly_does_not_join_what_was_resolved(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_TEMPERATURE, 0, 20, 20);
    run(&sc, SCENE_TEMPERATURE, 21, 30, 50);
    run(&sc, SCENE_TEMPERATURE, 31, 35, 20);
    flush(&sc);
    resolve(&sc, 1);
    run(&sc, SCENE_TEMPERATURE, 36, 40, 50);
    flush(&sc);
    assert_int_equal(sc.last.incident, 2);
    assert_null(strstr(sc.last.message, "goes on"));
    scene_close(&sc);
}

static void resolving_what_is_over_or_unknown_does_nothing(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_TEMPERATURE, 0, 20, 20);
    run(&sc, SCENE_TEMPERATURE, 21, 30, 50);
    run(&sc, SCENE_TEMPERATURE, 31, 4000, 20);
    flush(&sc);
    size_t told = sc.log.n;
    resolve(&sc, 1);
    resolve(&sc, 1);
    resolve(&sc, 77);
    assert_int_equal(sc.log.n, told);
    scene_close(&sc);
}

static void it_is_resolved_once_more_when_it_came_again(void **state)
{
    (void)state;
    static const char *const pairs[] = {"detect.incident_gap=1m", NULL};
    struct scene sc;
    scene_open(&sc, pairs);
    run(&sc, SCENE_TEMPERATURE, 0, 30, 50);
    flush(&sc);
    resolve(&sc, 1);
    run(&sc, SCENE_TEMPERATURE, 31, 120, 50);
    flush(&sc);
    resolve(&sc, 2);
    run(&sc, SCENE_TEMPERATURE, 121, 300, 50);
    flush(&sc);
    assert_int_equal(sc.last.incident, 3);
    assert_non_null(strstr(sc.last.message, "after incident 2"));
    assert_int_equal(stats(&sc).open_anomalies, 1);
    scene_close(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_open_ends_with_the_incident),
        cmocka_unit_test(what_goes_on_for_a_gap_opens_a_new_incident),
        cmocka_unit_test(silence_that_goes_on_opens_a_new_incident),
        cmocka_unit_test(a_new_anomaly_does_not_join_what_was_resolved),
        cmocka_unit_test(resolving_what_is_over_or_unknown_does_nothing),
        cmocka_unit_test(it_is_resolved_once_more_when_it_came_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
