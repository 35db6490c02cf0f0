// How answers travel: methods, headers, errors, packing, connections.
#include "full_plant.h"

#include "server/route.h"
#include "shape.h"

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
        assert_true(shape_fits_object(root, "Error"));
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
        cmocka_unit_test(head_answers_as_get_without_the_body),
        cmocka_unit_test(every_answer_carries_the_safety_headers),
        cmocka_unit_test(an_unchanged_answer_is_not_sent_again),
        cmocka_unit_test(large_answers_are_packed_when_asked_for),
        cmocka_unit_test(errors_are_json_that_names_the_field),
        cmocka_unit_test(a_wrong_method_is_405_with_the_right_ones),
        cmocka_unit_test(the_page_and_its_parts_are_served),
        cmocka_unit_test(a_connection_serves_many_requests),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
