// After a restart: what was open goes on, and nothing is raised twice.
#include "scene.h"

enum { FIRST_RUN_S = 100 };

// The plant's value at second t: a spike that began before the restart and ends after it, a drift
// the same, a sensor silent from 60 s, and spikes that are over.
static double value_at(uint32_t sensor, int t)
{
    switch (sensor) {
    case SCENE_TEMPERATURE:
        return t >= 90 && t < 120 ? 50 + t % 7 : 20;
    case SCENE_PRESSURE:
        return t >= 70 && t < 520 ? 3.6 : 2;
    case SCENE_FLOW:
        return t >= 60 && t < 140 ? (double)NAN : 60;
    default:
        return t == 38 ? -20 : t == 40 ? 60 : t >= 43 && t < 46 ? 50 + t % 2 : 20;
    }
}

static const char *const both_sides[] = {"rules.kind.temperature.spike_low=0", NULL};

static void feed(struct scene *sc, int from, int to)
{
    for (int t = from; t < to; t++)
        for (uint32_t s = 0; s < 4; s++)
            if (!isnan(value_at(s, t)))
                put(sc, s, t, value_at(s, t));
}

// What the first run told, kept as the store does.
struct kept {
    struct anomaly anomalies[16];
    struct incident incidents[16];
    size_t anomaly_count, incident_count;
};

static void keep_anomaly(void *arg, const struct anomaly *a, enum change change)
{
    struct kept *k = arg;
    size_t i = 0;
    while (i < k->anomaly_count && k->anomalies[i].id != a->id)
        i++;
    assert_true(i < 16);
    if (change == CHANGE_OPENED)
        assert_int_equal(i, k->anomaly_count); // raised once
    k->anomaly_count += i == k->anomaly_count;
    k->anomalies[i] = *a;
}

static void keep_incident(void *arg, const struct incident *in, enum change change)
{
    struct kept *k = arg;
    size_t i = 0;
    while (i < k->incident_count && k->incidents[i].id != in->id)
        i++;
    assert_true(i < 16);
    if (change == CHANGE_OPENED)
        assert_int_equal(i, k->incident_count);
    k->incident_count += i == k->incident_count;
    k->incidents[i] = *in;
}

static void open_engine(struct scene *sc, struct kept *k, uint64_t first_incident)
{
    struct err err;
    struct detect_events events = {keep_anomaly, keep_incident, k};
    detect_close(&sc->engine);
    assert_ok(detect_open(sc->catalog, sc->settings, &events, first_incident, &sc->engine, &err),
              err);
}

static void resume(struct scene *sc, struct kept *k)
{
    struct err err;
    struct anomaly open[16];
    struct incident active[16];
    size_t open_count = 0, active_count = 0;
    for (size_t i = 0; i < k->anomaly_count; i++)
        if (k->anomalies[i].end_us == TIME_NONE)
            open[open_count++] = k->anomalies[i];
    for (size_t i = 0; i < k->incident_count; i++)
        if (k->incidents[i].active)
            active[active_count++] = k->incidents[i];
    open_engine(sc, k, k->incident_count + 1);
    assert_ok(detect_resume(sc->engine, active, active_count, open, open_count, &err), err);
}

static void same(const struct kept *a, const struct kept *b)
{
    assert_int_equal(a->anomaly_count, b->anomaly_count);
    assert_int_equal(a->incident_count, b->incident_count);
    for (size_t i = 0; i < a->anomaly_count; i++) {
        const struct anomaly *x = &a->anomalies[i], *y = &b->anomalies[i];
        assert_int_equal(x->id, y->id);
        assert_int_equal(x->incident, y->incident);
        assert_int_equal(x->start_us, y->start_us);
        assert_int_equal(x->end_us, y->end_us);
        assert_int_equal(x->detected_us, y->detected_us);
        assert_int_equal(x->count, y->count);
        assert_true(x->peak == y->peak || (isnan(x->peak) && isnan(y->peak)));
        assert_string_equal(x->message, y->message);
    }
    for (size_t i = 0; i < a->incident_count; i++) {
        const struct incident *x = &a->incidents[i], *y = &b->incidents[i];
        assert_int_equal(x->anomaly_count, y->anomaly_count);
        assert_int_equal(x->start_us, y->start_us);
        assert_int_equal(x->last_us, y->last_us);
        assert_int_equal(x->active, y->active);
        assert_int_equal(x->severity, y->severity);
        assert_string_equal(x->title, y->title);
    }
}

static void without_restart(struct scene *sc, struct kept *k, int end)
{
    scene_open(sc, both_sides);
    *k = (struct kept){0};
    open_engine(sc, k, 1);
    feed(sc, 0, end);
    flush(sc);
}

static void a_restart_at_any_moment_changes_nothing(void **state)
{
    (void)state;
    struct scene sc;
    struct kept expected, k;
    without_restart(&sc, &expected, 900);
    assert_int_equal(expected.anomaly_count, 6);
    scene_close(&sc);
    for (int stop = 5; stop < 860; stop++) {
        scene_open(&sc, both_sides);
        k = (struct kept){0};
        open_engine(&sc, &k, 1);
        feed(&sc, 0, stop);
        int judged = (int)(stats(&sc).watermark_us / US_PER_SECOND);
        resume(&sc, &k);
        detect_set_quiet(sc.engine, true);
        feed(&sc, 0, judged + 1);
        detect_set_quiet(sc.engine, false);
        feed(&sc, judged + 1, 900);
        flush(&sc);
        same(&expected, &k);
        scene_close(&sc);
    }
}

static void what_was_fed_in_quiet_is_told_to_nobody(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    detect_set_quiet(sc.engine, true);
    feed(&sc, 0, 80);
    detect_set_quiet(sc.engine, false);
    assert_int_equal(sc.log.n, 0);
    scene_close(&sc);
}

static void an_open_episode_that_nobody_knew_of_is_raised_after_quiet(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    detect_set_quiet(sc.engine, true);
    feed(&sc, 0, 95);
    detect_set_quiet(sc.engine, false);
    feed(&sc, 95, 110);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1); // the one that is over stays untold
    assert_int_equal(sc.opened[ANOMALY_DRIFT], 1);
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 1);
    scene_close(&sc);
}

static void without_readings_to_feed_open_episodes_still_go_on(void **state)
{
    (void)state;
    struct scene sc;
    struct kept k = {0};
    scene_open(&sc, both_sides);
    open_engine(&sc, &k, 1);
    feed(&sc, 0, FIRST_RUN_S);
    flush(&sc);
    resume(&sc, &k);
    feed(&sc, FIRST_RUN_S, 900);
    flush(&sc);
    assert_int_equal(k.anomaly_count, 6);
    assert_int_equal(k.incident_count, 2);
    for (size_t i = 0; i < k.anomaly_count; i++)
        assert_true(k.anomalies[i].end_us != TIME_NONE);
    scene_close(&sc);
}

static void an_anomaly_of_a_detector_that_is_gone_is_closed(void **state)
{
    (void)state;
    struct scene sc;
    struct err err;
    struct anomaly a = {.id = 9,
                        .sensor = 0,
                        .end_us = TIME_NONE,
                        .start_us = at(5),
                        .peak_us = at(7),
                        .detector = "oracle"};
    scene_open(&sc, NULL);
    assert_ok(detect_resume(sc.engine, NULL, 0, &a, 1, &err), err);
    assert_int_equal(sc.closed[ANOMALY_SPIKE], 1);
    assert_int_equal(sc.last.end_us, at(7));
    scene_close(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restart_at_any_moment_changes_nothing),
        cmocka_unit_test(what_was_fed_in_quiet_is_told_to_nobody),
        cmocka_unit_test(an_open_episode_that_nobody_knew_of_is_raised_after_quiet),
        cmocka_unit_test(without_readings_to_feed_open_episodes_still_go_on),
        cmocka_unit_test(an_anomaly_of_a_detector_that_is_gone_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
