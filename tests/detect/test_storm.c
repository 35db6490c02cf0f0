// Whatever comes in, in whatever order: what goes out is always consistent.
#include "scene.h"

#include <string.h>

#include "base/rng.h"

enum { STEPS = 20000, SENSORS = 4, OPEN_MAX = 64 };

// What is open by what was told.
struct ledger {
    uint64_t open[OPEN_MAX], active[OPEN_MAX];
    size_t open_n, active_n;
};

static size_t find(const uint64_t *ids, size_t n, uint64_t id)
{
    size_t i = 0;
    while (i < n && ids[i] != id)
        i++;
    return i;
}

static void check_anomaly(void *arg, const struct anomaly *a, enum change change)
{
    struct ledger *l = arg;
    size_t i = find(l->open, l->open_n, a->id);
    assert_true(find(l->active, l->active_n, a->incident) < l->active_n);
    assert_true(a->start_us <= a->detected_us);
    assert_true(strlen(a->message) > 0);
    assert_int_equal(a->end_us == TIME_NONE, change != CHANGE_CLOSED);
    if (change == CHANGE_OPENED) {
        assert_int_equal(i, l->open_n);
        assert_true(l->open_n < OPEN_MAX);
        l->open[l->open_n++] = a->id;
        return;
    }
    assert_true(i < l->open_n);
    if (change == CHANGE_CLOSED) {
        assert_true(a->end_us >= a->start_us);
        l->open[i] = l->open[--l->open_n];
    }
}

static void check_incident(void *arg, const struct incident *in, enum change change)
{
    struct ledger *l = arg;
    size_t i = find(l->active, l->active_n, in->id);
    assert_int_equal(in->active, change != CHANGE_CLOSED);
    assert_true(in->start_us <= in->last_us);
    if (change == CHANGE_OPENED) {
        assert_int_equal(i, l->active_n);
        assert_true(l->active_n < OPEN_MAX);
        l->active[l->active_n++] = in->id;
        return;
    }
    assert_true(i < l->active_n);
    if (change == CHANGE_CLOSED)
        l->active[i] = l->active[--l->active_n];
}

static int64_t a_time(struct rng *rng, int64_t now_us)
{
    static const int64_t odd[] = {0, -1, TIME_MIN_US, TIME_MAX_US, INT64_MIN, INT64_MAX};
    switch (rng_below(rng, 40)) {
    case 0:
        return odd[rng_below(rng, 6)];
    case 1:
        return now_us + (int64_t)rng_below(rng, (uint64_t)US_PER_DAY) - US_PER_DAY / 2;
    case 2:
        return now_us - (int64_t)rng_below(rng, (uint64_t)US_PER_MINUTE);
    default:
        return now_us - (int64_t)rng_below(rng, 3 * (uint64_t)US_PER_SECOND);
    }
}

static double a_value(struct rng *rng)
{
    static const double odd[] = {NAN, INFINITY, -INFINITY, 1e308, -1e308, 5e-324, -0.0};
    return rng_below(rng, 20) == 0 ? odd[rng_below(rng, 7)] : 60 * rng_uniform(rng) - 5;
}

static void storm(uint64_t seed, const char *const *pairs)
{
    struct rng rng;
    struct scene sc;
    struct err err;
    struct ledger l = {0};
    struct detect_events events = {check_anomaly, check_incident, &l};
    int64_t now = (int64_t)seed * US_PER_DAY;
    scene_open(&sc, pairs);
    detect_close(&sc.engine);
    assert_ok(detect_open(sc.catalog, sc.settings, &events, 1, &sc.engine, &err), err);
    rng_seed(&rng, seed);
    bool ticking = rng_below(&rng, 2);
    for (int i = 0; i < STEPS; i++) {
        now += (int64_t)rng_below(&rng, 600000);
        struct reading r = {a_time(&rng, now), a_value(&rng), (uint32_t)rng_below(&rng, SENSORS),
                            (uint32_t)rng_below(&rng, 3)};
        assert_ok(detect_push(sc.engine, &r, 1, &err), err);
        if (ticking && rng_below(&rng, 5) == 0) {
            int64_t t = a_time(&rng, now);
            assert_int_equal(detect_tick(sc.engine, t, &err),
                             t < TIME_MIN_US || t > TIME_MAX_US ? ERR_INPUT : ERR_OK);
        }
        if (rng_below(&rng, 2000) == 0)
            flush(&sc);
        if (rng_below(&rng, 2000) == 0)
            assert_ok(detect_reload(sc.engine, sc.settings, &err), err);
    }
    flush(&sc);
    struct detect_stats s = stats(&sc);
    assert_int_equal(s.readings, STEPS);
    assert_int_equal(s.open_anomalies, l.open_n);
    assert_int_equal(s.active_incidents, l.active_n);
    assert_true(s.anomalies > 10);
    assert_true(s.late > 0);
    scene_close(&sc);
}

static void what_is_told_is_consistent_whatever_comes_in(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++)
        storm(seed, NULL);
}

static void the_same_holds_for_settings_at_their_bounds(void **state)
{
    (void)state;
    static const char *const pairs[][6] = {
        {"detect.lateness=0", "detect.incident_gap=0", "detect.leap=1s", "rules.drift_after=0",
         "rules.hysteresis=0", NULL},
        {"detect.lateness=1h", "detect.incident_gap=1d", "detect.leap=1h",
         "rules.dropout_after=3650d", "rules.hysteresis=50", NULL},
        {"detect.held_max=1000", "rules.dropout_after=1us", "rules.dropout_intervals=1000",
         "detect.lateness=1h", NULL},
    };
    for (uint64_t seed = 1; seed <= 5; seed++)
        for (int i = 0; i < 3; i++)
            storm(seed, pairs[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_told_is_consistent_whatever_comes_in),
        cmocka_unit_test(the_same_holds_for_settings_at_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
