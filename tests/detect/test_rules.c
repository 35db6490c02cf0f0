// Rules: where limits come from, which are refused, and a reload while running.
#include "scene.h"

#include <string.h>

#include "detect/rules.h"

static const struct rules *rules_of(struct scene *sc, struct rule_book *book, const char *name)
{
    struct err err;
    uint32_t id;
    assert_ok(catalog_intern_full(sc->catalog, str_of(name), str_of("x"), str_of(""), &id, &err),
              err);
    return rule_book_find(book, catalog_sensor(sc->catalog, id));
}

static struct rule_book *book_of(struct scene *sc)
{
    struct err err;
    struct rule_book *book = NULL;
    assert_ok(rule_book_open(sc->settings, &book, &err), err);
    return book;
}

static void the_plants_limits_are_built_in(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double normal_low, normal_high, spike, drift;
    } expected[] = {{"a/temperature", 10, 35, 45, 38},
                    {"a/pressure", 1, 3, 4, 3.5},
                    {"a/flow", 20, 100, 120, 110}};
    struct scene sc;
    scene_open(&sc, NULL);
    struct rule_book *book = book_of(&sc);
    for (int i = 0; i < 3; i++) {
        const struct rules *r = rules_of(&sc, book, expected[i].name);
        assert_true(r->normal_low == expected[i].normal_low);
        assert_true(r->normal_high == expected[i].normal_high);
        assert_true(r->spike_high.at == expected[i].spike);
        assert_true(r->drift_high.at == expected[i].drift);
        assert_true(isnan(r->spike_low.at));
        assert_true(isnan(r->drift_low.at));
        assert_int_equal(r->drift_after_us, 15 * US_PER_SECOND);
        assert_int_equal(r->dropout_after_us, 10 * US_PER_SECOND);
    }
    rule_book_close(&book);
    scene_close(&sc);
}

static void a_sensor_of_another_kind_has_only_the_dropout_rule(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    struct rule_book *book = book_of(&sc);
    const struct rules *r = rules_of(&sc, book, "a/vibration");
    assert_true(isnan(r->spike_high.at));
    assert_true(isnan(r->drift_high.at));
    assert_int_equal(r->dropout_after_us, 10 * US_PER_SECOND);
    rule_book_close(&book);
    scene_close(&sc);
}

static void built_in_limits_count_only_for_sensors_named_as_the_plants(void **state)
{
    (void)state;
    static const char *const pairs[] = {"rules.kind.temperature.drift_high=39", NULL};
    struct scene sc;
    scene_open(&sc, pairs);
    struct rule_book *book = book_of(&sc);
    const struct rules *r = rules_of(&sc, book, "a/ambient_temperature");
    assert_true(isnan(r->spike_high.at));
    assert_true(isnan(r->normal_low));
    assert_true(r->drift_high.at == 39); // what was set counts for the whole kind
    rule_book_close(&book);
    scene_close(&sc);
}

static void a_sensors_own_setting_counts_over_its_kinds(void **state)
{
    (void)state;
    static const char *const pairs[] = {
        "rules.kind.temperature.spike_high=60",       "rules.sensor.a/temperature.spike_high=70",
        "rules.sensor.a/temperature.drift_high=none", "rules.kind.temperature.drift_after=30s",
        "rules.sensor.b/temperature.drift_after=5s",  NULL};
    struct scene sc;
    scene_open(&sc, pairs);
    struct rule_book *book = book_of(&sc);
    assert_true(rules_of(&sc, book, "a/temperature")->spike_high.at == 70);
    assert_true(isnan(rules_of(&sc, book, "a/temperature")->drift_high.at));
    assert_true(rules_of(&sc, book, "b/temperature")->spike_high.at == 60);
    assert_true(rules_of(&sc, book, "b/temperature")->drift_high.at == 38);
    assert_int_equal(rules_of(&sc, book, "a/temperature")->drift_after_us, at(30));
    assert_int_equal(rules_of(&sc, book, "b/temperature")->drift_after_us, at(5));
    assert_int_equal(rules_of(&sc, book, "b/flow")->drift_after_us, at(15));
    rule_book_close(&book);
    scene_close(&sc);
}

static void a_limit_can_be_turned_off(void **state)
{
    (void)state;
    static const char *const pairs[] = {"rules.kind.temperature.spike_high=none",
                                        "rules.kind.temperature.drift_high=none", NULL};
    struct scene sc;
    scene_open(&sc, pairs);
    run(&sc, SCENE_TEMPERATURE, 0, 60, 1000);
    flush(&sc);
    assert_int_equal(sc.log.n, 0);
    scene_close(&sc);
}

static void settings_that_contradict_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *pair, *says;
    } bad[] = {
        {"rules.kind.temperature.spike_high=38", "temperature: drift_high (38) must be below"},
        {"rules.kind.flow.normal_low=100", "flow: normal_low (100) must be below normal_high"},
        {"rules.kind.flow.spike_low=120", "flow: spike_low (120) must be below spike_high"},
        {"rules.sensor.a/flow.drift_low=200", "a/flow: drift_low (200) must be below drift_high"},
        {"rules.kind.humidity.spike_high=5", "\"humidity\" is no kind of sensor"},
        {"rules.sensor.flow.spike_high=5", "(asset/parameter) expected"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct scene sc;
        struct err err;
        struct rule_book *book = NULL;
        const char *const pairs[] = {bad[i].pair, NULL};
        scene_open(&sc, NULL);
        settings_close(&sc.settings);
        scene_settings(&sc, pairs);
        assert_int_equal(rule_book_open(sc.settings, &book, &err), ERR_INPUT);
        if (!strstr(err.text, bad[i].says))
            fail_msg("%s: %s", bad[i].pair, err.text);
        assert_null(book);
        scene_close(&sc);
    }
}

static void reload(struct scene *sc, const char *pair)
{
    struct err err;
    assert_ok(settings_set_pair(sc->settings, pair, &err), err);
    assert_ok(detect_reload(sc->engine, sc->settings, &err), err);
}

static void an_open_episode_is_judged_by_the_new_limit_after_a_reload(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_TEMPERATURE, 0, 10, 50);
    reload(&sc, "rules.kind.temperature.spike_high=60");
    run(&sc, SCENE_TEMPERATURE, 11, 20, 50);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
    assert_int_equal(sc.closed[ANOMALY_SPIKE], 1);
    assert_int_equal(sc.last.end_us, at(8)); // those judged before the reload
    scene_close(&sc);
}

static void a_reload_keeps_what_the_detectors_know(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_TEMPERATURE, 0, 10, 40);
    reload(&sc, "rules.kind.flow.spike_high=500");
    run(&sc, SCENE_TEMPERATURE, 11, 16, 40);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_DRIFT], 1);
    assert_int_equal(sc.last.start_us, at(0));
    scene_close(&sc);
}

static void a_shorter_dropout_time_counts_at_once_after_a_reload(void **state)
{
    (void)state;
    static const char *const pairs[] = {"rules.dropout_after=1h", NULL};
    struct scene sc;
    scene_open(&sc, pairs);
    put(&sc, SCENE_FLOW, 0, 50);
    run(&sc, SCENE_PRESSURE, 0, 100, 2);
    reload(&sc, "rules.dropout_after=20s");
    put(&sc, SCENE_PRESSURE, 101, 2);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 1);
    assert_int_equal(sc.last.sensor, SCENE_FLOW);
    scene_close(&sc);
}

static void a_refused_reload_leaves_the_limits_as_they_are(void **state)
{
    (void)state;
    struct scene sc;
    struct err err;
    scene_open(&sc, NULL);
    put(&sc, SCENE_TEMPERATURE, 0, 20);
    assert_ok(settings_set_pair(sc.settings, "rules.kind.temperature.spike_high=1", &err), err);
    assert_int_equal(detect_reload(sc.engine, sc.settings, &err), ERR_INPUT);
    put(&sc, SCENE_TEMPERATURE, 1, 30);
    flush(&sc);
    assert_int_equal(sc.log.n, 0);
    scene_close(&sc);
}

static void the_band_of_a_sensor_is_its_normal_range(void **state)
{
    (void)state;
    struct scene sc;
    double low, high;
    scene_open(&sc, NULL);
    put(&sc, SCENE_FLOW, 0, 50);
    detect_band(sc.engine, SCENE_FLOW, &low, &high);
    assert_true(low == 20);
    assert_true(high == 100);
    detect_band(sc.engine, 4711, &low, &high);
    assert_true(isnan(low));
    assert_true(isnan(high));
    scene_close(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plants_limits_are_built_in),
        cmocka_unit_test(a_sensor_of_another_kind_has_only_the_dropout_rule),
        cmocka_unit_test(built_in_limits_count_only_for_sensors_named_as_the_plants),
        cmocka_unit_test(a_sensors_own_setting_counts_over_its_kinds),
        cmocka_unit_test(a_limit_can_be_turned_off),
        cmocka_unit_test(settings_that_contradict_are_refused_by_name),
        cmocka_unit_test(an_open_episode_is_judged_by_the_new_limit_after_a_reload),
        cmocka_unit_test(a_reload_keeps_what_the_detectors_know),
        cmocka_unit_test(a_shorter_dropout_time_counts_at_once_after_a_reload),
        cmocka_unit_test(a_refused_reload_leaves_the_limits_as_they_are),
        cmocka_unit_test(the_band_of_a_sensor_is_its_normal_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
