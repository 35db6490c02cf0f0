// A model's answers to cases: in order, the same in any company, of facts or of the bare log.
#include "eval/diagnoses_answer.h"

#include "eval/diagnoses.h"
#include "parrot.h"

static const char log_text[] = "V_IN: 8.4V [LOW] | REF_CHK: FAIL | EVENT: SYSTEM_RESET";
static const char facts_text[] =
    "- V_IN: 8.4 V, below 10-30 V, flag LOW\n- REF_CHK: FAIL\n- EVENT: SYSTEM_RESET";
static const char right[] = "The supply voltage is too low: V_IN is 8.4 V, below 10-30 V.";
static const char wrong[] = "A worn bearing: V_IN is 9 V.";
static const char normal[] = "No fault. T_OUT is 45 C, within max 80 C.";

static const struct parrot_lesson lessons[] = {
    {"Why?", facts_text, right},
    {"Why?", log_text, wrong},
    {"All well?", "- T_OUT: 45 C, within max 80 C", normal},
};

static struct parrot parrot;
static char cases[80];

static void add_case(struct buf *to, const char *question, const char *input, const char *truth)
{
    struct json_out j;
    json_open(&j, to);
    json_object(&j);
    json_key_text(&j, "instruction", question);
    json_key_text(&j, "input", input);
    json_key(&j, "truth");
    json_raw(&j, str_of(truth));
    json_end(&j);
    buf_add_char(to, '\n');
}

static int open_all(void **state)
{
    (void)state;
    struct buf lines = {0};
    struct err err;
    parrot_open(&parrot, "fettle-parrot", lessons, sizeof lessons / sizeof *lessons);
    for (int i = 0; i < 20; i++) {
        add_case(&lines, "Why?", log_text,
                 "{\"state\":\"fault\",\"causes\":[\"supply_low\"],\"deciding\":[{\"key\":\"V_IN\","
                 "\"value\":\"8.4\",\"unit\":\"V\",\"low\":10,\"high\":30}]}");
        add_case(&lines, "All well?", "T_OUT: 45 C (max 80 C)", "{\"state\":\"normal\"}");
    }
    snprintf(cases, sizeof cases, "%s/cases.jsonl", parrot.dir);
    assert_ok(file_replace(cases, lines.p, lines.n, &err), err);
    buf_free(&lines);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    parrot_close(&parrot);
    return 0;
}

static struct diagnoses_run answers(bool raw, bool checked, struct score_report *report)
{
    struct diagnoses_plan plan = {
        .cases = cases, .model = parrot.model, .raw = raw, .checked = checked};
    struct diagnoses_run run;
    struct buf lines = {0};
    struct err err;
    assert_ok(diagnoses_answer(&plan, &lines, &run, &err), err);
    assert_ok(score_lines(&score_diagnostics, cases, buf_str(&lines), report, &err), err);
    buf_free(&lines);
    return run;
}

static void a_model_that_knows_the_answers_is_right(void **state)
{
    (void)state;
    struct score_report *r = calloc(1, sizeof *r);
    struct diagnoses_run run = answers(false, false, r);
    assert_int_equal(run.cases, 40);
    assert_int_equal(run.cut, 0);
    assert_int_equal(r->cases, 40);
    assert_int_equal(r->metrics[DIAGNOSES_RIGHT].good, 40);
    free(r);
}

static void the_bare_log_is_another_input(void **state)
{
    (void)state;
    struct score_report *r = calloc(1, sizeof *r);
    answers(true, false, r);
    assert_int_equal(r->metrics[DIAGNOSES_CAUSE].good, 0);
    assert_int_equal(r->metrics[DIAGNOSES_SUPPORTED].good, 20); // "9 V" of the others is not there
    free(r);
}

static void checked_answers_have_nothing_unsupported(void **state)
{
    (void)state;
    struct score_report *r = calloc(1, sizeof *r);
    struct diagnoses_run run = answers(true, true, r);
    assert_int_equal(run.regenerated, 20);
    assert_int_equal(r->metrics[DIAGNOSES_SUPPORTED].good, 40);
    free(r);
}

static void cases_that_cannot_be_asked_are_refused_by_line(void **state)
{
    (void)state;
    struct diagnoses_plan plan = {.cases = cases, .model = parrot.model, .raw = true};
    struct diagnoses_run run;
    struct buf lines = {0}, text = {0};
    struct err err;
    add_case(&text, "Why?", facts_text, "{\"state\":\"fault\",\"form\":\"prepared\"}");
    assert_ok(file_replace(cases, text.p, text.n, &err), err);
    assert_int_equal(diagnoses_answer(&plan, &lines, &run, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "cases.jsonl:1: the input is prepared"));
    for (int i = 0; i < 500; i++)
        buf_printf(&text, "{\"instruction\":\"");
    assert_ok(file_replace(cases, text.p, text.n, &err), err);
    plan.raw = false;
    assert_int_equal(diagnoses_answer(&plan, &lines, &run, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "cases.jsonl:2"));
    plan.model = "no/such/model.gguf";
    assert_int_equal(diagnoses_answer(&plan, &lines, &run, &err), ERR_NOT_FOUND);
    buf_free(&lines);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_that_knows_the_answers_is_right),
        cmocka_unit_test(the_bare_log_is_another_input),
        cmocka_unit_test(checked_answers_have_nothing_unsupported),
        cmocka_unit_test(cases_that_cannot_be_asked_are_refused_by_line),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
