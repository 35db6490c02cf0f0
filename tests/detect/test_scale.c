// Ten thousand sensors: bounded memory, nothing missed, nothing invented.
#include "scene.h"

enum { SENSORS = 10000, SECONDS = 90, SILENT = 4321, SILENT_FROM = 40 };

static void ten_thousand_sensors_need_less_than_four_kilobytes_each(void **state)
{
    (void)state;
    static const char *const parameters[] = {"temperature", "pressure", "flow"};
    static const double normal[] = {20, 2, 60};
    struct scene sc;
    struct err err;
    uint32_t first = 0;
    scene_open(&sc, NULL);
    for (uint32_t i = 0; i < SENSORS; i++) {
        char asset[32];
        uint32_t id;
        snprintf(asset, sizeof asset, "plant-%u", i / 3);
        assert_ok(catalog_intern(sc.catalog, str_of(asset), str_of(parameters[i % 3]), str_of(""),
                                 &id, &err),
                  err);
        first = i ? first : id;
    }
    // Last sensor first, as nobody would like it.
    for (int t = 0; t < SECONDS; t++)
        for (uint32_t i = SENSORS; i-- > 0;)
            if (i != SILENT || t < SILENT_FROM)
                put(&sc, first + i, t, normal[i % 3]);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 1);
    assert_int_equal(sc.last.sensor, first + SILENT);
    assert_int_equal(sc.last.detected_us, at(SILENT_FROM - 1 + 10));
    assert_int_equal(sc.incidents_opened, 1);
    // And 500 bytes for readings that wait, timers, incidents.
    assert_true(stats(&sc).state_bytes < SENSORS * (4096 + 500));
    scene_close(&sc);
}

static void memory_stays_flat_over_a_day(void **state)
{
    (void)state;
    static const char *const pairs[] = {"detect.incident_gap=1m", NULL};
    struct scene sc;
    size_t after_an_hour = 0;
    scene_open(&sc, pairs);
    for (int t = 0; t < 86400; t++) {
        // An incident every five minutes, on both assets, and a sensor that falls silent.
        put(&sc, SCENE_TEMPERATURE, t, t % 300 < 5 ? 50 : 20);
        put(&sc, SCENE_OTHER_ASSET, t, t % 300 < 5 ? 50 : 20);
        if (t % 300 < 200)
            put(&sc, SCENE_FLOW, t, 60);
        if (t == 3600)
            after_an_hour = stats(&sc).state_bytes;
    }
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 2 * 288);
    assert_int_equal(stats(&sc).state_bytes, after_an_hour);
    assert_true(stats(&sc).active_incidents <= 2);
    scene_close(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_sensors_need_less_than_four_kilobytes_each),
        cmocka_unit_test(memory_stays_flat_over_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
