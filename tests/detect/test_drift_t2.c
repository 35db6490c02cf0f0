// The drift-aware T-squared on small plants made here.
#include "test.h"

#include <math.h>

#include "base/rng.h"
#include "detect/drift_t2.h"
#include "detect/spd.h"

enum { DIMS = 4 };

// Four channels that share one driver, with noise; `wander` is a random walk of the first.
struct plant {
    struct rng rng;
    double driver, wander;
};

static void next_row(struct plant *p, double wander_step, double *row)
{
    p->driver = 0.9 * p->driver + 0.3 * rng_normal(&p->rng);
    p->wander += wander_step * rng_normal(&p->rng);
    row[0] = 20 + p->driver + p->wander + 0.2 * rng_normal(&p->rng);
    row[1] = 3 - 0.5 * p->driver + 0.1 * rng_normal(&p->rng);
    row[2] = 100 + 4 * p->driver + rng_normal(&p->rng);
    row[3] = 0.05 * rng_normal(&p->rng);
}

static struct drift_t2 *trained(struct plant *p, double wander_step)
{
    struct drift_t2 *t = drift_t2_open(DIMS);
    struct drift_t2_result r;
    double row[DIMS];
    assert_non_null(t);
    for (int i = 0; i < DRIFT_T2_TRAIN_ROWS; i++) {
        next_row(p, wander_step, row);
        drift_t2_push(t, row, &r);
        assert_false(r.ready);
        assert_false(r.alarm);
    }
    return t;
}

static void distance_equals_the_hand_calculation(void **state)
{
    (void)state;
    // [[4,2],[2,3]] has the inverse [[3,-2],[-2,4]]/8; d = (1,2): (3 - 8 + 16)/8.
    double a[4] = {4, 2, 2, 3}, d[2] = {1, 2};
    spd_pack(a, 2);
    assert_true(a[0] == 4 && a[1] == 2 && a[2] == 3);
    assert_true(spd_factor(a, 2));
    assert_true(fabs(spd_distance(a, d, 2) - 11.0 / 8) < 1e-12);
    double bad[3] = {1, 2, 1};
    assert_false(spd_factor(bad, 2));
}

static void a_calm_plant_that_wanders_raises_little(void **state)
{
    (void)state;
    int alarms = 0, rows = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct plant p = {0};
        rng_seed(&p.rng, seed);
        struct drift_t2 *t = trained(&p, 0.02);
        for (int i = 0; i < 1000; i++, rows++) {
            double row[DIMS];
            struct drift_t2_result r;
            next_row(&p, 0.02, row);
            drift_t2_push(t, row, &r);
            alarms += r.alarm;
        }
        drift_t2_close(&t);
    }
    assert_true(alarms < rows / 20);
}

static void a_broken_correlation_is_found_and_the_sensor_named(void **state)
{
    (void)state;
    struct plant p = {0};
    rng_seed(&p.rng, 5);
    struct drift_t2 *t = trained(&p, 0);
    struct drift_t2_result r;
    double row[DIMS];
    int first = -1;
    bool changed = false;
    for (int i = 0; i < 60; i++) {
        next_row(&p, 0, row);
        row[1] += 1.0; // within what channel 1 alone has shown, but not with the others
        drift_t2_push(t, row, &r);
        changed = changed || r.change_point;
        if (r.alarm && first < 0)
            first = i;
    }
    assert_true(first >= 0 && first < 20);
    assert_true(changed);
    assert_int_equal(r.worst, 1);
    assert_true(r.departure > 0);
    assert_true(r.expected > 2.5 && r.expected < 3.5);
    drift_t2_close(&t);
}

static void an_alarm_ends_when_the_plant_comes_back(void **state)
{
    (void)state;
    struct plant p = {0};
    rng_seed(&p.rng, 6);
    struct drift_t2 *t = trained(&p, 0);
    struct drift_t2_result r = {0};
    double row[DIMS];
    for (int i = 0; i < 100; i++) {
        next_row(&p, 0, row);
        row[0] += 5;
        drift_t2_push(t, row, &r);
    }
    assert_true(r.alarm);
    for (int i = 0; i < 100; i++) {
        next_row(&p, 0, row);
        drift_t2_push(t, row, &r);
    }
    assert_false(r.alarm);
    drift_t2_close(&t);
}

static void missing_values_and_dead_channels_do_no_harm(void **state)
{
    (void)state;
    struct plant p = {0};
    rng_seed(&p.rng, 7);
    struct drift_t2 *t = drift_t2_open(DIMS);
    struct drift_t2_result r;
    double row[DIMS];
    for (int i = 0; i < 900; i++) {
        next_row(&p, 0, row);
        row[3] = 7; // never moves
        if (i % 3 == 1)
            row[i % 2] = (double)NAN;
        if (i == 500)
            row[2] = (double)INFINITY;
        drift_t2_push(t, row, &r);
        assert_false(isnan(r.ratio));
    }
    assert_true(r.ready);
    assert_false(r.alarm);
    drift_t2_close(&t);
}

static void relearning_takes_a_new_level_as_normal(void **state)
{
    (void)state;
    struct plant p = {0};
    rng_seed(&p.rng, 8);
    struct drift_t2 *t = trained(&p, 0);
    struct drift_t2_result r = {0};
    double row[DIMS];
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < DRIFT_T2_TRAIN_ROWS + 100; i++) {
            next_row(&p, 0, row);
            row[0] += 10;
            drift_t2_push(t, row, &r);
        }
        assert_int_equal(r.alarm, pass == 0);
        drift_t2_relearn(t);
    }
    drift_t2_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_equals_the_hand_calculation),
        cmocka_unit_test(a_calm_plant_that_wanders_raises_little),
        cmocka_unit_test(a_broken_correlation_is_found_and_the_sensor_named),
        cmocka_unit_test(an_alarm_ends_when_the_plant_comes_back),
        cmocka_unit_test(missing_values_and_dead_channels_do_no_harm),
        cmocka_unit_test(relearning_takes_a_new_level_as_normal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
