// Running a detector: what it is told, where its judgements go, what it may not do.
#include "test.h"

#include <math.h>
#include <string.h>

#include "eval/judge.h"

enum { ROWS = 10, TRAIN = 4 };

// What the scripted detector saw and does.
static struct {
    struct eval_setup setup;
    size_t pushed, closed;
    size_t back;
    double bad_score_at;
    enum err_code fails_at_open, fails_at_row_3;
} script;

static int state_of_script;

static enum err_code open_script(const struct eval_setup *setup, void **state, struct err *err)
{
    script.setup = *setup;
    *state = &state_of_script;
    return script.fails_at_open ? err_set(err, script.fails_at_open, "not today") : ERR_OK;
}

static enum err_code push_script(void *state, int64_t time_us, const double *row,
                                 struct eval_judgement *out, struct err *err)
{
    assert_ptr_equal(state, &state_of_script);
    assert_int_equal(time_us, 7 * (int64_t)script.pushed);
    assert_true(row[0] == (double)script.pushed && row[1] == -row[0]);
    assert_true(out->score == 0 && !out->alarm && !out->change_point && out->back == 0);
    if (++script.pushed == 3 && script.fails_at_row_3)
        return err_set(err, script.fails_at_row_3, "row 3");
    out->score = (double)script.pushed == script.bad_score_at ? NAN : (double)script.pushed;
    out->alarm = script.pushed % 2 == 0;
    out->change_point = script.pushed == 5;
    out->back = script.back;
    return ERR_OK;
}

static void close_script(void *state)
{
    assert_ptr_equal(state, &state_of_script);
    script.closed++;
}

static const struct eval_detector scripted = {"scripted",  "",          EVAL_SKAB,
                                              open_script, push_script, close_script};

static enum err_code run(struct eval_marks *m, struct err *err)
{
    struct eval_series s;
    assert_ok(eval_series_open(&s, ROWS, 2, err), *err);
    for (int i = 0; i < ROWS; i++) {
        s.times_us[i] = 7 * i;
        s.values[2 * i] = i;
        s.values[2 * i + 1] = -i;
    }
    enum err_code code = eval_judge(&scripted, &s, TRAIN, 99, m, err);
    eval_series_close(&s);
    return code;
}

static int reset(void **state)
{
    (void)state;
    memset(&script, 0, sizeof script);
    return 0;
}

static void every_row_is_pushed_in_order_with_the_setup_known(void **state)
{
    (void)state;
    struct eval_marks m;
    struct err err = {0};
    assert_ok(run(&m, &err), err);
    assert_int_equal(script.setup.sensors, 2);
    assert_int_equal(script.setup.train_rows, TRAIN);
    assert_int_equal(script.setup.seed, 99);
    assert_int_equal(script.pushed, ROWS);
    assert_int_equal(script.closed, 1);
    for (int i = 0; i < ROWS; i++) {
        assert_close(m.scores[i], i + 1, 0);
        assert_int_equal(m.alarms[i], i % 2);
        assert_int_equal(m.changes[i], i == 4);
    }
    eval_marks_close(&m);
}

static void a_judgement_may_be_of_an_earlier_row(void **state)
{
    (void)state;
    struct eval_marks m;
    struct err err = {0};
    script.back = 3;
    assert_ok(run(&m, &err), err);
    assert_close(m.scores[0], 4, 0);
    assert_close(m.scores[6], 10, 0);
    assert_close(m.scores[7], 0, 0);
    assert_int_equal(m.changes[1], 1);
    eval_marks_close(&m);
}

static void a_judgement_of_a_row_before_the_first_is_dropped(void **state)
{
    (void)state;
    struct eval_marks m;
    struct err err = {0};
    script.back = ROWS;
    assert_ok(run(&m, &err), err);
    for (int i = 0; i < ROWS; i++)
        assert_close(m.scores[i], 0, 0);
    eval_marks_close(&m);
}

static void a_score_that_is_no_number_is_the_detectors_fault(void **state)
{
    (void)state;
    struct eval_marks m;
    struct err err = {0};
    script.bad_score_at = 6;
    assert_int_equal(run(&m, &err), ERR_INTERNAL);
    assert_non_null(strstr(err.text, "scripted"));
    assert_non_null(strstr(err.text, "row 6"));
    assert_int_equal(script.closed, 1);
}

static void a_detector_that_fails_is_closed_and_one_that_did_not_open_is_not(void **state)
{
    (void)state;
    struct eval_marks m;
    struct err err = {0};
    script.fails_at_row_3 = ERR_LIMIT;
    assert_int_equal(run(&m, &err), ERR_LIMIT);
    assert_int_equal(script.closed, 1);
    script.fails_at_open = ERR_UNSUPPORTED;
    assert_int_equal(run(&m, &err), ERR_UNSUPPORTED);
    assert_int_equal(script.closed, 1);
}

static void every_suite_has_a_detector_of_its_own_and_unknown_ones_are_named(void **state)
{
    (void)state;
    const struct eval_detector *d;
    struct err err = {0};
    assert_ok(eval_detector_find(NULL, EVAL_NAB, &d, &err), err);
    assert_true(d->suites & EVAL_NAB);
    assert_ok(eval_detector_find("t2q", EVAL_SKAB, &d, &err), err);
    assert_string_equal(d->name, "t2q");
    assert_int_equal(eval_detector_find("t2q", EVAL_UCR, &d, &err), ERR_USAGE);
    assert_non_null(strstr(err.text, "second_difference"));
    assert_null(strstr(err.text, "t2q,"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_row_is_pushed_in_order_with_the_setup_known, reset),
        cmocka_unit_test_setup(a_judgement_may_be_of_an_earlier_row, reset),
        cmocka_unit_test_setup(a_judgement_of_a_row_before_the_first_is_dropped, reset),
        cmocka_unit_test_setup(a_score_that_is_no_number_is_the_detectors_fault, reset),
        cmocka_unit_test_setup(a_detector_that_fails_is_closed_and_one_that_did_not_open_is_not,
                               reset),
        cmocka_unit_test(every_suite_has_a_detector_of_its_own_and_unknown_ones_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
