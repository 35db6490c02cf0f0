// Every answer of the running server: its shape, its headers, its errors.
#include "rig.h"

#include <math.h>

#include "server/route.h"
#include "server/schema.h"

// ---- an answer against the table of shapes ----

static bool fits(const struct json_node *n, const char *type);

static bool fits_object(const struct json_node *n, const char *schema)
{
    size_t known = 0;
    bool found = false;
    for (const struct schema_field *f = schema_fields; f->schema; f++) {
        if (strcmp(f->schema, schema) != 0)
            continue;
        found = true;
        const char *name = f->name + (f->name[0] == '-');
        const struct json_node *member = json_get(n, name);
        known += member != NULL;
        if (!member && f->name[0] == '-')
            continue;
        if (!member || !fits(member, f->type)) {
            print_error("%s.%s: %s, but %s expected\n", schema, name,
                        member ? "another type" : "missing", f->type);
            return false;
        }
    }
    if (found && n->type == JSON_OBJECT && known != n->count)
        print_error("%s: %zu members of %zu are described\n", schema, known, n->count);
    return found && n->type == JSON_OBJECT && known == n->count;
}

static bool fits(const struct json_node *n, const char *type)
{
    char plain[64];
    bool list = strncmp(type, "[]", 2) == 0, map = strncmp(type, "{}", 2) == 0;
    if (list || map) {
        bool good = n->type == (list ? JSON_ARRAY : JSON_OBJECT);
        for (const struct json_node *c = n->first; c && good; c = c->next)
            good = fits(c, type + 2);
        return good;
    }
    snprintf(plain, sizeof plain, "%.*s", (int)strcspn(type, "?"), type);
    if (strchr(type, '?') && n->type == JSON_NULL)
        return true;
    int64_t time, whole;
    if (strcmp(plain, "any") == 0)
        return true;
    if (strcmp(plain, "text") == 0)
        return n->type == JSON_STRING;
    if (strcmp(plain, "time") == 0)
        return n->type == JSON_STRING && time_from_text(n->text, &time);
    if (strcmp(plain, "integer") == 0)
        return n->type == JSON_NUMBER && str_to_i64(n->text, &whole);
    if (strcmp(plain, "number") == 0)
        return n->type == JSON_NUMBER;
    if (strcmp(plain, "boolean") == 0)
        return n->type == JSON_BOOL;
    return fits_object(n, plain);
}

static struct rig rig;
static struct arena *arena;

// A plant with everything in it: a spike and what follows from it, a missing value, odd names.
static const char plant[] =
    "[{\"sensor\":\"pump-1/temperature\",\"time\":\"2026-11-21T09:00:00Z\",\"value\":20},"
    "{\"sensor\":\"pump-1/temperature\",\"time\":\"2026-11-21T09:00:01Z\",\"value\":99.5},"
    "{\"sensor\":\"pump-1/temperature\",\"time\":\"2026-11-21T09:00:02Z\",\"value\":20.25},"
    "{\"sensor\":\"pump-1/temperature\",\"time\":\"2026-11-21T09:00:05Z\",\"value\":null},"
    "{\"sensor\":\"pump-1/flow\",\"time\":\"2026-11-21T09:00:05Z\",\"value\":\"NaN\"},"
    "{\"sensor\":\"\xC3\x9C \\\"2\\\"/<b>\",\"time\":\"2026-11-21T09:00:08Z\",\"value\":1e300}]";

static int set_up(void **state)
{
    (void)state;
    struct answer a;
    rig_open(&rig, NULL);
    arena = arena_open(0);
    assert_int_equal(rig_post(&rig, "/api/v1/readings", "application/json", plant, &a), 200);
    answer_free(&a);
    rig_await_incident(&rig);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_close(&arena);
    rig_close(&rig);
    return 0;
}

static struct json_node *get_json(const char *path, struct answer *a)
{
    if (rig_get(&rig, path, a) != 200)
        fail_msg("%s: %d %s", path, a->status, a->all.p);
    return answer_json(a, arena);
}

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
        if (!fits_object(root, r->reply_schema))
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
        assert_true(fits_object(root, "History"));
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
    assert_true(fits_object(get_json(path, &one), "Anomaly"));
    answer_free(&one);
    snprintf(path, sizeof path, "/api/v1/incidents/%lld",
             (long long)json_get_int(last, "incident"));
    assert_true(fits_object(get_json(path, &one), "IncidentDetail"));
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

static void head_answers_as_get_without_the_body(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/health", "/", "/openapi.json", "/nothing", "/api/v1/sensors", "/api/v1/events"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct answer head, get;
        rig_ask(&rig, "HEAD", paths[i], NULL, (struct str){0}, &head);
        assert_int_equal(head.body.n, 0);
        if (strcmp(paths[i], "/api/v1/events") != 0) {
            rig_get(&rig, paths[i], &get);
            assert_int_equal(head.status, get.status);
            char length[32];
            str_copy(length, sizeof length, str_of(answer_header(&get, "Content-Length")));
            assert_string_equal(answer_header(&head, "Content-Length"), length);
            answer_free(&get);
        }
        answer_free(&head);
    }
}

static void every_answer_carries_the_safety_headers(void **state)
{
    (void)state;
    static const char *const paths[] = {"/",        "/health",        "/js/app.js",
                                        "/nothing", "/anomalies?x=1", "/docs"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct answer a;
        rig_get(&rig, paths[i], &a);
        const char *policy = answer_header(&a, "Content-Security-Policy");
        assert_non_null(policy);
        assert_non_null(strstr(policy, "default-src 'none'"));
        assert_null(strstr(policy, "unsafe"));
        assert_string_equal(answer_header(&a, "X-Content-Type-Options"), "nosniff");
        assert_string_equal(answer_header(&a, "X-Frame-Options"), "DENY");
        assert_null(answer_header(&a, "Access-Control-Allow-Origin"));
        assert_non_null(answer_header(&a, "Date"));
        assert_non_null(answer_header(&a, "Cache-Control"));
        answer_free(&a);
    }
}

static void an_unchanged_answer_is_not_sent_again(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/", "/style.css", "/anomalies",
        "/api/v1/readings/history?sensor=pump-1/temperature&from=2026-11-21&to=2026-11-22"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct answer a;
        char header[1100];
        assert_int_equal(rig_get(&rig, paths[i], &a), 200);
        snprintf(header, sizeof header, "If-None-Match: \"other\", %s\r\n",
                 answer_header(&a, "ETag"));
        answer_free(&a);
        assert_int_equal(rig_ask(&rig, "GET", paths[i], header, (struct str){0}, &a), 304);
        assert_int_equal(a.body.n, 0);
        answer_free(&a);
        assert_int_equal(
            rig_ask(&rig, "GET", paths[i], "If-None-Match: \"other\"\r\n", (struct str){0}, &a),
            200);
        answer_free(&a);
    }
}

static void large_answers_are_packed_when_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *path, *accept;
        bool packed;
    } cases[] = {{"/openapi.json", "gzip, deflate", true},
                 {"/style.css", "gzip", true},
                 {"/openapi.json", "identity", false},
                 {"/openapi.json", "gzip;q=0", false},
                 {"/health", "gzip", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer plain, a;
        char header[128];
        snprintf(header, sizeof header, "Accept-Encoding: %s\r\n", cases[i].accept);
        assert_int_equal(rig_get(&rig, cases[i].path, &plain), 200);
        assert_int_equal(rig_ask(&rig, "GET", cases[i].path, header, (struct str){0}, &a), 200);
        const char *encoding = answer_header(&a, "Content-Encoding");
        assert_int_equal(encoding != NULL, cases[i].packed);
        if (cases[i].packed) {
            assert_memory_equal(a.body.p, "\x1f\x8b", 2);
            assert_true(a.body.n < plain.body.n / 2);
        }
        answer_free(&plain);
        answer_free(&a);
    }
}

static void errors_are_json_that_names_the_field(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int status;
        const char *field;
    } cases[] = {
        {"/nothing", 404, ""},
        {"/js/../status", 404, ""},
        {"/anomalies?limit=0", 400, "limit"},
        {"/anomalies?limit=1001", 400, "limit"},
        {"/anomalies?limit=ten", 400, "limit"},
        {"/anomalies?limit=99999999999999999999", 400, "limit"},
        {"/anomalies?limit=5&limit=6", 400, "limit"},
        {"/anomalies?nope=1", 400, "nope"},
        {"/anomalies?kind=boom", 400, "kind"},
        {"/anomalies?from=yesterday", 400, "from"},
        {"/anomalies?open=maybe", 400, "open"},
        {"/anomalies?cursor=1_x", 400, "cursor"},
        {"/anomalies?asset=none", 404, "asset"},
        {"/anomalies?sensor=none", 404, "sensor"},
        {"/api/v1/anomalies/xyz", 400, "id"},
        {"/api/v1/anomalies/00000000000000000", 400, "id"},
        {"/api/v1/anomalies/1", 404, ""},
        {"/api/v1/incidents/0", 400, "id"},
        {"/api/v1/incidents/999999", 404, ""},
        {"/api/v1/readings/history", 400, "sensor"},
        {"/api/v1/readings/history?sensor=pump-1/temperature&from=2026-11-22&to=2026-11-21", 400,
         "from"},
        {"/api/v1/readings/history?sensor=pump-1/temperature&max_points=100001", 400, "max_points"},
        {"/api/v1/readings/latest?sensor=pump-1/temperature,none", 404, "sensor"},
        {"/api/v1/events?sensors=none", 404, "sensor"},
        {"/api/v1/sensors?search=%ff%fe", 400, "search"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer a;
        if (rig_get(&rig, cases[i].path, &a) != cases[i].status)
            fail_msg("%s: %d %s", cases[i].path, a.status, a.all.p);
        struct json_node *root = answer_json(&a, arena);
        assert_true(fits_object(root, "Error"));
        assert_string_equal(json_get_text(json_get(root, "error"), "field"), cases[i].field);
        answer_free(&a);
    }
}

static void a_wrong_method_is_405_with_the_right_ones(void **state)
{
    (void)state;
    for (const struct route *r = routes; r->path; r++) {
        struct answer a;
        char path[128];
        snprintf(path, sizeof path, "%.*s%s", (int)strcspn(r->path, "{"), r->path,
                 strchr(r->path, '{') ? "1" : "");
        if (strchr(r->path, '}') && strchr(r->path, '}')[1])
            snprintf(path + strlen(path), 32, "%s", strchr(r->path, '}') + 1);
        assert_int_equal(rig_ask(&rig, "DELETE", path, NULL, (struct str){0}, &a), 405);
        assert_non_null(strstr(answer_header(&a, "Allow"), route_method_name(r->method)));
        answer_free(&a);
        assert_int_equal(rig_ask(&rig, "OPTIONS", path, NULL, (struct str){0}, &a), 204);
        assert_non_null(strstr(answer_header(&a, "Allow"), route_method_name(r->method)));
        answer_free(&a);
    }
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

static void incidents_take_a_technicians_word(void **state)
{
    (void)state;
    struct answer a;
    const char *json = "application/json";
    assert_int_equal(
        rig_ask(&rig, "POST", "/api/v1/incidents/1/acknowledge", NULL, STR_LIT(""), &a), 200);
    struct json_node *root = answer_json(&a, arena);
    assert_string_equal(json_get_text(root, "state"), "acknowledged");
    assert_true(fits_object(root, "IncidentDetail"));
    answer_free(&a);
    assert_int_equal(rig_post(&rig, "/api/v1/incidents/1/resolve", json,
                              "{\"verdict\":\"true_fault\",\"cause\":\"worn \\\"seal\\\"\","
                              "\"note\":\"a\\nb\"}",
                              &a),
                     200);
    answer_free(&a);
    root = get_json("/api/v1/incidents/1", &a);
    assert_string_equal(json_get_text(root, "state"), "resolved");
    assert_string_equal(json_get_text(root, "verdict"), "true_fault");
    assert_string_equal(json_get_text(root, "cause"), "worn \"seal\"");
    assert_string_equal(json_get_text(root, "note"), "a\nb");
    answer_free(&a);
    assert_int_equal(rig_post(&rig, "/api/v1/incidents/1/acknowledge", json, "{}", &a), 409);
    answer_free(&a);
    assert_int_equal(rig_ask(&rig, "PATCH", "/api/v1/incidents/1",
                             "Content-Type: application/json\r\n", STR_LIT("{\"state\":\"open\"}"),
                             &a),
                     200);
    answer_free(&a);
}

static void a_wrong_word_on_an_incident_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *body, *field;
    } cases[] = {{"{\"verdict\":\"maybe\"}", "verdict"},
                 {"{\"note\":5}", "note"},
                 {"{\"state\":\"gone\"}", "state"},
                 {"{\"note\":\"x\",\"nope\":1}", "nope"},
                 {"{}", ""},
                 {"[]", ""},
                 {"{\"note\":", ""},
                 {"", ""}};
    struct answer before, a;
    rig_get(&rig, "/api/v1/incidents/1", &before);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(rig_ask(&rig, "PATCH", "/api/v1/incidents/1",
                                 "Content-Type: application/json\r\n", str_of(cases[i].body), &a),
                         400);
        assert_string_equal(json_get_text(json_get(answer_json(&a, arena), "error"), "field"),
                            cases[i].field);
        answer_free(&a);
    }
    char longest[3000];
    memset(longest, 'x', sizeof longest);
    snprintf(longest, 10, "{\"note\":\"");
    longest[9] = 'x';
    strcpy(longest + sizeof longest - 3, "\"}");
    assert_int_equal(rig_ask(&rig, "PATCH", "/api/v1/incidents/1",
                             "Content-Type: application/json\r\n", str_of(longest), &a),
                     400);
    answer_free(&a);
    rig_get(&rig, "/api/v1/incidents/1", &a);
    assert_string_equal(a.body.p, before.body.p);
    answer_free(&a);
    answer_free(&before);
}

static int patch_config(const char *body, struct answer *a)
{
    return rig_ask(&rig, "PATCH", "/api/v1/config", "Content-Type: application/json\r\n",
                   str_of(body), a);
}

static const struct json_node *setting(const char *name, struct answer *a)
{
    const struct json_node *list = json_get(get_json("/api/v1/config", a), "settings");
    for (const struct json_node *n = list->first; n; n = n->next)
        if (strcmp(json_get_text(n, "name"), name) == 0)
            return n;
    fail_msg("no setting %s", name);
    return NULL;
}

static void a_setting_is_changed_while_running(void **state)
{
    (void)state;
    struct answer a;
    assert_int_equal(patch_config("{\"summary.every\":\"7m\"}", &a), 200);
    assert_false(json_get_bool(answer_json(&a, arena), "restart_needed"));
    answer_free(&a);
    assert_string_equal(json_get_text(setting("summary.every", &a), "text"), "7m");
    answer_free(&a);
    assert_int_equal(patch_config("{\"server.port\":9999}", &a), 200);
    assert_true(json_get_bool(answer_json(&a, arena), "restart_needed"));
    answer_free(&a);
}

static void a_wrong_setting_is_named_and_nothing_changes(void **state)
{
    (void)state;
    static const struct {
        const char *body, *field;
        int status;
    } cases[] = {{"{\"summary.every\":\"9m\",\"no.such\":1}", "no.such", 400},
                 {"{\"summary.every\":\"9m\",\"server.port\":70000}", "server.port", 400},
                 {"{\"summary.every\":\"soon\"}", "summary.every", 400},
                 {"{\"summary.every\":null}", "summary.every", 400},
                 {"{\"summary.every\":[1]}", "summary.every", 400},
                 {"{\"summary.every\":\"9m\",\"server.api_key\":\"0123456789abcdef\"}",
                  "server.api_key", 403},
                 {"{}", "", 400},
                 {"[]", "", 400},
                 {"nonsense", "", 400}};
    struct answer a, before;
    rig_get(&rig, "/api/v1/config", &before);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (patch_config(cases[i].body, &a) != cases[i].status)
            fail_msg("%s: %d %s", cases[i].body, a.status, a.all.p);
        assert_string_equal(json_get_text(json_get(answer_json(&a, arena), "error"), "field"),
                            cases[i].field);
        answer_free(&a);
    }
    rig_get(&rig, "/api/v1/config", &a);
    assert_string_equal(a.body.p, before.body.p);
    answer_free(&a);
    answer_free(&before);
}

static void the_page_and_its_parts_are_served(void **state)
{
    (void)state;
    static const char *const files[][2] = {
        {"/", "text/html; charset=utf-8"},
        {"/style.css", "text/css; charset=utf-8"},
        {"/js/app.js", "text/javascript; charset=utf-8"},
        {"/icon.svg", "image/svg+xml"},
        {"/vendor/uplot/LICENSE.txt", "text/plain; charset=utf-8"}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct answer a;
        assert_int_equal(rig_get(&rig, files[i][0], &a), 200);
        assert_string_equal(answer_header(&a, "Content-Type"), files[i][1]);
        assert_true(a.body.n > 100);
        answer_free(&a);
    }
    struct answer a;
    rig_get(&rig, "/", &a);
    // What the policy forbids would not run: nothing inline, nothing from elsewhere.
    assert_null(strstr(a.body.p, "://"));
    assert_null(strstr(a.body.p, " style="));
    assert_null(strstr(a.body.p, "onclick"));
    answer_free(&a);
}

static void a_connection_serves_many_requests(void **state)
{
    (void)state;
    int fd = rig_connect(&rig);
    struct buf out = {0};
    buf_printf(&out, "GET /health HTTP/1.1\r\nHost: localhost:%d\r\n\r\n", server_port(rig.server));
    for (int i = 0; i < 20; i++) {
        struct answer a;
        assert_true(send_all(fd, out.p, out.n));
        read_answer(fd, &a, false);
        assert_int_equal(a.status, 200);
        answer_free(&a);
    }
    // Two at once, one behind the other.
    assert_true(send_all(fd, out.p, out.n));
    assert_true(send_all(fd, out.p, out.n));
    struct buf in = {0};
    while (!in.p || !strstr(strstr(in.p, "\"status\"") ? strstr(in.p, "\"status\"") + 1 : in.p,
                            "\"status\"")) {
        char *to = buf_reserve(&in, 4096);
        ssize_t n = recv(fd, to, 4096, 0);
        assert_true(n > 0);
        in.n += (size_t)n;
        in.p[in.n] = '\0';
    }
    buf_free(&in);
    buf_free(&out);
    close(fd);
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
        cmocka_unit_test(head_answers_as_get_without_the_body),
        cmocka_unit_test(every_answer_carries_the_safety_headers),
        cmocka_unit_test(an_unchanged_answer_is_not_sent_again),
        cmocka_unit_test(large_answers_are_packed_when_asked_for),
        cmocka_unit_test(errors_are_json_that_names_the_field),
        cmocka_unit_test(a_wrong_method_is_405_with_the_right_ones),
        cmocka_unit_test(metrics_are_json_or_prometheus_as_asked),
        cmocka_unit_test(prometheus_text_is_well_formed),
        cmocka_unit_test(sensors_are_searched_and_paged),
        cmocka_unit_test(incidents_take_a_technicians_word),
        cmocka_unit_test(a_wrong_word_on_an_incident_changes_nothing),
        cmocka_unit_test(a_setting_is_changed_while_running),
        cmocka_unit_test(a_wrong_setting_is_named_and_nothing_changes),
        cmocka_unit_test(the_page_and_its_parts_are_served),
        cmocka_unit_test(a_connection_serves_many_requests),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
