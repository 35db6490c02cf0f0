// Incidents: which anomalies belong together, how grave they are, when it is over.
#include "scene.h"

#include <string.h>

#include "detect/incidents.h"

static void spike_at(struct scene *sc, uint32_t sensor, double t)
{
    static const double spike[] = {50, 4.5, 130, 50}, normal[] = {20, 2, 60, 20};
    put(sc, sensor, t, spike[sensor]);
    put(sc, sensor, t + 1, normal[sensor]);
}

static const char *const patient[] = {"rules.dropout_after=0", NULL};

static void anomalies_of_one_asset_that_overlap_are_one_incident(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, patient);
    for (int t = 0; t < 30; t++) {
        put(&sc, SCENE_TEMPERATURE, t, t < 5 ? 20 : 50);
        put(&sc, SCENE_PRESSURE, t, t < 8 ? 2 : 3.6);
    }
    flush(&sc);
    assert_int_equal(sc.incidents_opened, 1);
    assert_int_equal(sc.incident.anomaly_count, 2);
    assert_int_equal(sc.incident.start_us, at(5));
    assert_int_equal(sc.incident.kinds, 1 << ANOMALY_SPIKE | 1 << ANOMALY_DRIFT);
    assert_int_equal(sc.last.incident, sc.incident.id);
    assert_string_equal(sc.incident.title, "pipe-1: temperature spike, pressure drift");
    scene_close(&sc);
}

static void anomalies_of_two_assets_are_two_incidents(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, patient);
    spike_at(&sc, SCENE_TEMPERATURE, 0);
    spike_at(&sc, SCENE_OTHER_ASSET, 0.5);
    flush(&sc);
    assert_int_equal(sc.incidents_opened, 2);
    scene_close(&sc);
}

static void an_anomaly_that_follows_within_the_gap_joins(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, patient);
    spike_at(&sc, SCENE_TEMPERATURE, 0);
    for (int t = 2; t < 300; t++)
        put(&sc, SCENE_PRESSURE, t, 2);
    spike_at(&sc, SCENE_PRESSURE, 300);
    flush(&sc);
    assert_int_equal(sc.incidents_opened, 1);
    assert_int_equal(sc.incidents_closed, 0);
    assert_true(sc.incident.active);
    scene_close(&sc);
}

static void an_anomaly_after_the_gap_opens_the_next_incident(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, patient);
    spike_at(&sc, SCENE_TEMPERATURE, 0);
    for (int t = 2; t <= 300; t++)
        put(&sc, SCENE_PRESSURE, t, 2);
    spike_at(&sc, SCENE_PRESSURE, 300.000001);
    flush(&sc);
    assert_int_equal(sc.incidents_opened, 2);
    assert_int_equal(sc.incident.id, 2);
    scene_close(&sc);
}

static void what_happened_long_before_is_another_incident(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, patient);
    run(&sc, SCENE_FLOW, 0, 999, 60);
    spike_at(&sc, SCENE_FLOW, 1000);
    run(&sc, SCENE_FLOW, 1002, 1010, 60);
    run(&sc, SCENE_PRESSURE, 0, 99, 2); // a file sorted by sensor
    spike_at(&sc, SCENE_PRESSURE, 100);
    spike_at(&sc, SCENE_PRESSURE, 150);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 3);
    assert_int_equal(sc.incidents_opened, 2);
    scene_close(&sc);
}

static void an_incident_is_active_until_the_gap_has_passed_by_the_clock(void **state)
{
    (void)state;
    static const char *const pairs[] = {"rules.dropout_after=0", "detect.incident_gap=60s", NULL};
    struct scene sc;
    scene_open(&sc, pairs);
    spike_at(&sc, SCENE_TEMPERATURE, 0);
    for (int t = 1; t <= 63; t++)
        tick(&sc, t);
    assert_int_equal(stats(&sc).active_incidents, 1);
    tick(&sc, 64);
    assert_int_equal(stats(&sc).active_incidents, 0);
    assert_int_equal(sc.incidents_closed, 1);
    assert_false(sc.incident.active);
    assert_int_equal(sc.incident.last_us, at(0));
    scene_close(&sc);
}

static void while_an_anomaly_goes_on_its_incident_stays_active(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_TEMPERATURE, 0, 3600, 50);
    flush(&sc);
    assert_int_equal(stats(&sc).active_incidents, 1);
    assert_int_equal(sc.incidents_closed, 0);
    scene_close(&sc);
}

static void a_flapping_sensor_is_one_incident(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    for (int t = 0; t < 4000; t++)
        put(&sc, SCENE_TEMPERATURE, t, t % 40 < 3 ? 50 : 20);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 100);
    assert_int_equal(sc.closed[ANOMALY_SPIKE], 100);
    assert_int_equal(sc.incidents_opened, 1);
    assert_int_equal(sc.incident.anomaly_count, 100);
    assert_int_equal(sc.incident.severity, SEVERITY_WARNING);
    assert_string_equal(sc.incident.title, "pipe-1: temperature spike");
    scene_close(&sc);
}

static void several_sensors_make_an_incident_critical(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, patient);
    spike_at(&sc, SCENE_TEMPERATURE, 0);
    flush(&sc);
    assert_int_equal(sc.incident.severity, SEVERITY_WARNING);
    spike_at(&sc, SCENE_FLOW, 2);
    flush(&sc);
    assert_int_equal(sc.incident.severity, SEVERITY_CRITICAL);
    scene_close(&sc);
}

static void a_title_with_no_room_left_says_that_there_is_more(void **state)
{
    (void)state;
    static const char *const pairs[] = {"rules.kind.temperature.spike_high=45",
                                        "rules.dropout_after=0", NULL};
    struct scene sc;
    struct err err;
    uint32_t id;
    scene_open(&sc, pairs);
    for (int i = 0; i < 12; i++) {
        char name[PLANT_FULL_NAME_BYTES];
        snprintf(name, sizeof name, "mill/temperature of bearing %d", i);
        assert_ok(catalog_intern_full(sc.catalog, str_of(name), str_of(""), str_of(""), &id, &err),
                  err);
        put(&sc, id, i, 50);
    }
    flush(&sc);
    const char *title = sc.incident.title;
    assert_int_equal(sc.incident.anomaly_count, 12);
    assert_string_equal(title + strlen(title) - strlen(" and more"), " and more");
    assert_ptr_equal(strstr(title, " and more"), title + strlen(title) - strlen(" and more"));
    scene_close(&sc);
}

static void keep_title(void *arg, const struct incident *i, bool opened, bool closed)
{
    (void)opened;
    (void)closed;
    str_copy(arg, PLANT_MESSAGE_BYTES, str_of(i->title));
}

static void a_title_says_kinds_in_words(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, patient);
    char title[PLANT_MESSAGE_BYTES] = "";
    struct timers timers = {0};
    struct incidents in = {.catalog = sc.catalog,
                           .timers = &timers,
                           .gap_us = at(60),
                           .next_id = 1,
                           .tell = keep_title,
                           .arg = title};
    const enum anomaly_kind kinds[] = {ANOMALY_LEVEL_SHIFT, ANOMALY_MULTIVARIATE, ANOMALY_STUCK};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct anomaly a = {.sensor = SCENE_FLOW, .kind = kinds[i], .end_us = TIME_NONE};
        assert_true(incidents_join(&in, &a));
    }
    assert_string_equal(title, "pipe-1: flow level shift, flow out of step, flow stuck");
    incidents_free(&in);
    timers_free(&timers);
    scene_close(&sc);
}

static void numbers_count_up_from_the_given_one(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, patient);
    detect_close(&sc.engine);
    scene_engine(&sc, 41);
    spike_at(&sc, SCENE_TEMPERATURE, 0);
    spike_at(&sc, SCENE_OTHER_ASSET, 1);
    flush(&sc);
    assert_int_equal(sc.incident.id, 42);
    scene_close(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anomalies_of_one_asset_that_overlap_are_one_incident),
        cmocka_unit_test(anomalies_of_two_assets_are_two_incidents),
        cmocka_unit_test(an_anomaly_that_follows_within_the_gap_joins),
        cmocka_unit_test(an_anomaly_after_the_gap_opens_the_next_incident),
        cmocka_unit_test(what_happened_long_before_is_another_incident),
        cmocka_unit_test(an_incident_is_active_until_the_gap_has_passed_by_the_clock),
        cmocka_unit_test(while_an_anomaly_goes_on_its_incident_stays_active),
        cmocka_unit_test(a_flapping_sensor_is_one_incident),
        cmocka_unit_test(several_sensors_make_an_incident_critical),
        cmocka_unit_test(a_title_with_no_room_left_says_that_there_is_more),
        cmocka_unit_test(a_title_says_kinds_in_words),
        cmocka_unit_test(numbers_count_up_from_the_given_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
