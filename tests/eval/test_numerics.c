// Eigenvalues, control limits, rolling statistics: against numpy 1.24 and scipy 1.10.
#include "test.h"

#include <math.h>
#include <string.h>

#include "eval/control_limit.h"
#include "eval/eigen.h"
#include "eval/rolling.h"

static const double mixed[] = {4, 1, .5, .2, 1, 3, .3, .1, .5, .3, 5, .7, .2, .1, .7, 1};
static const double pairs[] = {1, .9, .1, 0, .9, 1, .2, .1, .1, .2, 1, .6, 0, .1, .6, 1};

static void jacobi_sorts_eigenvalues_and_finds_their_vectors(void **state)
{
    (void)state;
    double a[16], values[4], vectors[16];
    const double expected[] = {5.53089532, 4.21021121, 2.38215027, 0.8767432};
    memcpy(a, mixed, sizeof a);
    eigen_jacobi(a, 4, values, vectors);
    for (int k = 0; k < 4; k++) {
        assert_close(values[k], expected[k], 1e-8);
        for (int i = 0; i < 4; i++) {
            double product = 0;
            for (int j = 0; j < 4; j++)
                product += mixed[i * 4 + j] * vectors[k * 4 + j];
            assert_close(product, values[k] * vectors[k * 4 + i], 1e-12);
        }
    }
}

static void qr_order_is_that_of_numpy_which_does_not_sort(void **state)
{
    (void)state;
    double a[16], values[4];
    const double expected[] = {2.00603083, 1.50748859, 0.09326232, 0.39321825};
    memcpy(a, pairs, sizeof a);
    eigen_qr_order(a, 4, values);
    for (int k = 0; k < 4; k++)
        assert_close(values[k], expected[k], 1e-8);
}

static void small_and_diagonal_matrices_have_eigenvalues_too(void **state)
{
    (void)state;
    double one[] = {7}, values[3], vectors[9];
    double diagonal[] = {1, 0, 0, 0, 5, 0, 0, 0, 3}, again[9];
    memcpy(again, diagonal, sizeof again);
    eigen_qr_order(one, 1, values);
    assert_close(values[0], 7, 0);
    eigen_jacobi(diagonal, 3, values, vectors);
    assert_close(values[0], 5, 0);
    assert_close(values[2], 1, 0);
    eigen_qr_order(again, 3, values);
    assert_close(values[0], 1, 0);
    assert_close(values[1], 5, 0);
}

static void the_f_distribution_is_that_of_scipy(void **state)
{
    (void)state;
    const double x[] = {0.1, 1, 3, 8};
    const double m8[] = {0.0007953156998804069, 0.5645580546991682, 0.9971906402564801,
                         0.9999999994733474};
    const double m1[] = {0.2480050032170929, 0.6820834293538137, 0.9159626526235866,
                         0.9950863606420449};
    const double m3[] = {0.04108671418425639, 0.583212979961627, 0.9404273664627156,
                         0.99846932085604};
    for (int i = 0; i < 4; i++) {
        assert_close(f_probability(x[i], 8, 392), m8[i], 1e-12);
        assert_close(f_probability(x[i], 1, 399), m1[i], 1e-12);
        assert_close(f_probability(x[i], 3, 17), m3[i], 1e-12);
    }
    assert_close(f_probability(0, 3, 17), 0, 0);
}

static void control_limits_are_those_of_the_skab_repository(void **state)
{
    (void)state;
    assert_close(control_limit_t2(1, 400), 11.016070357035701, 1e-9);
    assert_close(control_limit_t2(5, 400), 21.23743405986168, 1e-9);
    assert_close(control_limit_t2(8, 400), 27.345420792079207, 1e-9);
    assert_close(control_limit_q(0.7), 7.803037725236557, 1e-9);
    assert_close(control_limit_q(1.9), 21.179673825642087, 1e-9);
}

static void rolling_statistics_begin_when_the_window_is_full(void **state)
{
    (void)state;
    const double v[] = {3, 1, 2, 9, 4, 0}, median[] = {2, 2, 4, 4}, most[] = {3, 9, 9, 9};
    struct rolling r;
    rolling_open(&r, 3);
    for (int i = 0; i < 6; i++) {
        rolling_push(&r, v[i]);
        if (i < 2) {
            assert_true(isnan(rolling_median(&r)));
            assert_true(isnan(rolling_max(&r)));
        } else {
            assert_close(rolling_median(&r), median[i - 2], 0);
            assert_close(rolling_max(&r), most[i - 2], 0);
        }
    }
}

static void a_median_of_an_even_window_is_between_the_middle_two(void **state)
{
    (void)state;
    struct rolling r;
    rolling_open(&r, 4);
    for (int i = 0; i < 4; i++)
        rolling_push(&r, (double[]){8, 1, 5, 2}[i]);
    assert_close(rolling_median(&r), 3.5, 0);
}

static void labels_change_where_they_differ_from_the_one_before(void **state)
{
    (void)state;
    const bool labels[] = {true, true, false, false, true},
               expected[] = {true, false, true, false, true};
    struct label_change c = {0};
    for (int i = 0; i < 5; i++)
        assert_int_equal(label_change_push(&c, labels[i]), expected[i]);
    c = (struct label_change){0};
    assert_false(label_change_push(&c, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jacobi_sorts_eigenvalues_and_finds_their_vectors),
        cmocka_unit_test(qr_order_is_that_of_numpy_which_does_not_sort),
        cmocka_unit_test(small_and_diagonal_matrices_have_eigenvalues_too),
        cmocka_unit_test(the_f_distribution_is_that_of_scipy),
        cmocka_unit_test(control_limits_are_those_of_the_skab_repository),
        cmocka_unit_test(rolling_statistics_begin_when_the_window_is_full),
        cmocka_unit_test(a_median_of_an_even_window_is_between_the_middle_two),
        cmocka_unit_test(labels_change_where_they_differ_from_the_one_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
