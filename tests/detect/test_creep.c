// Detector creep: a drift that takes days or weeks.
#include "lively.h"

#include "detect/creep.h"

enum { MINUTES_A_DAY = 1440 };

// A reading a minute over `days`: a course of the day of +-2, noise, and what `drift` adds.
static double minute(struct lively *l, int i)
{
    return 20 + 2 * sin(2 * 3.14159265358979 * i / MINUTES_A_DAY) + lively_next(l);
}

static void slow(struct scene *sc, int from_day, int to_day, double a_day, uint64_t seed)
{
    struct lively l;
    lively_open(&l, seed);
    for (int i = from_day * MINUTES_A_DAY; i < to_day * MINUTES_A_DAY; i++) {
        double days = (double)(i - from_day * MINUTES_A_DAY) / MINUTES_A_DAY;
        put(sc, SCENE_TEMPERATURE, 60.0 * i, minute(&l, i) + days * a_day);
    }
}

static size_t told_by(const struct scene *sc, const char *word)
{
    size_t n = 0;
    for (const char *p = sc->log.n ? (const char *)sc->log.p : ""; (p = strstr(p, word)); p++)
        n++;
    return n;
}

static void a_drift_of_half_the_noise_a_day_is_found_within_days(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    slow(&sc, 0, 14, 0, 1);
    assert_int_equal(told_by(&sc, "crept"), 0);
    slow(&sc, 14, 30, 0.06, 2); // noise deviates by 0.115, hours by 1.4
    flush(&sc);
    assert_true(told_by(&sc, "opened pipe-1/temperature drift high") == 1);
    const char *line = strstr((const char *)sc.log.p, "opened pipe-1/temperature drift high");
    double from, to, found;
    assert_non_null(line);
    assert_int_equal(
        sscanf(line, "opened pipe-1/temperature drift high %lf-%lf found %lf", &from, &to, &found),
        3);
    assert_true(from > 13.9 * 86400 && from < 20.0 * 86400);
    assert_true(found < 22.1 * 86400);
    assert_non_null(strstr(line, "temperature crept to 20."));
    scene_close(&sc);
}

static void two_calm_months_raise_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct scene sc;
        scene_open(&sc, NULL);
        slow(&sc, 0, 60, 0, seed);
        flush(&sc);
        assert_int_equal(told_by(&sc, "crept"), 0);
        scene_close(&sc);
    }
}

// The course of days' means, judged by itself.
static int days_until_found(struct creep *c, const double *means, int count)
{
    int64_t t = 0;
    for (int d = 0; d < count; d++)
        for (int i = 0; i < 48; i++, t += 1800 * US_PER_SECOND) {
            double wave = i % 2 ? 0.5 : -0.5;
            if (creep_push(c, t, means[d] + wave, 1) && c->outside_days)
                return d;
        }
    return -1;
}

static void a_jump_is_not_creeping(void **state)
{
    (void)state;
    double means[40];
    struct rng rng;
    rng_seed(&rng, 3);
    for (int d = 0; d < 40; d++)
        means[d] = 10 + 0.1 * rng_normal(&rng) + (d >= 20 ? 8 : 0);
    struct creep c = {0};
    assert_int_equal(days_until_found(&c, means, 40), -1);
}

static void a_fast_drift_on_days_that_are_all_alike_is_no_jump(void **state)
{
    (void)state;
    struct creep c = {0};
    bool found = false;
    for (int i = 0; i < 30 * 144; i++) { // a reading in 10 minutes, 14 calm days, then 0.5 a day
        double days = i / 144.0, drift = days > 14 ? 0.5 * (days - 14) : 0;
        double value = 50 + 10 * sin(2 * 3.14159265358979 * days) + drift;
        found |= creep_push(&c, (int64_t)i * 600 * US_PER_SECOND, value, 1) && c.outside_days;
        assert_true(!found || days > 14);
        if (found && days < 18)
            return;
    }
    fail_msg("not found within four days");
}

// Page's sum by hand: after 20 days without drift, each day adds its excess over 0.75 deviations.
static void the_day_it_is_found_follows_from_the_sum(void **state)
{
    (void)state;
    double means[60];
    for (int d = 0; d < 60; d++)
        means[d] = 10 + (d % 2 ? 0.2 : -0.2) + (d >= 20 ? 0.25 * (d - 19) : 0);
    struct creep c = {0};
    int found = days_until_found(&c, means, 60);
    // The spread of days alternating by 0.2 is about 0.26 to 0.28 (plus 0.05 of a step of 1): the
    // drift adds 0.8 deviations a day, so that the sum exceeds 6 in its fifth to eighth day.
    assert_in_range(found, 25, 29);
    assert_true(c.high_side);
}

static void a_drift_back_ends_the_episode_and_a_lasting_one_becomes_normal(void **state)
{
    (void)state;
    double means[100];
    for (int d = 0; d < 100; d++)
        means[d] = 5 + (d % 2 ? 0.1 : -0.1) - (d < 20 ? 0 : d < 40 ? 0.1 * (d - 19) : 2);
    struct creep c = {0};
    int64_t t = 0;
    int outside = 0, last = -1;
    for (int d = 0; d < 100; d++)
        for (int i = 0; i < 48; i++, t += 1800 * US_PER_SECOND)
            if (creep_push(&c, t, means[d] + (i % 2 ? 0.5 : -0.5), 1) && c.outside_days) {
                outside++;
                last = d;
            }
    assert_in_range(outside, 10, 45);
    assert_true(last < 75); // 14 days after the last it was told of, at the latest
    assert_false(c.outside_days);
}

static void days_with_too_few_readings_teach_nothing(void **state)
{
    (void)state;
    struct creep c = {0};
    for (int d = 0; d < 100; d++)
        assert_false(creep_push(&c, (int64_t)d * US_PER_DAY, d, 1));
    assert_int_equal(c.days, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drift_of_half_the_noise_a_day_is_found_within_days),
        cmocka_unit_test(two_calm_months_raise_nothing),
        cmocka_unit_test(a_jump_is_not_creeping),
        cmocka_unit_test(a_fast_drift_on_days_that_are_all_alike_is_no_jump),
        cmocka_unit_test(the_day_it_is_found_follows_from_the_sum),
        cmocka_unit_test(a_drift_back_ends_the_episode_and_a_lasting_one_becomes_normal),
        cmocka_unit_test(days_with_too_few_readings_teach_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
