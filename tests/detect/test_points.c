// The textbook's detectors: each against its formula, and on what it is there for.
#include "test.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/rng.h"
#include "detect/cusum.h"
#include "detect/ewma.h"
#include "detect/predict.h"
#include "detect/robust_z.h"
#include "detect/seasons.h"

enum { N = 20000 };

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void robust_z_is_what_sorting_says(void **state)
{
    (void)state;
    static struct robust_z s;
    static double x[1000];
    struct rng rng;
    rng_seed(&rng, 1);
    for (int i = 0; i < 1000; i++) {
        struct point p;
        x[i] = (double)(float)(rng_normal(&rng) + (i % 7 == 0 ? 3 : 0)); // ties come with rounding
        if (i % 5 == 0)
            x[i] = floor(x[i]);
        robust_z_push(&s, i, x[i], &p);
        assert_true(p.learnt == (i >= ROBUST_Z_WINDOW));
        if (!p.learnt)
            continue;
        double w[ROBUST_Z_WINDOW];
        for (int k = 0; k < ROBUST_Z_WINDOW; k++)
            w[k] = x[i - 1 - k];
        qsort(w, ROBUST_Z_WINDOW, sizeof *w, by_value);
        double median = (w[ROBUST_Z_WINDOW / 2 - 1] + w[ROBUST_Z_WINDOW / 2]) / 2;
        for (int k = 0; k < ROBUST_Z_WINDOW; k++)
            w[k] = fabs(w[k] - median);
        qsort(w, ROBUST_Z_WINDOW, sizeof *w, by_value);
        double z = fabs(x[i] - median) / (1.4826 * w[ROBUST_Z_WINDOW / 2]) / 6;
        assert_float_equal(p.score, z / (1 + z), 1e-4);
        assert_float_equal(p.expected, median, 1e-6);
    }
}

// Calm noise of that many readings raises no alarm; then `shift` deviations: readings until found.
#define READINGS_TO_FIND(NAME, shift)                                                              \
    static int NAME##_finds(double by)                                                             \
    {                                                                                              \
        static struct NAME s;                                                                      \
        struct point p;                                                                            \
        struct rng rng;                                                                            \
        s = (struct NAME){0};                                                                      \
        rng_seed(&rng, 7);                                                                         \
        for (int i = 0; i < N; i++) {                                                              \
            NAME##_push(&s, i *US_PER_SECOND, 5 + 0.5 * rng_normal(&rng), &p);                     \
            assert_true(p.score < 0.5);                                                            \
        }                                                                                          \
        for (int i = 0; i < 1000; i++) {                                                           \
            NAME##_push(&s, (N + i) * US_PER_SECOND, 5 + 0.5 * (rng_normal(&rng) + by), &p);       \
            if (p.score >= 0.5f && p.side == (by > 0 ? SIDE_HIGH : SIDE_LOW))                      \
                return i + 1;                                                                      \
        }                                                                                          \
        return 0;                                                                                  \
    }

READINGS_TO_FIND(ewma, by)
READINGS_TO_FIND(cusum, by)
READINGS_TO_FIND(robust_z, by)
READINGS_TO_FIND(predict, by)
READINGS_TO_FIND(seasons, by)

// z after n readings of a shift d: d (1 - 0.8^n); beyond 8 sqrt(0.2 / 1.8) = 2.67 for d = 4 when
// n = 5 (2.69), give or take the noise.
static void ewma_finds_a_shift_when_its_chart_says_so(void **state)
{
    (void)state;
    assert_in_range(ewma_finds(4), 4, 7);
    assert_in_range(ewma_finds(-4), 4, 7);
    assert_int_equal(ewma_finds(0.5), 0);
}

// A shift of d deviations adds d - 1 a reading: 20 are reached after 20 / (d - 1).
static void cusum_finds_a_small_shift_in_the_time_that_the_sum_takes(void **state)
{
    (void)state;
    assert_in_range(cusum_finds(2), 14, 28);
    assert_in_range(cusum_finds(-3), 8, 13);
    assert_int_equal(cusum_finds(0.5), 0);
}

static void a_value_far_off_is_found_at_once(void **state)
{
    (void)state;
    assert_int_equal(robust_z_finds(12), 1);
    assert_int_equal(predict_finds(-16), 1);
    assert_int_equal(seasons_finds(11), 1);
}

// x = 1.6 x' - 0.9 x'' + e swings widely; its own errors deviate by 1.
static void predict_learns_how_a_series_swings(void **state)
{
    (void)state;
    static struct predict s;
    struct point p = {0};
    struct rng rng;
    double a = 0, b = 0, squares = 0, all = 0;
    rng_seed(&rng, 2);
    for (int i = 0; i < N; i++) {
        double x = 1.6 * a - 0.9 * b + rng_normal(&rng);
        predict_push(&s, i, x, &p);
        if (i > N / 2) {
            squares += (x - (double)p.expected) * (x - (double)p.expected);
            all += x * x;
            assert_true(p.score < 0.5);
        }
        b = a;
        a = x;
    }
    assert_true(all / (N / 2) > 5);
    assert_in_range((int)(100 * squares / (N / 2)), 95, 108); // of the best there can be
}

static void a_series_that_stands_still_stays_foreseen(void **state)
{
    (void)state;
    static struct predict s;
    struct point p;
    for (int i = 0; i < 100000; i++) {
        predict_push(&s, i, 3.25, &p);
        assert_true(p.score < 0.5);
    }
    predict_push(&s, 100000, 4, &p);
    assert_true(p.score > 0.5);
}

// A day and a week at a reading in ten minutes, with a period of 13 readings (2 h 10 min) on top.
static double with_seasons(struct rng *rng, int i)
{
    double day = sin(2 * M_PI * i / 144), week = (i / 144) % 7 >= 5 ? -2 : 0;
    double short_one = i % 13 < 4 ? 1.5 : 0;
    return 10 + 3 * day + week + short_one + 0.1 * rng_normal(rng);
}

static void seasons_are_found_by_themselves(void **state)
{
    (void)state;
    static struct seasons s;
    struct point p;
    struct rng rng;
    int days = 70, last = days * 144;
    bool has_short = false, has_day = false;
    rng_seed(&rng, 3);
    for (int i = 0; i < last; i++)
        seasons_push(&s, (int64_t)i * 600 * US_PER_SECOND, with_seasons(&rng, i), &p);
    for (int i = 0; i < seasons_found(&s); i++) {
        double readings = s.course[i].period_us / 600e6;
        has_short |= fabs(readings - 13) < 0.1;
        has_day |= readings == 144;
    }
    assert_true(has_short && has_day);
    // At its usual hour a value is calm; the same value twelve hours later is not.
    seasons_push(&s, (int64_t)last * 600 * US_PER_SECOND, with_seasons(&rng, last), &p);
    assert_true(p.score < 0.5);
    seasons_push(&s, (int64_t)(last + 1) * 600 * US_PER_SECOND, with_seasons(&rng, last + 72), &p);
    assert_true(fabsf(p.expected - (float)with_seasons(&rng, last + 1)) < 1.5f);
}

static void noise_has_no_season(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        static struct seasons s;
        struct point p;
        struct rng rng;
        double x = 0;
        s = (struct seasons){0};
        rng_seed(&rng, seed);
        for (int i = 0; i < 6000; i++) {
            x = 0.8 * x + rng_normal(&rng);
            seasons_push(&s, i * US_PER_SECOND, x, &p);
        }
        assert_int_equal(seasons_found(&s), 0);
    }
}

static void a_pause_does_not_shift_the_season(void **state)
{
    (void)state;
    static struct seasons s;
    struct point p;
    struct rng rng;
    rng_seed(&rng, 5);
    for (int i = 0; i < 3000; i++)
        seasons_push(&s, i * US_PER_SECOND, 2 * sin(2 * M_PI * i / 50.) + 0.1 * rng_normal(&rng),
                     &p);
    assert_int_equal(seasons_found(&s), 1);
    assert_float_equal(s.course[0].period_us, 50e6, 2e5);
    for (int i = 4013; i < 4100; i++) {
        seasons_push(&s, i * US_PER_SECOND, 2 * sin(2 * M_PI * i / 50.), &p);
        assert_true(p.score < 0.5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(robust_z_is_what_sorting_says),
        cmocka_unit_test(ewma_finds_a_shift_when_its_chart_says_so),
        cmocka_unit_test(cusum_finds_a_small_shift_in_the_time_that_the_sum_takes),
        cmocka_unit_test(a_value_far_off_is_found_at_once),
        cmocka_unit_test(predict_learns_how_a_series_swings),
        cmocka_unit_test(a_series_that_stands_still_stays_foreseen),
        cmocka_unit_test(seasons_are_found_by_themselves),
        cmocka_unit_test(noise_has_no_season),
        cmocka_unit_test(a_pause_does_not_shift_the_season),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
