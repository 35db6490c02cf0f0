// What people say about detection over HTTP: learning anew, what verdicts keep back, and undoing
// it.
#include "rig.h"

static struct rig rig;
static struct arena *arena;

static int setup(void **state)
{
    static const char readings[] =
        "[{\"sensor\":\"pump-1/level\",\"value\":1,\"time\":\"2026-11-21T09:00:00Z\"},"
        "{\"sensor\":\"pump-1/level\",\"value\":2,\"time\":\"2026-11-21T09:00:01Z\"},"
        "{\"sensor\":\"pump-2/level\",\"value\":2,\"time\":\"2026-11-21T09:00:01Z\"}]";
    struct answer a;
    (void)state;
    rig_open(&rig, NULL);
    rig_ask(&rig, "POST", "/api/v1/readings", "Content-Type: application/json\r\n",
            str_of(readings), &a);
    assert_int_equal(a.status, 200);
    answer_free(&a);
    arena = arena_open(0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_close(&arena);
    rig_close(&rig);
    return 0;
}

static int post(const char *path, const char *body, struct json_node **root)
{
    struct answer a;
    rig_ask(&rig, "POST", path, "Content-Type: application/json\r\n", str_of(body), &a);
    *root = answer_json(&a, arena);
    int status = a.status;
    answer_free(&a);
    return status;
}

static void sensors_assets_and_the_plant_learn_anew(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int sensors;
    } cases[] = {{"/api/v1/sensors/pump-1/level/relearn", 1},
                 {"/api/v1/sensors/pump-1%2Flevel/relearn", 1},
                 {"/api/v1/assets/pump-2/relearn", 1},
                 {"/api/v1/relearn", 2}};
    struct json_node *root;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(post(cases[i].path, "", &root), 200);
        assert_int_equal(json_get_int(root, "sensors"), cases[i].sensors);
        assert_int_equal(json_get_int(root, "readings"), 0);
    }
    assert_int_equal(post("/api/v1/sensors/pump-1/level/relearn",
                          "{\"from\":\"2026-11-21T09:00:00Z\",\"to\":\"2026-11-21T09:00:01Z\"}",
                          &root),
                     200);
    assert_int_equal(json_get_int(root, "readings"), 1);
}

static void orders_that_make_no_sense_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *path, *body;
        int status;
        const char *says;
    } cases[] = {
        {"/api/v1/sensors/pump-9/level/relearn", "", 404, "pump-9/level"},
        {"/api/v1/sensors/pump-1/relearn", "", 404, "pump-1"},
        {"/api/v1/assets/pump-9/relearn", "", 404, "pump-9"},
        {"/api/v1/relearn", "{\"from\":\"soon\"}", 400, "from"},
        {"/api/v1/relearn", "{\"from\":7}", 400, "from"},
        {"/api/v1/relearn", "{\"since\":\"2026-11-21\"}", 400, "since"},
        {"/api/v1/relearn", "[]", 400, "object"},
        {"/api/v1/relearn", "{\"from\":\"2020-01-01\",\"to\":\"2020-01-02\"}", 400, "no reading"},
        {"/api/v1/relearn", "{\"from\":\"2020-01-02\",\"to\":\"2020-01-01\"}", 400, "before"},
        {"/api/v1/sensitivity/reset", "{\"sensor\":\"pump-9/level\"}", 404, "pump-9"},
        {"/api/v1/sensitivity/reset", "{\"detector\":\"spike\"}", 400, "spike"},
        {"/api/v1/sensitivity/reset", "{\"kind\":\"tilt\"}", 400, "tilt"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_node *root;
        assert_int_equal(post(cases[i].path, cases[i].body, &root), cases[i].status);
        const char *message = json_get_text(json_get(root, "error"), "message");
        if (!strstr(message, cases[i].says))
            fail_msg("%s %s: %s", cases[i].path, cases[i].body, message);
    }
}

static void a_sensor_tells_how_sensitive_it_is_and_why(void **state)
{
    (void)state;
    struct answer a;
    struct json_node *root;
    assert_int_equal(post("/api/v1/sensors/pump-1/level/relearn", "", &root), 200);
    assert_int_equal(rig_get(&rig, "/api/v1/sensors/pump-1/level", &a), 200);
    root = answer_json(&a, arena);
    assert_string_equal(json_get_text(root, "sensor"), "pump-1/level");
    assert_true(json_get_number(root, "sensitivity") == 1);
    assert_true(json_get_text(root, "learns_since")[0] != '\0');
    assert_int_equal(json_get(root, "patterns")->count, 0);
    answer_free(&a);
    assert_int_equal(rig_get(&rig, "/api/v1/sensors/pump-9/level", &a), 404);
    answer_free(&a);
}

// Readings that move, then one value for so long that it is stuck, then readings that move.
static void send_stuck(int from_s)
{
    static const int64_t start_us = INT64_C(1795251600000000);
    struct reading readings[1000];
    struct err err;
    uint32_t id;
    assert_true(catalog_find_full(app_catalog(rig.app), STR_LIT("pump-1/level"), &id));
    for (int i = 0; i < 1000; i++)
        readings[i] =
            (struct reading){.time_us = start_us + (from_s + i) * US_PER_SECOND,
                             .value = i < 800 || i >= 980 ? 5 + (i * 37 % 100) / 100.0 : 5.5,
                             .sensor = id};
    assert_ok(app_submit_wait(rig.app, readings, 1000, NULL, NULL, &err), err);
    struct json_node *root;
    assert_int_equal(post("/api/v1/assets/pump-2/relearn", "", &root), 200); // behind all of it
}

static size_t stuck_count(int64_t *incident)
{
    struct answer a;
    assert_int_equal(rig_get(&rig, "/api/v1/anomalies?kind=stuck&limit=10", &a), 200);
    struct json_node *root = answer_json(&a, arena);
    size_t count = json_get(root, "anomalies")->count;
    if (count)
        *incident = json_get_int(json_get(root, "anomalies")->first, "incident");
    answer_free(&a);
    return count;
}

static void a_false_alarm_is_listed_keeps_quiet_and_can_be_reset(void **state)
{
    (void)state;
    int64_t incident = 0;
    char path[128];
    struct json_node *root;
    struct answer a;
    send_stuck(100);
    assert_int_equal(stuck_count(&incident), 1);
    snprintf(path, sizeof path, "/api/v1/incidents/%lld/resolve", (long long)incident);
    assert_int_equal(post(path, "{\"verdict\":\"false_alarm\"}", &root), 200);
    assert_int_equal(rig_get(&rig, "/api/v1/sensitivity?sensor=pump-1/level", &a), 200);
    root = answer_json(&a, arena);
    const struct json_node *p = json_get(root, "patterns")->first;
    assert_non_null(p);
    while (p && strcmp(json_get_text(p, "kind"), "stuck") != 0)
        p = p->next;
    assert_non_null(p);
    assert_string_equal(json_get_text(p, "detector"), "stuck");
    assert_true(json_get_number(p, "above_score") > json_get_number(p, "false_score"));
    assert_true(json_get(p, "incidents")->first->number == (double)incident);
    answer_free(&a);
    send_stuck(4000);
    assert_int_equal(stuck_count(&incident), 1);
    assert_int_equal(post("/api/v1/sensitivity/reset", "{\"sensor\":\"pump-1/level\"}", &root),
                     200);
    assert_true(json_get_int(root, "reset") >= 1);
    send_stuck(8000);
    assert_int_equal(stuck_count(&incident), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sensors_assets_and_the_plant_learn_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(orders_that_make_no_sense_are_refused_by_name, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_sensor_tells_how_sensitive_it_is_and_why, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_false_alarm_is_listed_keeps_quiet_and_can_be_reset, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
