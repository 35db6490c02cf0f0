// The NAB scores: single rules by hand; a small corpus against the Python scorer (nab_score.py).
#include "test.h"

#include <math.h>
#include <stdlib.h>

#include "eval/score_nab.h"

enum { ROWS = 100 };

static const struct nab_window window = {40, 49};

// One file of ROWS rows with one window; `rows` (ended by -1) have score 1, the others 0.
static struct nab_file_score one(const int *rows, enum nab_profile profile)
{
    double scores[ROWS] = {0};
    struct nab_file_score out;
    for (; *rows >= 0; rows++)
        scores[*rows] = 1;
    struct nab_file file = {scores, ROWS, &window, 1};
    score_nab_file(&file, profile, 0.5, &out);
    return out;
}

static double sigmoid(double y)
{
    return 2 / (1 + exp(5 * y)) - 1;
}

static void the_left_edge_of_a_window_is_worth_one(void **state)
{
    (void)state;
    assert_close(one((int[]){40, -1}, NAB_STANDARD).raw, 1, 1e-12);
}

static void a_window_counts_once_with_its_best_detection(void **state)
{
    (void)state;
    struct nab_file_score s = one((int[]){45, 46, 49, -1}, NAB_STANDARD);
    assert_close(s.raw, sigmoid(-0.5) / sigmoid(-1), 1e-12);
    assert_int_equal(s.hits, 1);
    assert_int_equal(s.false_rows, 0);
}

static void a_missed_window_costs_by_profile(void **state)
{
    (void)state;
    assert_close(one((int[]){-1}, NAB_STANDARD).raw, -1, 1e-12);
    assert_close(one((int[]){-1}, NAB_LOW_FN).raw, -2, 1e-12);
}

static void false_rows_cost_in_full_before_a_window_and_ever_more_behind_it(void **state)
{
    (void)state;
    struct nab_file_score s = one((int[]){20, 40, -1}, NAB_STANDARD);
    assert_close(s.raw, 1 - 0.11, 1e-12);
    assert_int_equal(s.false_rows, 1);
    assert_close(one((int[]){40, 50, -1}, NAB_LOW_FP).raw, 1 + 0.22 * sigmoid(1.0 / 9), 1e-12);
    assert_close(one((int[]){40, 77, -1}, NAB_STANDARD).raw, 1 - 0.11, 1e-12);
}

static void rows_of_the_probation_do_not_count(void **state)
{
    (void)state;
    assert_int_equal(nab_probation(100), 15);
    assert_int_equal(nab_probation(99), 14);
    assert_int_equal(nab_probation(5000), 750);
    assert_int_equal(nab_probation(22695), 750);
    assert_int_equal(one((int[]){14, -1}, NAB_STANDARD).false_rows, 0);
    assert_int_equal(one((int[]){15, -1}, NAB_STANDARD).false_rows, 1);
}

static void a_window_of_one_row_is_scored(void **state)
{
    (void)state;
    double scores[ROWS] = {[60] = 1, [61] = 1};
    const struct nab_window short_window = {60, 60};
    struct nab_file file = {scores, ROWS, &short_window, 1};
    struct nab_file_score s;
    score_nab_file(&file, NAB_STANDARD, 0.5, &s);
    assert_close(s.raw, 1 - 0.11, 1e-12);
}

static void a_silent_detector_scores_zero_and_a_perfect_one_hundred(void **state)
{
    (void)state;
    double scores[ROWS] = {0};
    struct nab_file file = {scores, ROWS, &window, 1};
    struct score_nab out;
    struct err err = {0};
    assert_ok(score_nab(&file, 1, &out, &err), err);
    assert_close(out.normalised[NAB_STANDARD], 0, 1e-12);
    assert_close(out.threshold[NAB_STANDARD], NAB_THRESHOLD_NONE, 0);
    scores[40] = 0.3;
    assert_ok(score_nab(&file, 1, &out, &err), err);
    for (int p = 0; p < NAB_PROFILES; p++) {
        assert_close(out.normalised[p], 100, 1e-12);
        assert_close(out.threshold[p], 0.3, 0);
    }
}

static void one_threshold_serves_the_whole_corpus(void **state)
{
    (void)state;
    const struct nab_window second[] = {{20, 24}, {30, 41}};
    double *scores[3];
    struct nab_file files[3] = {{.rows = 100, .windows = &window, .window_count = 1},
                                {.rows = 60, .windows = second, .window_count = 2},
                                {.rows = 30}};
    struct score_nab out;
    struct nab_file_score part;
    struct err err = {0};
    for (size_t k = 0; k < 3; k++) {
        scores[k] = calloc(files[k].rows, sizeof *scores[k]);
        assert_non_null(scores[k]);
        for (size_t i = 0; i < files[k].rows; i++)
            scores[k][i] = (double)((i * 37 + k * 11) % 23) / 23;
        files[k].scores = scores[k];
    }
    assert_ok(score_nab(files, 3, &out, &err), err);
    assert_int_equal(out.windows, 3);
    assert_close(out.raw[NAB_STANDARD], 1.0748966206, 1e-9);
    assert_close(out.raw[NAB_LOW_FP], -0.3452233759, 1e-9);
    assert_close(out.raw[NAB_LOW_FN], 1.0748966206, 1e-9);
    assert_close(out.threshold[NAB_STANDARD], 20.0 / 23, 1e-12);
    assert_close(out.threshold[NAB_LOW_FP], 22.0 / 23, 1e-12);
    const double raw[] = {0.3321953937, -0.4483290526, -0.22};
    const size_t hits[] = {1, 1, 0}, false_rows[] = {6, 4, 2};
    for (size_t k = 0; k < 3; k++) {
        score_nab_file(&files[k], NAB_STANDARD, 0.9, &part);
        assert_close(part.raw, raw[k], 1e-9);
        assert_int_equal(part.hits, hits[k]);
        assert_int_equal(part.false_rows, false_rows[k]);
        free(scores[k]);
    }
}

static void parts_of_files_sum_to_the_score_of_the_corpus(void **state)
{
    (void)state;
    double scores[ROWS];
    struct nab_file files[2] = {{scores, ROWS, &window, 1}, {scores, ROWS, NULL, 0}};
    struct score_nab out;
    struct err err = {0};
    for (int i = 0; i < ROWS; i++)
        scores[i] = (double)(i * 31 % 97) / 97;
    assert_ok(score_nab(files, 2, &out, &err), err);
    for (int p = 0; p < NAB_PROFILES; p++) {
        double sum = 0;
        for (int k = 0; k < 2; k++) {
            struct nab_file_score part;
            score_nab_file(&files[k], (enum nab_profile)p, out.threshold[p], &part);
            sum += part.raw;
        }
        assert_close(sum, out.raw[p], 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_left_edge_of_a_window_is_worth_one),
        cmocka_unit_test(a_window_counts_once_with_its_best_detection),
        cmocka_unit_test(a_missed_window_costs_by_profile),
        cmocka_unit_test(false_rows_cost_in_full_before_a_window_and_ever_more_behind_it),
        cmocka_unit_test(rows_of_the_probation_do_not_count),
        cmocka_unit_test(a_window_of_one_row_is_scored),
        cmocka_unit_test(a_silent_detector_scores_zero_and_a_perfect_one_hundred),
        cmocka_unit_test(one_threshold_serves_the_whole_corpus),
        cmocka_unit_test(parts_of_files_sum_to_the_score_of_the_corpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
