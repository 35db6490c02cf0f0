// Every route against every kind of caller: key, host, origin (RELIABILITY 32).
#include "rig.h"

#include "base/file.h"
#include "server/route.h"

static const char key[] = "0123456789abcdef0123456789abcdef";

struct caller {
    const char *name, *headers; // "%d" is the port
    bool known;                 // has the right key
    bool right_host, same_site;
};

static const struct caller callers[] = {
    {"no key", "", false, true, true},
    {"key", "X-API-Key: 0123456789abcdef0123456789abcdef\r\n", true, true, true},
    {"bearer", "Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n", true, true, true},
    {"wrong key", "X-API-Key: 0123456789abcdef0123456789abcdeF\r\n", false, true, true},
    {"empty key", "X-API-Key: \r\n", false, true, true},
    {"half a key", "Authorization: Bearer 0123456789abcdef\r\n", false, true, true},
    {"wrong host", "Host: evil.example:%d\r\nX-API-Key: 0123456789abcdef0123456789abcdef\r\n", true,
     false, true},
    {"wrong port", "Host: localhost:1\r\nX-API-Key: 0123456789abcdef0123456789abcdef\r\n", true,
     false, true},
    {"cross site", "Origin: http://evil.example\r\nX-API-Key: 0123456789abcdef0123456789abcdef\r\n",
     true, true, false},
    {"sandboxed page", "Origin: null\r\nX-API-Key: 0123456789abcdef0123456789abcdef\r\n", true,
     true, false},
    {"fetch metadata",
     "Sec-Fetch-Site: cross-site\r\nX-API-Key: 0123456789abcdef0123456789abcdef\r\n", true, true,
     false},
    {"own page",
     "Origin: http://127.0.0.1:%d\r\nSec-Fetch-Site: same-origin\r\n"
     "X-API-Key: 0123456789abcdef0123456789abcdef\r\n",
     true, true, true},
    {"cross site without key", "Origin: http://evil.example\r\n", false, true, false},
};

// 0: whatever the route itself says to this empty request.
static int expected(const struct route *r, const struct caller *c)
{
    if (!c->right_host)
        return 421;
    if (!c->same_site && r->method != METHOD_GET)
        return 403;
    if (!c->known && r->role != ROLE_PUBLIC)
        return 401;
    return 0;
}

static void ask(const struct rig *rig, const struct route *r, const struct caller *c,
                struct answer *a)
{
    char path[128], headers[512];
    const char *brace = strchr(r->path, '{');
    if (brace)
        snprintf(path, sizeof path, "%.*s1%s", (int)(brace - r->path), r->path,
                 strchr(brace, '}') + 1);
    else
        snprintf(path, sizeof path, "%s", r->path);
    if (strstr(c->headers, "%d"))
        snprintf(headers, sizeof headers, c->headers, server_port(rig->server));
    else
        snprintf(headers, sizeof headers, "%s", c->headers);
    // HEAD, so that the event stream ends, too.
    rig_ask(rig, r->method == METHOD_GET ? "HEAD" : route_method_name(r->method), path, headers,
            (struct str){0}, a);
}

static void every_route_answers_every_caller_as_declared(void **state)
{
    (void)state;
    struct rig rig;
    static const char *const pairs[] = {"server.api_key=0123456789abcdef0123456789abcdef", NULL};
    rig_open(&rig, pairs);
    for (const struct route *r = routes; r->path; r++)
        for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
            struct answer a;
            ask(&rig, r, &callers[i], &a);
            int want = expected(r, &callers[i]);
            bool passed = a.status != 421 && a.status != 403 && a.status != 401 && a.status != 0;
            if (want ? a.status != want : !passed)
                fail_msg("%s %s, %s: %d", route_method_name(r->method), r->path, callers[i].name,
                         a.status);
            if (want == 401)
                assert_non_null(answer_header(&a, "WWW-Authenticate"));
            answer_free(&a);
        }
    rig_close(&rig);
}

static void the_page_is_there_without_a_key_but_not_for_other_hosts(void **state)
{
    (void)state;
    struct rig rig;
    struct answer a;
    static const char *const pairs[] = {"server.api_key=0123456789abcdef0123456789abcdef", NULL};
    rig_open(&rig, pairs);
    assert_int_equal(rig_get(&rig, "/", &a), 200);
    answer_free(&a);
    assert_int_equal(rig_ask(&rig, "GET", "/", "Host: evil.example\r\n", (struct str){0}, &a), 421);
    answer_free(&a);
    rig_close(&rig);
}

static void an_address_for_all_works_with_the_key_from_the_file(void **state)
{
    (void)state;
    struct rig rig;
    struct answer a;
    static const char *const pairs[] = {"server.address=0.0.0.0", NULL};
    rig_open(&rig, pairs);
    assert_string_equal(server_host(rig.server), "127.0.0.1");
    assert_int_equal(rig_get(&rig, "/status", &a), 401);
    answer_free(&a);
    char path[128], headers[256];
    struct buf text = {0};
    struct err err;
    snprintf(path, sizeof path, "%s/api-key", rig.dir);
    assert_ok(file_read(path, 1000, &text, &err), err);
    snprintf(headers, sizeof headers, "X-API-Key: %.64s\r\n", text.p);
    assert_int_equal(rig_ask(&rig, "GET", "/status", headers, (struct str){0}, &a), 200);
    answer_free(&a);
    buf_free(&text);
    rig_close(&rig);
}

static void listed_origins_get_cors_headers_and_others_none(void **state)
{
    (void)state;
    struct rig rig;
    struct answer a;
    static const char *const pairs[] = {"server.cors_origins=https://scada.example", NULL};
    rig_open(&rig, pairs);
    rig_ask(&rig, "GET", "/status", "Origin: https://scada.example\r\n", (struct str){0}, &a);
    assert_string_equal(answer_header(&a, "Access-Control-Allow-Origin"), "https://scada.example");
    assert_non_null(strstr(answer_header(&a, "Vary"), "Origin"));
    assert_null(answer_header(&a, "Access-Control-Allow-Credentials"));
    answer_free(&a);
    rig_ask(&rig, "GET", "/status", "Origin: https://evil.example\r\n", (struct str){0}, &a);
    assert_null(answer_header(&a, "Access-Control-Allow-Origin"));
    answer_free(&a);
    assert_int_equal(rig_ask(&rig, "OPTIONS", "/api/v1/config",
                             "Origin: https://scada.example\r\n"
                             "Access-Control-Request-Method: PATCH\r\n",
                             (struct str){0}, &a),
                     204);
    assert_non_null(strstr(answer_header(&a, "Access-Control-Allow-Methods"), "PATCH"));
    answer_free(&a);
    rig_close(&rig);
}

static enum err_code open_with(const char *const *sets, size_t count, struct err *err)
{
    struct rig rig = {0};
    size_t tables;
    const struct setting_def *const *plain = app_setting_tables(&tables);
    memcpy(rig.tables, plain, tables * sizeof *plain);
    rig.tables[tables++] = server_settings;
    strcpy(rig.dir, "/tmp/fettle-server-XXXXXX");
    assert_non_null(mkdtemp(rig.dir));
    rig.from = (struct app_sources){.tables = rig.tables,
                                    .table_count = tables,
                                    .data_dir = rig.dir,
                                    .sets = sets,
                                    .set_count = count};
    assert_ok(app_open(&rig.from, &rig.app, err), *err);
    enum err_code code = server_open(rig.app, &rig.server, err);
    if (code == ERR_OK)
        server_close(&rig.server);
    app_close(&rig.app, NULL);
    nftw(rig.dir, rig_remove, 16, FTW_DEPTH | FTW_PHYS);
    return code;
}

static void a_start_that_cannot_work_says_why(void **state)
{
    (void)state;
    struct rig rig;
    struct err err;
    char port[64];
    rig_open(&rig, NULL);
    snprintf(port, sizeof port, "server.port=%d", server_port(rig.server));
    const char *const taken[] = {port};
    assert_int_equal(open_with(taken, 1, &err), ERR_CONFLICT);
    assert_non_null(strstr(err.text, "is taken"));
    rig_close(&rig);
    const char *const name[] = {"server.port=0", "server.address=plant.example"};
    assert_int_equal(open_with(name, 2, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "server.address"));
    const char *const elsewhere[] = {"server.port=0", "server.address=203.0.113.1"};
    assert_int_not_equal(open_with(elsewhere, 2, &err), ERR_OK);
    const char *const weak[] = {"server.port=0", "server.api_key=weak"};
    assert_int_equal(open_with(weak, 2, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "server.api_key"));
    assert_null(strstr(err.text, "weak"));
}

static void the_key_is_shown_nowhere(void **state)
{
    (void)state;
    struct rig rig;
    struct answer a;
    char headers[128];
    static const char *const pairs[] = {"server.api_key=0123456789abcdef0123456789abcdef", NULL};
    snprintf(headers, sizeof headers, "X-API-Key: %s\r\n", key);
    rig_open(&rig, pairs);
    static const char *const paths[] = {"/api/v1/config", "/status", "/metrics", "/openapi.json"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(rig_ask(&rig, "GET", paths[i], headers, (struct str){0}, &a), 200);
        assert_null(strstr(a.all.p, key));
        answer_free(&a);
    }
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_answers_every_caller_as_declared),
        cmocka_unit_test(the_page_is_there_without_a_key_but_not_for_other_hosts),
        cmocka_unit_test(an_address_for_all_works_with_the_key_from_the_file),
        cmocka_unit_test(listed_origins_get_cors_headers_and_others_none),
        cmocka_unit_test(a_start_that_cannot_work_says_why),
        cmocka_unit_test(the_key_is_shown_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
