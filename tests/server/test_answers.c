// Every answer of the running server has its described shape.
#include "full_plant.h"

#include <math.h>

#include "server/route.h"
#include "shape.h"

// A path that a route can answer, with its needed parameters.
static const char *example(const struct route *r, char *out, size_t cap)
{
    if (strcmp(r->path, "/api/v1/readings/history") == 0)
        snprintf(out, cap, "%s?sensor=pump-1/temperature&from=2026-11-21T08:00:00Z&to=2026-11-22",
                 r->path);
    else if (strcmp(r->path, "/api/v1/sensors/{sensor}") == 0)
        snprintf(out, cap, "/api/v1/sensors/pump-1/temperature");
    else if (strcmp(r->path, "/metrics") == 0)
        snprintf(out, cap, "/metrics?format=json");
    else
        snprintf(out, cap, "%s", r->path);
    return out;
}

static void every_get_answers_in_its_described_shape(void **state)
{
    (void)state;
    for (const struct route *r = routes; r->path; r++) {
        char path[256];
        struct answer a;
        if (r->method != METHOD_GET || strchr(example(r, path, sizeof path), '{') ||
            strchr(r->reply_schema, '/'))
            continue;
        struct json_node *root = get_json(path, &a);
        if (!shape_fits_object(root, r->reply_schema))
            fail_msg("%s: %.*s", path, (int)a.body.n, a.body.p);
        assert_string_equal(answer_header(&a, "Content-Type"), "application/json");
        answer_free(&a);
    }
}

static void other_forms_of_history_have_their_shape_too(void **state)
{
    (void)state;
    static const char *const more[] = {"&columns=true", "&raw=true", "&raw=1&max_points=2",
                                       "&max_points=1", "&columns=1&max_points=1"};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        char path[256];
        struct answer a;
        snprintf(path, sizeof path,
                 "/api/v1/readings/history?sensor=pump-1/temperature&from=2026-11-21&to=2026-11-22"
                 "%s",
                 more[i]);
        struct json_node *root = get_json(path, &a);
        assert_true(shape_fits_object(root, "History"));
        answer_free(&a);
    }
}

static void raw_history_gives_the_readings_as_sent(void **state)
{
    (void)state;
    struct answer a;
    struct json_node *root = get_json("/api/v1/readings/history?sensor=pump-1/temperature&raw=true"
                                      "&from=2026-11-21T09:00:00Z&to=2026-11-21T09:00:05Z",
                                      &a);
    const struct json_node *p = json_get(root, "points")->first;
    assert_string_equal(json_get_text(p, "time"), "2026-11-21T09:00:00Z");
    assert_true(json_get_number(p, "value") == 20);
    assert_true(json_get_number(p->next, "value") == 99.5);
    assert_true(json_get_number(p->next->next, "value") == 20.25);
    assert_null(p->next->next->next); // `to` is not included
    answer_free(&a);
}

static void anomalies_and_their_incident_are_answered_with_the_old_names(void **state)
{
    (void)state;
    struct answer a, one;
    char path[128];
    struct json_node *root = get_json("/anomalies?limit=50", &a);
    const struct json_node *first = json_get(root, "anomalies")->first;
    assert_non_null(first);
    const struct json_node *last = first;
    while (last->next)
        last = last->next;
    assert_string_equal(json_get_text(last, "type"), "spike");
    assert_string_equal(json_get_text(last, "sensor_id"), "pump-1");
    assert_string_equal(json_get_text(last, "parameter"), "temperature");
    assert_string_equal(json_get_text(last, "timestamp"), "2026-11-21T09:00:01Z");
    assert_true(json_get_number(last, "value") == 99.5);
    assert_true(json_get_text(last, "message")[0]);
    snprintf(path, sizeof path, "/api/v1/anomalies/%s", json_get_text(last, "id"));
    assert_true(shape_fits_object(get_json(path, &one), "Anomaly"));
    answer_free(&one);
    snprintf(path, sizeof path, "/api/v1/incidents/%lld",
             (long long)json_get_int(last, "incident"));
    assert_true(shape_fits_object(get_json(path, &one), "IncidentDetail"));
    answer_free(&one);
    answer_free(&a);
}

static void pages_of_anomalies_neither_miss_nor_repeat(void **state)
{
    (void)state;
    struct answer a;
    struct json_node *all = get_json("/api/v1/anomalies?limit=1000", &a);
    size_t count = json_get(all, "anomalies")->count, seen = 0;
    const struct json_node *expected = json_get(all, "anomalies")->first;
    char path[160] = "/api/v1/anomalies?limit=1";
    for (; seen < count; seen++, expected = expected->next) {
        struct answer page;
        struct json_node *root = get_json(path, &page);
        assert_int_equal(json_get(root, "anomalies")->count, 1);
        assert_string_equal(json_get_text(json_get(root, "anomalies")->first, "id"),
                            json_get_text(expected, "id"));
        snprintf(path, sizeof path, "/api/v1/anomalies?limit=1&cursor=%s",
                 json_get_text(root, "next"));
        answer_free(&page);
    }
    struct answer end;
    struct json_node *root = get_json(path, &end);
    assert_int_equal(json_get(root, "anomalies")->count, 0);
    assert_int_equal(json_get(root, "next")->type, JSON_NULL);
    answer_free(&end);
    answer_free(&a);
}

static void no_answer_holds_nan_or_infinity(void **state)
{
    (void)state;
    for (const struct route *r = routes; r->path; r++) {
        char path[256];
        struct answer a;
        if (r->method != METHOD_GET || strchr(r->path, '{') || strchr(r->reply_schema, '/'))
            continue;
        assert_int_equal(rig_get(&rig, example(r, path, sizeof path), &a), 200);
        assert_null(strstr(a.body.p, ":nan"));
        assert_null(strstr(a.body.p, ":-nan"));
        assert_null(strstr(a.body.p, ":inf"));
        assert_null(strcasestr(a.body.p, ":\"nan"));
        answer_free(&a);
    }
    struct answer a;
    struct json_node *root = get_json("/api/v1/readings/latest?sensor=pump-1/flow", &a);
    assert_int_equal(json_get(json_get(root, "readings")->first, "value")->type, JSON_NULL);
    answer_free(&a);
}

static void metrics_are_json_or_prometheus_as_asked(void **state)
{
    (void)state;
    struct answer a;
    assert_int_equal(
        rig_ask(&rig, "GET", "/metrics", "Accept: application/json\r\n", (struct str){0}, &a), 200);
    struct json_node *root = answer_json(&a, arena);
    assert_true(json_get_int(root, "total_anomalies") >= 1);
    assert_true(json_get_int(json_get(root, "anomalies_by_type"), "spike") >= 1);
    assert_true(json_get_int(json_get(root, "anomalies_by_parameter"), "temperature") >= 1);
    answer_free(&a);
    assert_int_equal(rig_get(&rig, "/metrics", &a), 200);
    assert_non_null(strstr(answer_header(&a, "Content-Type"), "version=0.0.4"));
    assert_non_null(strstr(a.body.p, "\nfettle_readings_accepted_total 6\n"));
    assert_non_null(strstr(a.body.p, "\nprocess_resident_memory_bytes "));
    assert_non_null(strstr(a.body.p, "fettle_stage_in_total{stage=\"intake\"} 6\n"));
    assert_non_null(strstr(a.body.p, "fettle_http_requests_total{method=\"POST\",route=\"/api/v1/"
                                     "readings\",status=\"2xx\"} 1\n"));
    answer_free(&a);
}

// Each line is a comment or "name{labels} number", each family is introduced once by its type.
static void prometheus_text_is_well_formed(void **state)
{
    (void)state;
    struct answer a;
    char family[128] = "";
    rig_get(&rig, "/metrics", &a);
    for (struct str rest = a.body; rest.n;) {
        struct str line = str_cut(&rest, '\n');
        char text[512], type[32], name[128];
        assert_true(str_copy(text, sizeof text, line));
        if (strncmp(text, "# HELP ", 7) == 0)
            continue;
        if (sscanf(text, "# TYPE %127s %31s", family, type) == 2) {
            assert_true(strcmp(type, "counter") == 0 || strcmp(type, "gauge") == 0 ||
                        strcmp(type, "histogram") == 0);
            continue;
        }
        size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789");
        snprintf(name, sizeof name, "%.*s", (int)n, text);
        assert_true(strncmp(name, family, strlen(family)) == 0);
        const char *blank = strrchr(text, ' ');
        double value;
        assert_non_null(blank);
        assert_true(str_to_double(str_of(blank + 1), &value));
        assert_true(text[n] == ' ' || (text[n] == '{' && blank[-1] == '}'));
    }
    answer_free(&a);
}

static void sensors_are_searched_and_paged(void **state)
{
    (void)state;
    struct answer a;
    struct json_node *root = get_json("/api/v1/sensors?search=TEMP", &a);
    assert_int_equal(json_get_int(root, "total"), 1);
    assert_string_equal(json_get_text(json_get(root, "sensors")->first, "sensor"),
                        "pump-1/temperature");
    answer_free(&a);
    root = get_json("/api/v1/sensors?limit=1&offset=2", &a);
    assert_int_equal(json_get_int(root, "total"), 3);
    assert_int_equal(json_get_int(root, "count"), 1);
    assert_string_equal(json_get_text(json_get(root, "sensors")->first, "sensor"),
                        "\xC3\x9C \"2\"/<b>");
    answer_free(&a);
    root = get_json("/api/v1/sensors?asset=pump-1", &a);
    assert_int_equal(json_get_int(root, "total"), 2);
    answer_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_get_answers_in_its_described_shape),
        cmocka_unit_test(other_forms_of_history_have_their_shape_too),
        cmocka_unit_test(raw_history_gives_the_readings_as_sent),
        cmocka_unit_test(anomalies_and_their_incident_are_answered_with_the_old_names),
        cmocka_unit_test(pages_of_anomalies_neither_miss_nor_repeat),
        cmocka_unit_test(no_answer_holds_nan_or_infinity),
        cmocka_unit_test(metrics_are_json_or_prometheus_as_asked),
        cmocka_unit_test(prometheus_text_is_well_formed),
        cmocka_unit_test(sensors_are_searched_and_paged),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
