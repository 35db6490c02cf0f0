// The SKAB scores: counts by hand; change points against the Python protocol (nab_cp).
#include "test.h"

#include <math.h>

#include "base/clock.h"
#include "eval/score_skab.h"

enum { ROWS = 300 };

static void rates_follow_from_the_four_counts(void **state)
{
    (void)state;
    const unsigned char truth[] = {1, 1, 1, 0, 0, 0, 0, 0}, alarms[] = {1, 1, 0, 1, 0, 0, 0, 0};
    struct score_skab_outliers o = {0};
    score_skab_add_outliers(&o, truth, alarms, sizeof truth);
    assert_int_equal(o.tp, 2);
    assert_int_equal(o.fp, 1);
    assert_int_equal(o.fn, 1);
    assert_int_equal(o.tn, 4);
    assert_close(score_skab_f1(&o), 2.0 / 3, 1e-12);
    assert_close(score_skab_far(&o), 20, 1e-12);
    assert_close(score_skab_mar(&o), 100.0 / 3, 1e-12);
}

static void counts_of_files_are_summed_before_dividing(void **state)
{
    (void)state;
    const unsigned char all[] = {1, 1, 1, 1}, none[] = {0, 0, 0, 0};
    struct score_skab_outliers o = {0};
    score_skab_add_outliers(&o, all, all, 3);
    score_skab_add_outliers(&o, all, none, 1);
    assert_close(score_skab_f1(&o), 3 / 3.5, 1e-12);
    assert_close(score_skab_mar(&o), 25, 1e-12);
}

static void nothing_to_find_gives_no_figure(void **state)
{
    (void)state;
    struct score_skab_outliers o = {0};
    struct score_skab_changes c = {0};
    assert_true(isnan(score_skab_f1(&o)));
    assert_true(isnan(score_skab_far(&o)));
    assert_true(isnan(score_skab_mar(&o)));
    assert_true(isnan(score_skab_change_score(&c, SKAB_STANDARD)));
}

// Rows that are `step` seconds apart; `truth` and `found` are lists of rows, ended by -1.
static struct score_skab_changes changes(int64_t step, const int *truth, const int *found)
{
    int64_t times[ROWS];
    unsigned char t[ROWS] = {0}, f[ROWS] = {0};
    struct score_skab_changes c = {0};
    struct err err = {0};
    for (int i = 0; i < ROWS; i++)
        times[i] = i * step * US_PER_SECOND;
    for (; *truth >= 0; truth++)
        t[*truth] = 1;
    for (; *found >= 0; found++)
        f[*found] = 1;
    assert_ok(score_skab_add_changes(&c, times, t, f, ROWS, &err), err);
    return c;
}

static void check(const struct score_skab_changes *c, double standard, double low_fp, double low_fn)
{
    assert_close(score_skab_change_score(c, SKAB_STANDARD), standard, 0.005);
    assert_close(score_skab_change_score(c, SKAB_LOW_FP), low_fp, 0.005);
    assert_close(score_skab_change_score(c, SKAB_LOW_FN), low_fn, 0.005);
}

static void a_detection_at_once_is_perfect_and_silence_is_zero(void **state)
{
    (void)state;
    struct score_skab_changes c = changes(1, (int[]){100, -1}, (int[]){100, -1});
    check(&c, 100, 100, 100);
    c = changes(1, (int[]){100, -1}, (int[]){-1});
    check(&c, 0, 0, 0);
    assert_int_equal(c.missed, 1);
}

static void a_later_detection_earns_less_down_to_the_edge_of_a_minute(void **state)
{
    (void)state;
    struct score_skab_changes c = changes(1, (int[]){100, -1}, (int[]){130, -1});
    check(&c, 72.2, 69.45, 81.47);
    c = changes(1, (int[]){100, -1}, (int[]){160, -1});
    check(&c, 44.5, 39.0, 63.0);
    assert_int_equal(c.missed, 0);
    c = changes(1, (int[]){100, -1}, (int[]){161, -1});
    assert_int_equal(c.missed, 1);
    assert_int_equal(c.false_alarms, 1);
}

static void the_first_detection_of_a_window_counts_and_those_outside_cost(void **state)
{
    (void)state;
    struct score_skab_changes c = changes(1, (int[]){100, -1}, (int[]){115, 120, 290, -1});
    check(&c, 86.58, 80.29, 91.05);
    assert_int_equal(c.false_alarms, 1);
}

static void of_windows_that_overlap_the_later_one_begins_later(void **state)
{
    (void)state;
    struct score_skab_changes c = changes(1, (int[]){100, 130, -1}, (int[]){128, 170, 250, -1});
    check(&c, 78.36, 73.73, 85.57);
    assert_int_equal(c.missed, 0);
    assert_int_equal(c.truths, 2);
}

static void windows_are_of_time_and_not_of_rows(void **state)
{
    (void)state;
    struct score_skab_changes c =
        changes(7, (int[]){10, 15, 40, -1}, (int[]){9, 16, 17, 48, 49, 70, -1});
    check(&c, 28.19, 19.42, 41.01);
    assert_int_equal(c.missed, 1);
    assert_int_equal(c.false_alarms, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_follow_from_the_four_counts),
        cmocka_unit_test(counts_of_files_are_summed_before_dividing),
        cmocka_unit_test(nothing_to_find_gives_no_figure),
        cmocka_unit_test(a_detection_at_once_is_perfect_and_silence_is_zero),
        cmocka_unit_test(a_later_detection_earns_less_down_to_the_edge_of_a_minute),
        cmocka_unit_test(the_first_detection_of_a_window_counts_and_those_outside_cost),
        cmocka_unit_test(of_windows_that_overlap_the_later_one_begins_later),
        cmocka_unit_test(windows_are_of_time_and_not_of_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
