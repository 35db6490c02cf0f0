// The UCR score: the edges of what counts as found.
#include "test.h"

#include <math.h>

#include "eval/score_ucr.h"

static void short_anomalies_leave_a_hundred_on_each_side(void **state)
{
    (void)state;
    assert_false(score_ucr_right(5000, 5009, 4900));
    assert_true(score_ucr_right(5000, 5009, 4901));
    assert_true(score_ucr_right(5000, 5009, 5005));
    assert_true(score_ucr_right(5000, 5009, 5108));
    assert_false(score_ucr_right(5000, 5009, 5109));
}

static void long_anomalies_leave_their_own_length(void **state)
{
    (void)state;
    assert_false(score_ucr_right(5000, 5499, 4500));
    assert_true(score_ucr_right(5000, 5499, 4501));
    assert_true(score_ucr_right(5000, 5499, 5998));
    assert_false(score_ucr_right(5000, 5499, 5999));
}

static void no_answer_is_wrong_even_near_the_start(void **state)
{
    (void)state;
    assert_false(score_ucr_right(20, 30, 0));
}

static void the_first_of_the_highest_scores_after_training_is_the_answer(void **state)
{
    (void)state;
    const double scores[] = {9, 9, 1, 3, 3, 2};
    assert_int_equal(score_ucr_position(scores, 6, 2), 4);
    assert_int_equal(score_ucr_position(scores, 6, 1), 2);
    assert_int_equal(score_ucr_position(scores, 6, 6), 0);
}

static void scores_that_are_no_numbers_are_passed_over(void **state)
{
    (void)state;
    const double scores[] = {NAN, NAN, -2, -1};
    assert_int_equal(score_ucr_position(scores, 4, 0), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_anomalies_leave_a_hundred_on_each_side),
        cmocka_unit_test(long_anomalies_leave_their_own_length),
        cmocka_unit_test(no_answer_is_wrong_even_near_the_start),
        cmocka_unit_test(the_first_of_the_highest_scores_after_training_is_the_answer),
        cmocka_unit_test(scores_that_are_no_numbers_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
