// The univariate judgement against the program it was ported from, and on awkward series.
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "detect/univariate.h"
#include "univariate_series.h"

static double values[SERIES_READINGS];
static int64_t times[SERIES_READINGS];

static void assert_near(double got, double want, int reading, const char *what)
{
    if (!(fabs(got - want) <= 1e-4 * fabs(want) + 1e-4))
        fail_msg("reading %d: %s is %.9g, %.9g expected", reading, what, got, want);
}

static void surprises_are_those_of_the_research_program(void **state)
{
    (void)state;
    static struct univariate u;
    struct univariate_report report = {0};
    struct univariate_result r;
    FILE *golden = fopen("tests/detect/golden/univariate.csv", "r");
    assert_non_null(golden);
    char line[256];
    int compared = 0, next = -1;
    double surprise = 0, score = 0, expected = 0, low = 0, high = 0;
    for (int i = 0; i < SERIES_READINGS; i++) {
        univariate_push(&u, SERIES_WARM_UP, 0, times[i], values[i], &r);
        float told = univariate_report(&report, &u, SERIES_WARM_UP, r.surprise);
        while (next < i && fgets(line, sizeof line, golden))
            if (sscanf(line, "%d,%lf,%lf,%lf,%lf,%lf", &next, &surprise, &score, &expected, &low,
                       &high) != 6)
                next = -1;
        if (next != i) {
            assert_true(told == 0); // every report is in the file
            continue;
        }
        assert_near((double)r.surprise, surprise, i, "surprise");
        assert_near(told > 0 ? (double)(told / (told + 10)) : 0, score, i, "score");
        assert_near(r.expected, expected, i, "expected");
        if (i > SERIES_WARM_UP) { // before, that program's band may leave out what it expects
            assert_near(r.low, low, i, "low");
            assert_near(r.high, high, i, "high");
        }
        compared++;
    }
    fclose(golden);
    assert_true(compared > 90);
}

static double most_surprise(int from, int to, enum anomaly_kind *kind, enum anomaly_side *side)
{
    static struct univariate u;
    struct univariate_result r;
    float most = 0;
    u = (struct univariate){0};
    for (int i = 0; i < to; i++) {
        univariate_push(&u, SERIES_WARM_UP, 0, times[i], values[i], &r);
        if (i >= from && r.surprise > most) {
            most = r.surprise;
            *kind = r.kind;
            *side = r.side;
        }
    }
    return (double)most;
}

static void a_spike_is_named_as_one(void **state)
{
    (void)state;
    enum anomaly_kind kind = ANOMALY_DROPOUT;
    enum anomaly_side side = SIDE_NONE;
    assert_true(most_surprise(6000, 6001, &kind, &side) > UNIVARIATE_OPEN);
    assert_int_equal(kind, ANOMALY_SPIKE);
    assert_int_equal(side, SIDE_HIGH);
}

static void what_is_no_measurement_changes_nothing(void **state)
{
    (void)state;
    static struct univariate clean, dirty;
    static const double junk[] = {NAN, INFINITY, -INFINITY, 1e300, -1e16};
    struct univariate_result a, b;
    for (int i = 0; i < 3000; i++) {
        univariate_push(&clean, 100, 0, times[i], values[i], &a);
        univariate_push(&dirty, 100, 0, times[i], junk[i % 5], &b);
        assert_true(b.surprise == 0);
        univariate_push(&dirty, 100, 0, times[i], values[i], &b);
        assert_true(a.surprise == b.surprise && a.low == b.low && a.high == b.high);
    }
    assert_memory_equal(&clean, &dirty, sizeof clean);
}

static void extreme_series_stay_finite(void **state)
{
    (void)state;
    static struct univariate u;
    struct univariate_result r;
    for (int i = 0; i < 20000; i++) {
        double v = i % 7 ? i % 50 : i % 2 ? 1e15 : -1e15;
        if (i >= 10000)
            v = i < 15000 ? 0 : (i % 2) * 1e-30;
        int64_t t = i % 3 ? TIME_MIN_US + (int64_t)i * 7919 * 1000000 : TIME_MAX_US - i;
        univariate_push(&u, 100, 0, t, v, &r);
        assert_true(isfinite(r.surprise) && isfinite(r.low) && isfinite(r.high));
        assert_true(r.low <= r.expected && r.expected <= r.high);
    }
}

static void a_constant_surprises_nobody(void **state)
{
    (void)state;
    static struct univariate u;
    struct univariate_result r;
    for (int i = 0; i < 20000; i++) {
        univariate_push(&u, 100, 0, times[i], 21.5, &r);
        assert_true(r.surprise < UNIVARIATE_OPEN);
    }
}

static void numbers_of_readings_may_run_out(void **state)
{
    (void)state;
    static struct univariate u;
    struct univariate_result r;
    for (int i = 0; i < 2000; i++)
        univariate_push(&u, 100, 0, times[i], values[i], &r);
    u.n = UINT32_MAX - 5;
    u.shapes.readings = UINT32_MAX - 5;
    for (int i = 2000; i < 6000; i++) {
        univariate_push(&u, 100, 0, times[i], values[i], &r);
        assert_true(isfinite(r.surprise) && isfinite(r.low));
    }
    univariate_push(&u, 100, 0, times[6000], values[6000], &r);
    assert_true(r.surprise > UNIVARIATE_OPEN);
}

static void the_state_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct univariate) <= 3300);
}

int main(void)
{
    series_make(values, times);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(surprises_are_those_of_the_research_program),
        cmocka_unit_test(a_spike_is_named_as_one),
        cmocka_unit_test(what_is_no_measurement_changes_nothing),
        cmocka_unit_test(extreme_series_stay_finite),
        cmocka_unit_test(a_constant_surprises_nobody),
        cmocka_unit_test(numbers_of_readings_may_run_out),
        cmocka_unit_test(the_state_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
