// Scoring of diagnoses: the references pass, and each kind of mistake is caught.
#include "eval/diagnoses.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "test.h"

static const char quality[] = "tests/quality/diagnoses.jsonl";

static const char reset_truth[] =
    "{\"state\":\"fault\",\"causes\":[\"supply_low\"],\"deciding\":[{\"key\":\"V_IN\",\"value\":"
    "\"8.4\",\"unit\":\"V\",\"low\":10,\"high\":30}],\"missing\":[]}";
static const char reset_log[] = "V_IN: 8.4V [LOW] | REF_CHK: FAIL | EVENT: SYSTEM_RESET";
static const char normal_truth[] =
    "{\"state\":\"normal\",\"causes\":[],\"deciding\":[],\"missing\":[]}";
static const char asking_truth[] = "{\"state\":\"incomplete\",\"causes\":[],\"deciding\":[],"
                                   "\"missing\":[\"supply voltage\"]}";

// The set of metrics that `answer` fails.
static unsigned failed(const char *truth, const char *log, const char *answer)
{
    struct arena *arena = arena_open(0);
    struct json_node *root;
    struct err err;
    unsigned applied, bad;
    assert_ok(json_read(arena, str_of(truth), "truth", &root, &err), err);
    diagnoses_judge(STR_LIT("Why?"), str_of(log), root, str_of(answer), &applied, &bad);
    arena_close(&arena);
    return bad;
}

static bool fails(const char *truth, const char *log, const char *answer, enum diagnoses_metric m)
{
    return failed(truth, log, answer) >> m & 1;
}

static void a_right_answer_fails_nothing(void **state)
{
    (void)state;
    assert_int_equal(failed(reset_truth, reset_log,
                            "The supply voltage is too low: V_IN is 8.4 V, below the operating "
                            "range of 10-30 V. Check the supply."),
                     0);
    assert_int_equal(failed(normal_truth, "V_IN: 24 V", "No fault: V_IN is 24 V."), 0);
    assert_int_equal(failed(asking_truth, "REF_CHK: FAIL", "What is the supply voltage?"), 0);
}

static void each_mistake_is_caught(void **state)
{
    (void)state;
    assert_true(fails(reset_truth, reset_log, "A worn bearing: V_IN is 8.4 V, below 10-30 V.",
                      DIAGNOSES_CAUSE));
    assert_true(fails(reset_truth, reset_log,
                      "The supply voltage is too low, 8.4 V is below 10-30 V, or it is a leak.",
                      DIAGNOSES_CAUSE));
    assert_true(fails(reset_truth, reset_log, "The supply voltage is too low, below 10-30 V.",
                      DIAGNOSES_EVIDENCE));
    assert_true(
        fails(reset_truth, reset_log, "The supply voltage is too low: 8.4 V.", DIAGNOSES_EVIDENCE));
    assert_true(fails(reset_truth, reset_log,
                      "The supply voltage is too low: 8.4 V is below 10-30 V and 9.9 V.",
                      DIAGNOSES_SUPPORTED));
    assert_true(fails(reset_truth, reset_log,
                      "The supply voltage is too low, 8.4 V below 10-30 V. What is the load?",
                      DIAGNOSES_NO_ASKING));
    assert_true(fails(normal_truth, "V_IN: 24 V", "It is a leak.", DIAGNOSES_NORMAL));
    assert_true(fails(asking_truth, "REF_CHK: FAIL", "It is a leak.", DIAGNOSES_ASKS));
    assert_true(fails(asking_truth, "REF_CHK: FAIL", "What is the colour?", DIAGNOSES_ASKS));
}

static void what_is_missing_is_found_whatever_its_case(void **state)
{
    (void)state;
    assert_int_equal(failed("{\"state\":\"incomplete\",\"missing\":[\"CRC errors\"]}", "age: 78 s",
                            "I need the CRC errors."),
                     0);
    assert_true(fails("{\"state\":\"incomplete\",\"missing\":[\"fan\"]}", "t: 78 C",
                      "What is the fancy value?", DIAGNOSES_ASKS));
}

static void a_denied_cause_is_not_named(void **state)
{
    (void)state;
    assert_int_equal(failed(reset_truth, reset_log,
                            "It is not a leak. The supply voltage is too low: V_IN is 8.4 V, below "
                            "10-30 V."),
                     0);
}

static void the_references_of_the_cases_written_by_hand_pass(void **state)
{
    (void)state;
    struct score_report *r = calloc(1, sizeof *r);
    struct err err;
    assert_non_null(r);
    assert_ok(score_file(&score_diagnostics, quality, NULL, r, &err), err);
    assert_true(r->cases >= 60);
    for (size_t i = 0; i < r->failure_count; i++)
        print_message("line %llu (%x): %s\n", (unsigned long long)r->failures[i].line,
                      r->failures[i].failed, r->failures[i].answer);
    assert_int_equal(r->failure_count, 0);
    free(r);
}

static void answers_that_do_not_fit_the_cases_are_refused_by_line(void **state)
{
    (void)state;
    struct score_report *r = calloc(1, sizeof *r);
    struct err err;
    char path[] = "/tmp/fettle-answers-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_ok(file_replace(path, "{\"answer\":\"x\"}\n", 15, &err), err);
    assert_int_equal(score_file(&score_diagnostics, quality, path, r, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "fewer"));
    assert_ok(file_replace(path, "{\"reply\":1}\n", 12, &err), err);
    assert_int_equal(score_file(&score_diagnostics, quality, path, r, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, ":1:"));
    assert_ok(file_replace(path, "{\"truth\":{\"state\":\"odd\"}}\n", 27, &err), err);
    assert_int_equal(score_file(&score_diagnostics, path, NULL, r, &err), ERR_INPUT);
    assert_int_equal(score_file(&score_diagnostics, "no/such/file", NULL, r, &err), ERR_NOT_FOUND);
    unlink(path);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_answer_fails_nothing),
        cmocka_unit_test(each_mistake_is_caught),
        cmocka_unit_test(what_is_missing_is_found_whatever_its_case),
        cmocka_unit_test(a_denied_cause_is_not_named),
        cmocka_unit_test(the_references_of_the_cases_written_by_hand_pass),
        cmocka_unit_test(answers_that_do_not_fit_the_cases_are_refused_by_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
