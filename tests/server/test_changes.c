// What people change: words on incidents, settings; a wrong one changes nothing.
#include "full_plant.h"
#include "shape.h"

static void incidents_take_a_technicians_word(void **state)
{
    (void)state;
    struct answer a;
    const char *json = "application/json";
    assert_int_equal(
        rig_ask(&rig, "POST", "/api/v1/incidents/1/acknowledge", NULL, STR_LIT(""), &a), 200);
    struct json_node *root = answer_json(&a, arena);
    assert_string_equal(json_get_text(root, "state"), "acknowledged");
    assert_true(shape_fits_object(root, "IncidentDetail"));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incidents_take_a_technicians_word),
        cmocka_unit_test(a_wrong_word_on_an_incident_changes_nothing),
        cmocka_unit_test(a_setting_is_changed_while_running),
        cmocka_unit_test(a_wrong_setting_is_named_and_nothing_changes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
