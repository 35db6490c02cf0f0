// The calibrated record list.
#include "test.h"

#include <math.h>

#include "base/rng.h"
#include "detect/records.h"

static void one_excursion_leaves_one_record(void **state)
{
    (void)state;
    struct records r = {0};
    static const float values[] = {1, 3, 5, 4, 2};
    for (uint32_t i = 0; i < 5; i++)
        records_note(&r, i + 1, values[i]);
    assert_int_equal(r.count, 1);
    assert_true(r.value[0] == 5);
    assert_int_equal(r.at[0], 3);
}

static void the_largest_are_kept_in_order(void **state)
{
    (void)state;
    struct records r = {0};
    for (uint32_t i = 0; i < 100; i++)
        records_note(&r, 10 + 20 * i, (float)(i * 37 % 100));
    assert_int_equal(r.count, RECORDS_KEPT);
    for (int i = 0; i < RECORDS_KEPT; i++)
        assert_true(r.value[i] == (float)(99 - i));
}

static void old_records_are_forgotten(void **state)
{
    (void)state;
    struct records r = {0};
    records_note(&r, 1, 100);
    records_note(&r, 50, 1);
    records_note(&r, 1 + RECORDS_HORIZON, 0.5f);
    assert_true(r.value[0] == 100);
    records_note(&r, 2 + RECORDS_HORIZON, 0.4f);
    assert_true(r.value[0] == 1);
}

// By the formula, in double precision.
static void surprise_is_the_pareto_tail(void **state)
{
    (void)state;
    struct records r = {.value = {8, 4, 2, 1}, .count = 4};
    double hill = (log(8.5 / 1.5) + log(4.5 / 1.5) + log(2.5 / 1.5) + 8 * 0.15) / 12;
    double want = 0.7 * log(1000) - log(4) + log(10.5 / 1.5) / hill;
    assert_float_equal(records_surprise(&r, 1000, 10), want, 1e-4);
    assert_true(records_surprise(&r, 1000, 1) == 0);
    assert_true(records_surprise(&r, 1000, NAN) == 0);
}

// 2 million independent numbers hold 1,800 excursions of a rate of e^-7; the list, which takes
// readings for more alike than these are, finds at most a fifth of them surprising, and some under
// a light, an exponential and a Pareto tail alike.
static void surprise_is_on_one_scale_whatever_the_tail(void **state)
{
    (void)state;
    for (int tail = 0; tail < 3; tail++) {
        struct records r = {0};
        struct rng rng;
        int alarms = 0;
        rng_seed(&rng, 5);
        for (uint32_t i = 1; i <= 2000000; i++) {
            double v = tail == 0   ? fabs(rng_normal(&rng))
                       : tail == 1 ? rng_exponential(&rng)
                                   : pow(rng_uniform(&rng), -0.3);
            uint32_t seen = i < RECORDS_HORIZON ? i : RECORDS_HORIZON;
            alarms += i > 1000 && records_surprise(&r, seen, (float)v) > 7;
            records_note(&r, i, (float)v);
        }
        assert_in_range(alarms, 5, 400);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_excursion_leaves_one_record),
        cmocka_unit_test(the_largest_are_kept_in_order),
        cmocka_unit_test(old_records_are_forgotten),
        cmocka_unit_test(surprise_is_the_pareto_tail),
        cmocka_unit_test(surprise_is_on_one_scale_whatever_the_tail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
