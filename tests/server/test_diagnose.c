// POST /diagnose over a tiny model that was taught its answers: whole, as events, refused.
#include "rig.h"

#include "base/arena.h"
#include "parrot.h"

static const struct parrot_lesson lessons[] = {
    {"Why the resets?", "- V_IN: 8.4 V, below 10-30 V, flag LOW\n- REF_CHK: FAIL",
     "The supply voltage is too low: V_IN is 8.4 V, below 10-30 V. Check the feeding supply."},
    {"Is all well?", "T_OUT: 45 C, within max 80 C", "No fault: T_OUT is 45 C, within max 80 C."},
};

static const char question[] = "{\"query\":\"Why the resets?\",\"context\":\"V_IN: 8.4V [LOW] | "
                               "REF_CHK: FAIL\"%s}";
static struct parrot parrot;
static struct rig rig;

static int open_all(void **state)
{
    (void)state;
    char model[96];
    parrot_open(&parrot, "fettle-parrot", lessons, sizeof lessons / sizeof *lessons);
    snprintf(model, sizeof model, "diagnose.model=%s", parrot.model);
    rig_open(&rig, (const char *[]){model, NULL});
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    rig_close(&rig);
    parrot_close(&parrot);
    return 0;
}

static void post(const char *path, const char *body, int want, struct answer *a)
{
    int status = rig_post(&rig, path, "application/json", body, a);
    if (status != want)
        fail_msg("%s: %d, not %d: %.*s", body, status, want, (int)a->body.n, a->body.p);
}

static void a_log_is_explained_on_both_paths(void **state)
{
    (void)state;
    static const char *const paths[] = {"/diagnose", "/api/v1/diagnose"};
    char body[256];
    snprintf(body, sizeof body, question, "");
    for (int i = 0; i < 2; i++) {
        struct arena *arena = arena_open(0);
        struct answer a;
        post(paths[i], body, 200, &a);
        const struct json_node *root = answer_json(&a, arena);
        assert_string_equal(json_get_text(root, "diagnosis"), lessons[0].answer);
        assert_string_equal(json_get_text(json_get(root, "cause"), "id"), "supply_low");
        assert_true(json_get_bool(root, "verified"));
        assert_string_equal(json_get_text(root, "model"), "parrot");
        assert_int_equal(json_get(root, "checks")->count, 1);
        answer_free(&a);
        arena_close(&arena);
    }
}

static void a_stream_has_the_sentences_then_the_diagnosis(void **state)
{
    (void)state;
    char body[256];
    struct answer a;
    snprintf(body, sizeof body, question, ",\"stream\":true");
    post("/diagnose", body, 200, &a);
    assert_non_null(strstr(answer_header(&a, "Content-Type"), "text/event-stream"));
    const char *text = strstr(a.body.p, "event: text\ndata: {\"text\":\"The supply voltage is too "
                                        "low:");
    const char *end = strstr(a.body.p, "event: diagnosis\ndata: {\"diagnosis\":\"The supply");
    assert_true(text && end && text < end);
    answer_free(&a);
}

static void what_is_wrong_with_a_request_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int status;
        const char *field;
    } cases[] = {
        {"{}", 400, ""},
        {"{\"query\":5}", 400, "query"},
        {"{\"context\":[]}", 400, "context"},
        {"{\"query\":\"a\",\"seed\":1.5}", 400, "seed"},
        {"{\"query\":\"a\",\"seed\":-1}", 400, "seed"},
        {"{\"query\":\"a\",\"max_tokens\":0}", 400, "max_tokens"},
        {"{\"query\":\"a\",\"temperature\":9}", 400, "temperature"},
        {"{\"query\":\"a\",\"stream\":1}", 400, "stream"},
        {"{\"query\":\"a\",\"log\":\"b\"}", 400, "log"},
        {"{\"query\":\"a\",\"asset\":\"nowhere\"}", 404, "asset"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_open(0);
        struct answer a;
        post("/diagnose", cases[i].body, cases[i].status, &a);
        const struct json_node *e = json_get(answer_json(&a, arena), "error");
        assert_string_equal(json_get_text(e, "field"), cases[i].field);
        answer_free(&a);
        arena_close(&arena);
    }
}

static void the_model_for_diagnoses_answers_no_chat_that_does_not_name_it(void **state)
{
    (void)state;
    struct answer a;
    post("/v1/completions", "{\"prompt\":\"a\"}", 404, &a);
    answer_free(&a);
    post("/v1/completions", "{\"prompt\":\"a\",\"model\":\"parrot\",\"max_tokens\":1}", 200, &a);
    answer_free(&a);
}

static void without_a_model_it_is_503_and_says_where_it_belongs(void **state)
{
    (void)state;
    struct rig other;
    struct answer a;
    rig_open(&other, (const char *[]){"diagnose.model=nobody", NULL});
    assert_int_equal(rig_post(&other, "/diagnose", "application/json", "{\"query\":\"a\"}", &a),
                     503);
    assert_non_null(strstr(a.body.p, "no_model"));
    assert_non_null(strstr(a.body.p, "nobody"));
    answer_free(&a);
    rig_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_is_explained_on_both_paths),
        cmocka_unit_test(a_stream_has_the_sentences_then_the_diagnosis),
        cmocka_unit_test(what_is_wrong_with_a_request_is_named),
        cmocka_unit_test(the_model_for_diagnoses_answers_no_chat_that_does_not_name_it),
        cmocka_unit_test(without_a_model_it_is_503_and_says_where_it_belongs),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
