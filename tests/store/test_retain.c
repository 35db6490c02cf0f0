// Retention: what is old goes, what is open stays, roll-ups answer for what went, the file shrinks.
#include "store/store_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    fixture_make(f);
    fixture_set(f, "store.group_commit", "0");
    fixture_open(f);
    fixture_sensors(f, 3);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture_remove(*state);
    free(*state);
    return 0;
}

static void retain(struct fixture *f, int64_t now_us)
{
    struct err err;
    assert_ok(store_retain(f->store, now_us, &err), err);
}

static void set(struct fixture *f, const char *name, const char *value)
{
    struct err err;
    fixture_set(f, name, value);
    assert_ok(store_reload(f->store, f->settings, &err), err);
}

// `count` readings of each sensor, a second apart from `from_s` on.
static void fill(struct fixture *f, int64_t from_s, size_t count)
{
    enum { PART = 1000 };
    struct reading r[3 * PART];
    for (size_t done = 0; done < count; done += PART) {
        size_t n = count - done < PART ? count - done : PART;
        for (size_t i = 0; i < n; i++)
            for (size_t s = 0; s < 3; s++)
                r[3 * i + s] =
                    (struct reading){(from_s + (int64_t)(done + i)) * US_PER_SECOND,
                                     (double)((done + i) * (s + 3) % 701) / 8, f->sensors[s], 0};
        fixture_write(f, r, 3 * n);
    }
}

static void readings_older_than_set_go_and_roll_ups_answer_for_them(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct store_stats stats;
    struct store_history before, after;
    size_t count;
    int64_t day = 86400, end = 10 * day + 4000;
    fill(f, 0, 4000);
    fill(f, 10 * day, 4000);
    assert_ok(store_history(f->store, 1, 0, end * US_PER_SECOND, 50, false, &before, &err), err);
    set(f, "store.retain_readings", "5d");
    retain(f, end * US_PER_SECOND);
    free(fixture_scan(f, INT64_MIN, INT64_MAX, &count));
    assert_int_equal(count, 3 * 4000);
    store_stats(f->store, &stats);
    assert_int_equal(stats.readings, 3 * 4000);
    assert_int_equal(stats.oldest_us, 10 * day * US_PER_SECOND);
    assert_ok(store_history(f->store, 1, 0, end * US_PER_SECOND, 50, false, &after, &err), err);
    assert_int_equal(after.count, before.count);
    assert_memory_equal(after.points, before.points, after.count * sizeof *after.points);
    store_history_free(&before);
    store_history_free(&after);
    // Few enough points to be raw, but what they were is not there any more.
    assert_ok(store_history(f->store, 1, 0, 600 * US_PER_SECOND, 1000, false, &after, &err), err);
    assert_int_equal(after.rollup, ROLLUP_MINUTE);
    assert_int_equal(after.count, 10);
    for (size_t i = 0; i < after.count; i++)
        assert_int_equal(after.points[i].count, 60);
    store_history_free(&after);
    // Where raw readings are, they answer.
    assert_ok(store_history(f->store, 1, 10 * day * US_PER_SECOND, end * US_PER_SECOND, 5000, false,
                            &after, &err),
              err);
    assert_int_equal(after.bucket_us, 0);
    assert_int_equal(after.count, 4000);
    store_history_free(&after);
    fixture_close(f);
    fixture_open(f);
    store_stats(f->store, &stats);
    assert_int_equal(stats.readings, 3 * 4000);
}

static void readings_still_in_memory_grow_old_too(void **state)
{
    struct fixture *f = *state;
    struct store_stats stats;
    struct reading latest[3];
    fill(f, 0, 5);
    retain(f, 40 * US_PER_DAY);
    store_stats(f->store, &stats);
    assert_int_equal(stats.readings, 0);
    store_latest(f->store, latest, 3);
    assert_true(latest[0].time_us == TIME_NONE);
    fixture_close(f);
    fixture_open(f);
    fixture_sensors(f, 3);
    store_latest(f->store, latest, 3);
    assert_true(latest[0].time_us == TIME_NONE);
    fill(f, 0, 5); // what was forgotten may come again
    store_stats(f->store, &stats);
    assert_int_equal(stats.readings, 15);
}

static void minutes_go_before_hours(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct store_history h;
    fill(f, 0, 8000);
    set(f, "store.retain_rollup_minute", "90d");
    retain(f, 100 * US_PER_DAY);
    assert_ok(store_history(f->store, 0, 0, 8000 * US_PER_SECOND, 1000, false, &h, &err), err);
    assert_int_equal(h.rollup, ROLLUP_HOUR);
    assert_int_equal(h.count, 3);
    assert_int_equal(h.points[0].count, 3600);
    store_history_free(&h);
    set(f, "store.retain_rollup_hour", "99d");
    retain(f, 100 * US_PER_DAY);
    assert_ok(store_history(f->store, 0, 0, 8000 * US_PER_SECOND, 1000, false, &h, &err), err);
    assert_int_equal(h.count, 0);
    store_history_free(&h);
}

static void zero_keeps_for_ever(void **state)
{
    struct fixture *f = *state;
    struct store_stats stats;
    fill(f, 0, 700);
    static const char *const names[] = {"readings",  "rollup_minute", "rollup_hour",
                                        "anomalies", "incidents",     "summaries"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[64];
        snprintf(name, sizeof name, "store.retain_%s", names[i]);
        set(f, name, "0");
    }
    retain(f, INT64_MAX);
    store_stats(f->store, &stats);
    assert_int_equal(stats.readings, 2100);
}

static void a_size_is_kept_by_dropping_the_oldest_and_the_file_shrinks(void **state)
{
    struct fixture *f = *state;
    struct store_stats before, after;
    struct rng rng;
    enum { N = 3000 };
    struct reading *r = malloc(N * sizeof *r);
    rng_seed(&rng, 1);
    for (int part = 0; part < 1400; part++) { // values that do not pack: 33 MB
        for (int i = 0; i < N; i++)
            r[i] = (struct reading){((int64_t)part * N + i) * 1000, rng_normal(&rng),
                                    f->sensors[i % 3], 0};
        fixture_write(f, r, N);
    }
    free(r);
    store_stats(f->store, &before);
    assert_true(before.database_bytes > 30000000);
    set(f, "store.retain_bytes", "4M");
    retain(f, (int64_t)1400 * N * 1000);
    store_stats(f->store, &after);
    // 4 MiB of about 8 bytes a reading; not much less, for the journal does not count.
    assert_in_range(after.readings, 100000, before.readings / 3);
    assert_true(after.newest_us == before.newest_us && after.oldest_us > before.oldest_us);
    fixture_close(f); // brings what the log holds into the file
    fixture_open(f);
    store_stats(f->store, &after);
    assert_true(after.database_bytes < before.database_bytes - 2000000);
}

static struct anomaly anomaly(const struct fixture *f, uint64_t id, uint64_t incident, bool open)
{
    return (struct anomaly){.id = id,
                            .incident = incident,
                            .sensor = f->sensors[0],
                            .start_us = 10,
                            .end_us = open ? TIME_NONE : 20};
}

static void old_anomalies_go_unless_somebody_must_still_look(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct incident in[3] = {{.id = 1, .last_us = 20},
                             {.id = 2, .state = INCIDENT_RESOLVED, .last_us = 20},
                             {.id = 3, .state = INCIDENT_RESOLVED, .active = true, .last_us = 20}};
    struct anomaly all[] = {anomaly(f, 1, 0, false), anomaly(f, 2, 1, false),
                            anomaly(f, 3, 2, false), anomaly(f, 4, 3, false),
                            anomaly(f, 5, 0, true),  anomaly(f, 6, 99, false)};
    struct store_batch b = {
        .incidents = in, .incident_count = 3, .anomalies = all, .anomaly_count = 6};
    assert_ok(store_write(f->store, &b, &err), err);
    retain(f, 2 * US_PER_DAY);
    static const bool stays[] = {false, true, false, true, true, false};
    for (size_t i = 0; i < 6; i++) {
        struct anomaly back;
        enum err_code code = store_anomaly(f->store, all[i].id, &back, &err);
        assert_int_equal(code, stays[i] ? ERR_OK : ERR_NOT_FOUND);
    }
    retain(f, 400 * US_PER_DAY);
    static const bool incident_stays[] = {false, false, true};
    for (size_t i = 0; i < 3; i++) {
        struct incident back;
        enum err_code code = store_incident(f->store, in[i].id, &back, &err);
        assert_int_equal(code, incident_stays[i] ? ERR_OK : ERR_NOT_FOUND);
    }
}

static void thousands_of_old_things_go_in_one_run(void **state)
{
    struct fixture *f = *state;
    struct err err;
    enum { N = 2500 };
    struct anomaly *all = calloc(N, sizeof *all), one;
    struct summary *su = calloc(N, sizeof *su), newest;
    for (size_t i = 0; i < N; i++) {
        all[i] = anomaly(f, i + 1, 0, false);
        su[i].time_us = (int64_t)i;
    }
    struct store_batch b = {
        .anomalies = all, .anomaly_count = N, .summaries = su, .summary_count = N};
    assert_ok(store_write(f->store, &b, &err), err);
    retain(f, 31 * US_PER_DAY);
    size_t count;
    struct anomaly_filter q = {.from_us = TIME_NONE, .to_us = TIME_NONE, .limit = 1};
    assert_ok(store_anomalies(f->store, &q, &one, &count, &err), err);
    assert_int_equal(count, 0);
    assert_ok(store_summaries(f->store, 1, &newest, &count, &err), err);
    assert_int_equal(count, 0);
    free(all);
    free(su);
}

static void writing_goes_on_during_a_long_run(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct store_stats stats;
    fill(f, 0, 60000); // about 350 chunks to go, step by step
    set(f, "store.retain_readings", "1d");
    struct reading r = {50 * US_PER_DAY, 1, f->sensors[0], 0};
    struct store_batch b = {.readings = &r, .reading_count = 1};
    assert_ok(store_write(f->store, &b, &err), err);
    retain(f, 50 * US_PER_DAY);
    store_stats(f->store, &stats);
    assert_in_range(stats.readings, 1, 512); // the chunk or head that the new one is in
    assert_int_equal(stats.newest_us, 50 * US_PER_DAY);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(readings_older_than_set_go_and_roll_ups_answer_for_them),
        TEST(readings_still_in_memory_grow_old_too),
        TEST(minutes_go_before_hours),
        TEST(zero_keeps_for_ever),
        TEST(a_size_is_kept_by_dropping_the_oldest_and_the_file_shrinks),
        TEST(old_anomalies_go_unless_somebody_must_still_look),
        TEST(thousands_of_old_things_go_in_one_run),
        TEST(writing_goes_on_during_a_long_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
