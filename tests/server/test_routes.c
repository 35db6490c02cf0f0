// The route table and the documents made from it.
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "plant/plant.h"
#include "server/openapi.h"
#include "server/route.h"
#include "server/schema.h"
#include "server/server.h"

static const struct route *find(const char *method, const char *path)
{
    unsigned methods;
    struct str id;
    return route_find(method, path, &methods, &id);
}

static void every_route_declares_who_may_use_it(void **state)
{
    (void)state;
    for (const struct route *r = routes; r->path; r++) {
        assert_int_not_equal(r->role, ROLE_NONE);
        assert_non_null(r->handle);
        assert_true(r->summary && r->summary[0]);
        assert_non_null(r->reply_schema);
    }
}

static void only_get_is_public_or_for_viewers(void **state)
{
    (void)state;
    for (const struct route *r = routes; r->path; r++) {
        if (r->method == METHOD_GET) {
            assert_true(r->role == ROLE_PUBLIC || r->role == ROLE_VIEWER);
            assert_int_equal(r->body, BODY_NONE);
        } else {
            assert_true(r->role >= ROLE_DEVICE);
            assert_true(r->body != BODY_NONE);
        }
    }
}

static void no_method_and_path_stand_twice(void **state)
{
    (void)state;
    for (const struct route *r = routes; r->path; r++)
        assert_ptr_equal(find(route_method_name(r->method), r->path), r);
}

static void path_parameters_and_paths_agree(void **state)
{
    (void)state;
    for (const struct route *r = routes; r->path; r++) {
        size_t in_path = 0;
        for (const struct param_def *p = r->params; p && p->name; p++)
            if (p->name[0] == '{') {
                assert_non_null(strstr(r->path, p->name));
                assert_true(p->required);
                in_path++;
            }
        assert_int_equal(in_path, strchr(r->path, '{') ? 1 : 0);
    }
}

static void parameters_are_described_and_fit(void **state)
{
    (void)state;
    for (const struct route *r = routes; r->path; r++) {
        size_t n = 0;
        for (const struct param_def *p = r->params; p && p->name; p++, n++) {
            assert_true(p->help && p->help[0]);
            assert_true(p->type != PARAM_INT || p->min < p->max);
            assert_int_equal(p->type == PARAM_CHOICE, p->choices != NULL);
        }
        assert_true(n <= PARAMS_MAX);
    }
}

static const char *choices_of(const char *path, const char *name)
{
    for (const struct param_def *p = find("GET", path)->params; p->name; p++)
        if (strcmp(p->name, name) == 0)
            return p->choices;
    fail_msg("%s has no %s", path, name);
    return NULL;
}

static void choices_are_the_words_of_the_plant(void **state)
{
    (void)state;
    static const char kinds[] = ""
#define X(NAME, name, text) name "|"
        ANOMALY_KINDS(X);
#undef X
    const char *choices = choices_of("/anomalies", "kind");
    assert_int_equal(strlen(choices) + 1, strlen(kinds));
    assert_memory_equal(choices, kinds, strlen(choices));
    struct str rest = str_of(choices_of("/api/v1/incidents", "state"));
    for (enum incident_state s = INCIDENT_OPEN; s <= INCIDENT_RESOLVED; s++)
        assert_true(str_is(str_cut(&rest, '|'), incident_state_name(s)));
    assert_int_equal(rest.n, 0);
}

static void paths_are_found_with_their_ids(void **state)
{
    (void)state;
    unsigned methods;
    struct str id;
    const struct route *r = route_find("POST", "/api/v1/incidents/17/resolve", &methods, &id);
    assert_non_null(r);
    assert_string_equal(r->path, "/api/v1/incidents/{id}/resolve");
    assert_true(str_is(id, "17"));
    assert_ptr_equal(find("HEAD", "/status"), find("GET", "/status"));
}

static void what_only_resembles_a_path_is_not_found(void **state)
{
    (void)state;
    static const char *const paths[] = {"/statu",
                                        "/status/",
                                        "/statuss",
                                        "//status",
                                        "/STATUS",
                                        "",
                                        "status",
                                        "/api/v1/incidents/",
                                        "/api/v1/incidents//resolve",
                                        "/api/v1/incidents/1/resolve/",
                                        "/api/v1/incidents/1/2/resolve",
                                        "/api/v1/../status"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        unsigned methods;
        struct str id;
        assert_null(route_find("GET", paths[i], &methods, &id));
        assert_int_equal(methods, 0);
    }
}

static void a_wrong_method_tells_the_right_ones(void **state)
{
    (void)state;
    unsigned methods;
    struct str id;
    char allow[64];
    assert_null(route_find("DELETE", "/api/v1/incidents/1", &methods, &id));
    route_allow(methods, allow, sizeof allow);
    assert_string_equal(allow, "GET, HEAD, PATCH, OPTIONS");
    assert_null(route_find("get", "/status", &methods, &id));
    route_allow(methods, allow, sizeof allow);
    assert_string_equal(allow, "GET, HEAD, OPTIONS");
}

static bool is_schema(struct str name)
{
    for (const struct schema_field *f = schema_first(); f; f = schema_next(f))
        if (str_is(name, f->schema))
            return true;
    return false;
}

static void every_shape_that_is_named_exists(void **state)
{
    (void)state;
    for (const struct route *r = routes; r->path; r++)
        if (r->reply_schema[0] >= 'A' && r->reply_schema[0] <= 'Z')
            assert_true(is_schema(str_of(r->reply_schema)));
    for (const struct schema_field *f = schema_first(); f; f = schema_next(f)) {
        const char *type = f->type + (f->type[0] == '[' || f->type[0] == '{' ? 2 : 0);
        struct str name = {type, strcspn(type, "?")};
        if (name.n && name.p[0] >= 'A' && name.p[0] <= 'Z')
            assert_true(is_schema(name));
    }
}

static void rows_of_a_shape_stand_together(void **state)
{
    (void)state;
    for (const struct schema_field *f = schema_first(); f; f = schema_next(f)) {
        bool over = false; // another shape came after f's
        for (const struct schema_field *g = schema_next(f); g; g = schema_next(g)) {
            if (strcmp(f->schema, g->schema) != 0) {
                over = true;
                continue;
            }
            assert_false(over);
            assert_string_not_equal(f->name, g->name);
        }
    }
}

static void the_documents_name_every_route(void **state)
{
    (void)state;
    struct buf markdown = {0}, page = {0}, openapi = {0};
    server_docs(&markdown);
    docs_page_write(&page);
    openapi_write(&openapi);
    for (const struct route *r = routes; r->path; r++) {
        char text[256];
        snprintf(text, sizeof text, "## %s %s\n", route_method_name(r->method), r->path);
        assert_non_null(strstr(markdown.p, text));
        snprintf(text, sizeof text, "</span> <code>%s</code>", r->path);
        assert_non_null(strstr(page.p, text));
        snprintf(text, sizeof text, "\"%s\":{", r->path);
        assert_non_null(strstr(openapi.p, text));
    }
    buf_free(&markdown);
    buf_free(&page);
    buf_free(&openapi);
}

static void the_page_sets_words_in_backticks_as_code(void **state)
{
    (void)state;
    struct buf page = {0};
    docs_page_write(&page);
    assert_non_null(strstr(page.p, "The <code>next</code> of the answer before"));
    assert_null(strchr(page.p, '`'));
    buf_free(&page);
}

static void the_page_loads_nothing_from_elsewhere(void **state)
{
    (void)state;
    struct buf page = {0};
    docs_page_write(&page);
    assert_null(strstr(page.p, "http://"));
    assert_null(strstr(page.p, "https://"));
    assert_null(strstr(page.p, "<script"));
    assert_null(strstr(page.p, "style="));
    buf_free(&page);
}

// By Python's JSON and the rules of OpenAPI in check_openapi.py.
static void openapi_is_sound(void **state)
{
    (void)state;
    if (system("command -v python3 >/dev/null") != 0)
        skip();
    char path[] = "/tmp/fettle-openapi-XXXXXX", command[256];
    struct buf text = {0};
    openapi_write(&text);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.p, text.n), (ssize_t)text.n);
    close(fd);
    snprintf(command, sizeof command, "python3 tests/server/check_openapi.py %s", path);
    int status = system(command);
    unlink(path);
    buf_free(&text);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_declares_who_may_use_it),
        cmocka_unit_test(only_get_is_public_or_for_viewers),
        cmocka_unit_test(no_method_and_path_stand_twice),
        cmocka_unit_test(path_parameters_and_paths_agree),
        cmocka_unit_test(parameters_are_described_and_fit),
        cmocka_unit_test(choices_are_the_words_of_the_plant),
        cmocka_unit_test(paths_are_found_with_their_ids),
        cmocka_unit_test(what_only_resembles_a_path_is_not_found),
        cmocka_unit_test(a_wrong_method_tells_the_right_ones),
        cmocka_unit_test(every_shape_that_is_named_exists),
        cmocka_unit_test(rows_of_a_shape_stand_together),
        cmocka_unit_test(the_documents_name_every_route),
        cmocka_unit_test(the_page_sets_words_in_backticks_as_code),
        cmocka_unit_test(the_page_loads_nothing_from_elsewhere),
        cmocka_unit_test(openapi_is_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
