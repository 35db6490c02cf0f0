// Rows of an asset's sensors, and who takes part in them.
#include "test.h"

#include <math.h>

#include "base/rng.h"
#include "detect/asset_watch.h"

enum { SENSORS = 3 };

struct plant {
    struct asset_watch *watch;
    struct rng rng;
    int rows, excursions;
    double most; // ratio over what is needed
    struct asset_row last;
};

static void open_plant(struct plant *p)
{
    *p = (struct plant){.watch = asset_watch_open()};
    assert_non_null(p->watch);
    rng_seed(&p->rng, 8);
}

static void put(struct plant *p, uint32_t sensor, int t, double value)
{
    if (!asset_watch_push(p->watch, sensor, t * US_PER_SECOND, value, &p->last))
        return;
    p->rows++;
    p->excursions += p->last.excursion;
    p->most = fmax(p->most, p->last.ratio / p->last.needed);
}

// Two sensors that go together and a third that goes by itself; `off` is added to the second.
static void live(struct plant *p, int from, int to, double off)
{
    for (int t = from; t < to; t++) {
        double common = rng_normal(&p->rng);
        put(p, 10, t, 50 + common + 0.1 * rng_normal(&p->rng));
        put(p, 11, t, 20 + common + 0.1 * rng_normal(&p->rng) + off);
        put(p, 12, t, 5 + rng_normal(&p->rng));
    }
}

static void every_row_after_looking_and_training_is_judged_once(void **state)
{
    (void)state;
    struct plant p;
    open_plant(&p);
    live(&p, 0, 1000, 0);
    assert_int_equal(p.rows, 1000 - ASSET_LOOK_ROWS - DRIFT_T2_TRAIN_ROWS - 1);
    assert_true(p.most < 1);
    asset_watch_close(&p.watch);
}

static void sensors_that_part_are_found_and_the_worst_is_named(void **state)
{
    (void)state;
    struct plant p;
    open_plant(&p);
    live(&p, 0, 1000, 0);
    live(&p, 1000, 1100, 2);
    assert_true(p.most > 1);
    assert_int_equal(p.last.sensor, 11);
    assert_true(p.last.expected_low < 20 && p.last.expected_high > 20);
    assert_true(p.last.expected_high < 22);
    asset_watch_close(&p.watch);
}

static void what_rests_or_stands_still_takes_no_part(void **state)
{
    (void)state;
    struct plant p;
    open_plant(&p);
    for (int t = 0; t < 1000; t++) {
        put(&p, 1, t, 7);          // still
        put(&p, 2, t, t % 5);      // rests now and then
        put(&p, 3, t, 1 + t % 10); // alive, but alone
    }
    assert_int_equal(p.rows, 0);
    asset_watch_close(&p.watch);
}

static void a_sensor_that_falls_silent_keeps_nobody_waiting(void **state)
{
    (void)state;
    struct plant p;
    open_plant(&p);
    live(&p, 0, 1000, 0);
    int before = p.rows;
    for (int t = 1000; t < 1100; t++) {
        put(&p, 10, t, 50 + rng_normal(&p.rng));
        put(&p, 11, t, 20 + rng_normal(&p.rng));
    }
    assert_in_range(p.rows - before, 99, 100);
    asset_watch_close(&p.watch);
}

static void large_excursions_raise_what_is_needed_unless_excused(void **state)
{
    (void)state;
    double needed[2];
    for (int excused = 0; excused < 2; excused++) {
        struct plant p;
        open_plant(&p);
        live(&p, 0, 3000, 0);
        for (int t = 3000; t < 3100; t++) {
            live(&p, t, t + 1, 3);
            if (excused)
                asset_watch_excuse(p.watch);
        }
        live(&p, 3100, 4500, 0);
        assert_false(p.last.excursion);
        needed[excused] = p.last.needed;
        asset_watch_close(&p.watch);
    }
    assert_true(needed[0] > needed[1]);
}

static void an_asset_of_many_sensors_is_bounded(void **state)
{
    (void)state;
    struct plant p;
    open_plant(&p);
    for (int t = 0; t < 600; t++)
        for (uint32_t s = 0; s < 500; s++)
            put(&p, s, t, rng_normal(&p.rng));
    assert_true(p.rows > 100);
    assert_true(asset_watch_bytes(p.watch) < 100000);
    asset_watch_close(&p.watch);
}

static void relearning_begins_anew(void **state)
{
    (void)state;
    struct plant p;
    open_plant(&p);
    live(&p, 0, 1000, 0);
    asset_watch_relearn(p.watch);
    p.most = 0;
    live(&p, 1000, 2000, 5);
    assert_true(p.most < 1);
    asset_watch_close(&p.watch);
    assert_null(p.watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_after_looking_and_training_is_judged_once),
        cmocka_unit_test(sensors_that_part_are_found_and_the_worst_is_named),
        cmocka_unit_test(what_rests_or_stands_still_takes_no_part),
        cmocka_unit_test(a_sensor_that_falls_silent_keeps_nobody_waiting),
        cmocka_unit_test(large_excursions_raise_what_is_needed_unless_excused),
        cmocka_unit_test(an_asset_of_many_sensors_is_bounded),
        cmocka_unit_test(relearning_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
