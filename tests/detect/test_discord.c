// Patterns that were not there before, in series made here.
#include "test.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "detect/discord.h"
#include "detect/left_profile.h"
#include "detect/period.h"

enum { PERIOD = 60, TRAIN = 3000, TEST = 3000 };

// A heart-like beat with noise.
static double beat(struct rng *rng, int i)
{
    double phase = (double)(i % PERIOD) / PERIOD;
    return exp(-800 * (phase - 0.3) * (phase - 0.3)) + 0.3 * sin(6.2831853 * phase) +
           0.03 * rng_normal(rng);
}

static void the_period_is_found_and_not_its_multiple(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 1);
    double *x = malloc(TRAIN * sizeof *x);
    for (int i = 0; i < TRAIN; i++)
        x[i] = beat(&rng, i);
    assert_int_equal(period_find(x, TRAIN), PERIOD);
    for (int i = 0; i < TRAIN; i++)
        x[i] = rng_normal(&rng);
    assert_int_equal(period_find(x, TRAIN), 0);
    assert_int_equal(period_find(x, 10), 0);
    free(x);
}

// The definition, window by window.
static double plain_distance(const double *x, int i, int w, int history, double floor)
{
    double best = INFINITY;
    for (int lag = w; lag <= history && i - lag - w + 1 >= 0; lag++) {
        double mean[2] = {0}, var[2] = {0}, sum = 0;
        for (int s = 0; s < 2; s++) {
            const double *y = x + i - s * lag - w + 1;
            for (int k = 0; k < w; k++)
                mean[s] += y[k] / w;
            for (int k = 0; k < w; k++)
                var[s] += (y[k] - mean[s]) * (y[k] - mean[s]) / w;
        }
        for (int k = 0; k < w; k++) {
            double u = x[i - w + 1 + k] - mean[0], v = x[i - lag - w + 1 + k] - mean[1];
            if (floor >= 0) {
                u /= sqrt(var[0] + floor);
                v /= sqrt(var[1] + floor);
            }
            sum += (u - v) * (u - v) / w;
        }
        best = sum < best ? sum : best;
    }
    return sqrt(best);
}

static void the_recurrence_equals_the_definition(void **state)
{
    (void)state;
    enum { W = 12, HISTORY = 100, N = 700 };
    static const float floors[LEFT_PROFILE_FLOORS] = {0, 0.01f, 0.1f, -1};
    static double x[N];
    struct rng rng;
    rng_seed(&rng, 2);
    struct left_profile *p = left_profile_open(W, HISTORY, floors);
    for (int i = 0; i < N; i++) {
        float d[LEFT_PROFILE_FLOORS];
        x[i] = (float)(sin(i * 0.2) + 0.3 * rng_normal(&rng));
        left_profile_push(p, (float)x[i], d);
        if (i < 3 * W) {
            if (i < 2 * W - 1)
                assert_true(d[0] == -1);
            continue;
        }
        for (int f = 0; f < LEFT_PROFILE_FLOORS; f++) {
            double want = plain_distance(x, i, W, HISTORY, (double)floors[f]);
            assert_true(fabs((double)d[f] - want) < 2e-3);
        }
    }
    left_profile_close(&p);
}

static void the_highest_score_is_at_the_beat_that_is_wrong(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct rng rng;
        rng_seed(&rng, seed);
        double *x = malloc((TRAIN + TEST) * sizeof *x);
        for (int i = 0; i < TRAIN + TEST; i++)
            x[i] = beat(&rng, i);
        int wrong = TRAIN + 1000 + (int)seed * 97;
        for (int i = wrong; i < wrong + 30; i++)
            x[i] = 0.3 * x[i] + 0.2;
        struct discord *d = NULL;
        struct err err;
        assert_ok(discord_open(x, TRAIN, 2048, &d, &err), err);
        assert_int_equal(discord_period(d), PERIOD);
        double best = -1, score;
        size_t at = 0, behind;
        for (int i = TRAIN; i < TRAIN + TEST; i++) {
            if (!discord_push(d, x[i], &score, &behind))
                continue;
            assert_true(behind <= 3 * PERIOD);
            if (score > best) {
                best = score;
                at = (size_t)i - behind;
            }
        }
        assert_true(at > (size_t)wrong - 60 && at < (size_t)wrong + 90);
        discord_close(&d);
        free(x);
    }
}

static void what_cannot_be_learnt_from_is_refused(void **state)
{
    (void)state;
    struct discord *d = NULL;
    struct err err;
    double x[100] = {0};
    assert_int_equal(discord_open(x, 63, 64, &d, &err), ERR_INPUT);
    x[50] = (double)NAN;
    assert_int_equal(discord_open(x, 100, 64, &d, &err), ERR_INPUT);
    assert_null(d);
    x[50] = 0; // a flat span is learnt from
    assert_ok(discord_open(x, 100, 64, &d, &err), err);
    double score;
    size_t behind;
    for (int i = 0; i < 1000; i++)
        if (discord_push(d, i % 7 ? 1e300 : (double)NAN, &score, &behind))
            assert_false(isnan(score));
    discord_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_period_is_found_and_not_its_multiple),
        cmocka_unit_test(the_recurrence_equals_the_definition),
        cmocka_unit_test(the_highest_score_is_at_the_beat_that_is_wrong),
        cmocka_unit_test(what_cannot_be_learnt_from_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
