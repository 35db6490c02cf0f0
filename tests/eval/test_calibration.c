// Calibration of confidences: its error, its means, what counts.
#include "eval/calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/diagnoses.h"
#include "test.h"

// By hand: four at 0.95 of which three are right (distance 0.2), one wrong at 0.35 (0.35), in 5:
// (4 * 0.2 + 1 * 0.35) / 5.
static void the_error_is_the_mean_distance_between_confidence_and_right_answers(void **state)
{
    (void)state;
    struct calibration c = {0};
    for (int i = 0; i < 4; i++)
        calibration_add(&c, 0.95, i > 0);
    calibration_add(&c, 0.35, false);
    struct calibration_result r = calibration_result(&c);
    assert_int_equal(r.answers, 5);
    assert_close(r.error, (4 * 0.2 + 0.35) / 5, 1e-12);
    assert_close(r.right_mean, 0.95, 1e-12);
    assert_close(r.wrong_mean, (0.95 + 0.35) / 2, 1e-12);
}

static void confidences_that_keep_their_promise_have_no_error(void **state)
{
    (void)state;
    struct calibration c = {0};
    for (int i = 0; i < 10; i++)
        calibration_add(&c, 0.8, i < 8);
    calibration_add(&c, 1, true);
    calibration_add(&c, 0, false);
    assert_close(calibration_result(&c).error, 0, 1e-12);
}

static void answers_without_a_confidence_do_not_count(void **state)
{
    (void)state;
    struct calibration c = {0};
    struct buf text = {0};
    calibration_add(&c, NAN, true);
    struct calibration_result r = calibration_result(&c);
    assert_int_equal(r.answers, 0);
    assert_true(isnan(r.error) && isnan(r.right_mean) && isnan(r.wrong_mean));
    calibration_text(&c, &text);
    assert_int_equal(text.n, 0);
    buf_free(&text);
}

// An answer with the right cause that cites nothing is right in what its confidence promises.
static void of_a_diagnosis_the_cause_is_what_confidence_promises(void **state)
{
    (void)state;
    static const char path[] = "tests/quality/diagnoses.jsonl";
    struct score_report *r = calloc(1, sizeof *r);
    struct buf lines = {0};
    struct err err;
    assert_ok(score_file(&score_diagnostics, path, NULL, r, &err), err);
    uint64_t cases = r->cases;
    for (uint64_t i = 0; i < cases; i++)
        buf_add_z(&lines, "{\"answer\": \"A blown fuse.\", \"confidence\": 0.75}\n");
    assert_ok(score_lines(&score_diagnostics, path, buf_str(&lines), r, &err), err);
    struct calibration_result c = calibration_result(&r->calibration);
    assert_int_equal(c.answers, cases);
    assert_int_equal(r->calibration.bins[7].right, r->metrics[DIAGNOSES_CAUSE].good);
    assert_true(r->metrics[DIAGNOSES_CAUSE].good > 0);
    buf_reset(&lines);
    buf_add_z(&lines, "{\"answer\": \"A blown fuse.\", \"confidence\": 75}\n");
    assert_int_equal(score_lines(&score_diagnostics, path, buf_str(&lines), r, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "the answers:1: confidence 75"));
    buf_free(&lines);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_error_is_the_mean_distance_between_confidence_and_right_answers),
        cmocka_unit_test(confidences_that_keep_their_promise_have_no_error),
        cmocka_unit_test(answers_without_a_confidence_do_not_count),
        cmocka_unit_test(of_a_diagnosis_the_cause_is_what_confidence_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
