// Models over HTTP: listed, loaded and unloaded, measured, with their adapters.
#include "openai_rig.h"

#include "base/file.h"

static void metrics_tell_what_a_model_does(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    struct answer a;
    post(text_path, "{\"prompt\":\"abc\",\"max_tokens\":3}", 200, arena);
    assert_int_equal(rig_get(&rig, "/metrics?format=json", &a), 200);
    const struct json_node *models = json_get(answer_json(&a, arena), "models");
    assert_int_equal(models->count, 1);
    const struct json_node *serving = json_get(models->first, "serving");
    assert_true(json_get(serving, "tokens")->number >= 3);
    assert_int_equal(json_get(serving, "queue")->number, 3);
    answer_free(&a);
    assert_int_equal(rig_get(&rig, "/metrics", &a), 200);
    char line[160];
    snprintf(line, sizeof line, "fettle_llm_tokens_total{model=\"%s\"} ",
             json_get_text(models->first, "name"));
    assert_non_null(strstr(a.body.p, line));
    assert_non_null(strstr(a.body.p, "# TYPE fettle_llm_guessed_tokens_total counter\n"));
    answer_free(&a);
    arena_close(&arena);
}

static char *answer_with(struct arena *arena, const char *members)
{
    char body[256];
    snprintf(body, sizeof body,
             "{\"prompt\":\"the pump hums\",\"max_tokens\":24,\"temperature\":0%s}", members);
    const struct json_node *root = post(text_path, body, 200, arena);
    return strdup(json_get_text(json_get(root, "choices")->first, "text"));
}

static void adapters_are_chosen_by_name_or_number(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    char name[64], members[128];
    snprintf(name, sizeof name, "fettle-openai-%d", (int)getpid());
    char *plain = answer_with(arena, "");
    snprintf(members, sizeof members, ",\"model\":\"%s:pump\"", name);
    char *pump = answer_with(arena, members);
    char *first = answer_with(arena, ",\"lora\":[{\"id\":0,\"scale\":1},{\"id\":1,\"scale\":0}]");
    snprintf(members, sizeof members, ",\"model\":\"%s:fan\"", name);
    char *fan = answer_with(arena, members);
    char *off = answer_with(arena, ",\"lora\":[{\"id\":0,\"scale\":0}]");
    assert_string_not_equal(pump, plain);
    assert_string_not_equal(fan, plain);
    assert_string_not_equal(fan, pump);
    assert_string_equal(first, pump);
    assert_string_equal(off, plain);
    char *all[] = {plain, pump, first, fan, off};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    arena_close(&arena);
}

static void adapters_are_listed_as_models(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    struct answer a;
    assert_int_equal(rig_get(&rig, "/v1/models", &a), 200);
    const struct json_node *data = json_get(answer_json(&a, arena), "data");
    char want[96];
    snprintf(want, sizeof want, "fettle-openai-%d:pump", (int)getpid());
    assert_int_equal(data->count, 3);
    assert_string_equal(json_get_text(data->first->next, "id"), want);
    assert_string_equal(json_get_text(data->first->next, "parent"),
                        json_get_text(data->first, "id"));
    answer_free(&a);
    snprintf(want, sizeof want, "{\"prompt\":\"a\",\"model\":\"fettle-openai-%d:none\"}",
             (int)getpid());
    const struct json_node *e = json_get(post(text_path, want, 404, arena), "error");
    assert_non_null(strstr(json_get_text(e, "message"), ":pump"));
    arena_close(&arena);
}

static void models_are_listed_unloaded_and_loaded(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    struct answer a;
    char path[160], name[64];
    snprintf(name, sizeof name, "fettle-openai-%d", (int)getpid());
    assert_int_equal(rig_get(&rig, "/v1/models", &a), 200);
    struct json_node *root = answer_json(&a, arena);
    assert_string_equal(json_get_text(json_get(root, "data")->first, "id"), name);
    answer_free(&a);
    snprintf(path, sizeof path, "/api/v1/models/%s/unload", name);
    post(path, "{}", 200, arena);
    post(path, "{}", 409, arena);
    post(text_path, "{\"prompt\":\"a\"}", 404, arena);
    assert_int_equal(rig_get(&rig, "/status", &a), 200);
    assert_false(json_get_bool(answer_json(&a, arena), "llm_active"));
    answer_free(&a);
    snprintf(path, sizeof path, "/api/v1/models/%s/load", name);
    post(path, "{}", 200, arena);
    post(path, "{}", 409, arena);
    post(text_path, "{\"prompt\":\"a\"}", 200, arena);
    post("/api/v1/models/nothing/load", "{}", 404, arena);
    post("/api/v1/models/..%2f..%2fetc/load", "{}", 404, arena);
    post("/api/v1/models/.hidden/load", "{}", 400, arena);
    arena_close(&arena);
}

static void a_file_that_is_no_model_is_refused_and_told(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    struct answer a;
    struct err err;
    char path[160];
    snprintf(path, sizeof path, "%s/models", rig.dir);
    assert_ok(file_make_dirs(path, &err), err);
    snprintf(path, sizeof path, "%s/models/broken.gguf", rig.dir);
    assert_ok(file_replace(path, "no model at all", 15, &err), err);
    post("/api/v1/models/broken/load", "{}", 400, arena);
    assert_int_equal(rig_get(&rig, "/api/v1/models", &a), 200);
    const struct json_node *list = json_get(answer_json(&a, arena), "models");
    assert_int_equal(list->count, 2);
    assert_string_equal(json_get_text(list->first->next, "name"), "broken");
    assert_non_null(strstr(json_get_text(list->first->next, "error"), "broken.gguf"));
    answer_free(&a);
    arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_tell_what_a_model_does),
        cmocka_unit_test(adapters_are_chosen_by_name_or_number),
        cmocka_unit_test(adapters_are_listed_as_models),
        cmocka_unit_test(models_are_listed_unloaded_and_loaded),
        cmocka_unit_test(a_file_that_is_no_model_is_refused_and_told),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
