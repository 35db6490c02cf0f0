// The store's contract for writers and readers: order, barriers, limits, locks, threads.
#include "store/store_fixture.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store_private.h"

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

static struct reading reading(const struct fixture *f, size_t sensor, int64_t second, double value)
{
    return (struct reading){second * US_PER_SECOND, value, f->sensors[sensor], QUALITY_GOOD};
}

static void an_empty_store_answers_everything(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct store_history h;
    struct reading latest[3];
    struct store_stats stats;
    struct anomaly an;
    struct incident in;
    struct summary su;
    struct buf value = {0};
    size_t count = 9;
    uint64_t number = 9;
    assert_ok(store_history(f->store, 0, 0, INT64_MAX, 10, false, &h, &err), err);
    assert_int_equal(h.count, 0);
    assert_int_equal(store_history(f->store, 99, 0, 1, 10, false, &h, &err), ERR_NOT_FOUND);
    store_latest(f->store, latest, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(latest[i].time_us == TIME_NONE && latest[i].sensor == i &&
                    isnan(latest[i].value));
    assert_true(store_last_reading_us(f->store) == TIME_NONE);
    free(fixture_scan(f, INT64_MIN, INT64_MAX, &count));
    assert_int_equal(count, 0);
    struct anomaly_filter af = {.from_us = TIME_NONE, .to_us = TIME_NONE, .limit = 1};
    assert_ok(store_anomalies(f->store, &af, &an, &count, &err), err);
    assert_int_equal(count, 0);
    struct incident_filter inf = {.limit = 1};
    assert_ok(store_incidents(f->store, &inf, &in, &count, &err), err);
    assert_int_equal(count, 0);
    assert_int_equal(store_incident(f->store, 1, &in, &err), ERR_NOT_FOUND);
    assert_int_equal(store_anomaly(f->store, 1, &an, &err), ERR_NOT_FOUND);
    assert_ok(store_summaries(f->store, 1, &su, &count, &err), err);
    assert_int_equal(count, 0);
    assert_ok(store_last_incident_id(f->store, &number, &err), err);
    assert_int_equal(number, 0);
    assert_ok(store_state_get(f->store, "x", &value, &err), err);
    assert_int_equal(value.n, 0);
    store_stats(f->store, &stats);
    assert_int_equal(stats.readings, 0);
    assert_true(stats.oldest_us == TIME_NONE && stats.newest_us == TIME_NONE);
    assert_true(stats.database_bytes > 0);
    assert_memory_equal(stats.engine, "SQLite 3.", 9);
    buf_free(&value);
}

struct order {
    atomic_int next;
    int failed;
};

struct numbered {
    struct store_batch batch;
    struct order *order;
    int number;
};

static void note_order(struct store_batch *batch, enum err_code code, const struct err *err)
{
    struct numbered *n = batch->arg;
    (void)err;
    n->order->failed += code != ERR_OK;
    if (n->order->next == n->number)
        n->order->next++;
}

static void answers_come_in_the_order_of_submission(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct order order = {0};
    struct reading r[200];
    struct numbered batches[200];
    struct incident_edit unknown = {.id = 77, .set_note = true};
    for (int i = 0; i < 200; i++) {
        r[i] = reading(f, 0, i, i);
        batches[i] =
            (struct numbered){.batch = {.readings = &r[i], .reading_count = 1, .done = note_order},
                              .order = &order,
                              .number = i};
        batches[i].batch.arg = &batches[i];
        if (i % 10 == 3) { // fails, alone and in its turn
            batches[i].batch.edits = &unknown;
            batches[i].batch.edit_count = 1;
        }
        assert_ok(store_submit(f->store, &batches[i].batch, &err), err);
    }
    struct store_batch barrier = {0};
    assert_ok(store_write(f->store, &barrier, &err), err);
    assert_int_equal(order.next, 200);
    assert_int_equal(order.failed, 20);
    struct store_stats stats;
    store_stats(f->store, &stats);
    assert_int_equal(stats.readings, 180);
}

static void a_resent_reading_keeps_its_first_value(void **state)
{
    struct fixture *f = *state;
    struct err err;
    size_t count;
    uint8_t fate[3];
    struct reading r[] = {reading(f, 0, 5, 1), reading(f, 1, 5, 2), reading(f, 0, 5, 3)};
    struct store_batch b = {.readings = r, .reading_count = 3, .fate = fate};
    assert_ok(store_write(f->store, &b, &err), err);
    assert_true(fate[0] == FATE_STORED && fate[1] == FATE_STORED && fate[2] == FATE_DUPLICATE);
    assert_true(b.stored == 2 && b.duplicates == 1);
    r[0].value = 9;
    assert_ok(store_write(f->store, &b, &err), err);
    assert_true(b.stored == 0 && b.duplicates == 3);
    struct reading *all = fixture_scan(f, INT64_MIN, INT64_MAX, &count);
    assert_int_equal(count, 2);
    assert_true(all[0].value == 1 && all[1].value == 2);
    free(all);
}

static void batches_that_name_unknown_things_are_refused_before_anything(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct reading bad[] = {reading(f, 0, 1, 1), {.time_us = 0, .sensor = 999}};
    struct store_batch b = {.readings = bad, .reading_count = 2};
    assert_int_equal(store_write(f->store, &b, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "reading 1"));
    bad[1] = (struct reading){.time_us = INT64_MAX};
    assert_int_equal(store_write(f->store, &b, &err), ERR_INPUT);
    bad[1] = (struct reading){.time_us = INT64_MIN};
    assert_int_equal(store_write(f->store, &b, &err), ERR_INPUT);
    bad[1] = (struct reading){.quality = 4};
    assert_int_equal(store_write(f->store, &b, &err), ERR_INPUT);
    struct incident in = {.id = 1, .asset = 55};
    struct store_batch c = {.incidents = &in, .incident_count = 1};
    assert_int_equal(store_write(f->store, &c, &err), ERR_INPUT);
    struct anomaly an = {.id = 1, .sensor = 55};
    struct store_batch d = {.anomalies = &an, .anomaly_count = 1};
    assert_int_equal(store_write(f->store, &d, &err), ERR_INPUT);
    struct store_stats stats;
    store_stats(f->store, &stats);
    assert_int_equal(stats.readings, 0);
}

static void times_at_the_edges_of_the_calendar_are_kept(void **state)
{
    struct fixture *f = *state;
    size_t count;
    struct reading r[] = {{TIME_MAX_US, 1, f->sensors[0], 0},
                          {TIME_MIN_US, 2, f->sensors[0], 0},
                          {0, INFINITY, f->sensors[0], 0},
                          {-1, -INFINITY, f->sensors[0], 0}};
    fixture_write(f, r, 4);
    struct reading *all = fixture_scan(f, INT64_MIN, INT64_MAX, &count);
    assert_int_equal(count, 4);
    assert_true(all[0].time_us == TIME_MIN_US && all[3].time_us == TIME_MAX_US);
    assert_true(all[1].value == -INFINITY && all[2].value == INFINITY);
    free(all);
    struct store_history h;
    struct err err;
    assert_ok(store_history(f->store, f->sensors[0], INT64_MIN, INT64_MAX, 1, false, &h, &err),
              err);
    assert_int_equal(h.count, 1);
    assert_int_equal(h.points[0].count, 2); // infinite values count as missing there
    assert_true(h.points[0].value == 1.5);
    store_history_free(&h);
}

static void huge_values_do_not_break_the_mean(void **state)
{
    struct fixture *f = *state;
    struct store_history h;
    struct err err;
    struct reading r[3000];
    for (int i = 0; i < 3000; i++)
        r[i] = reading(f, 0, i, i % 2 ? 1.7e308 : 1.6e308);
    for (int i = 0; i < 3000; i += 500) // so that all of it is sealed
        fixture_write(f, r + i, 500);
    assert_ok(store_history(f->store, 0, 0, INT64_MAX, 5, false, &h, &err), err);
    assert_in_range(h.count, 1, 5);
    for (size_t i = 0; i < h.count; i++)
        assert_true(h.points[i].value >= 1.6e308 && h.points[i].value <= 1.7e308);
    store_history_free(&h);
}

static void a_second_opener_is_told_who_is_in_the_way(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct catalog *catalog = catalog_open(0);
    struct store *second;
    assert_int_equal(store_open(f->dir, f->settings, catalog, &second, &err), ERR_CONFLICT);
    assert_non_null(strstr(err.text, f->dir));
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(store_open(f->dir, f->settings, catalog, &second, &err) == ERR_CONFLICT ? 0 : 1);
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    catalog_close(&catalog);
    fixture_close(f);
    fixture_open(f);
}

static void numbers_of_sensors_survive_also_of_those_without_readings(void **state)
{
    struct fixture *f = *state;
    struct reading r = reading(f, 2, 1, 1); // 0 and 1 never had any
    fixture_write(f, &r, 1);
    fixture_close(f);
    fixture_open(f);
    assert_int_equal(catalog_sensor_count(f->catalog), 3);
    uint32_t id;
    assert_true(catalog_find_full(f->catalog, STR_LIT("a2/temperature"), &id));
    assert_int_equal(id, 2);
    assert_string_equal(catalog_sensor(f->catalog, id)->unit, "°C");
}

static void state_is_kept_replaced_and_removed(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct buf out = {0};
    assert_ok(store_state_put(f->store, "k", (struct str){"a\0b", 3}, &err), err);
    assert_ok(store_state_put(f->store, "k", (struct str){"c\0d", 3}, &err), err);
    fixture_close(f);
    fixture_open(f);
    assert_ok(store_state_get(f->store, "k", &out, &err), err);
    assert_int_equal(out.n, 3);
    assert_memory_equal(out.p, "c\0d", 3);
    buf_reset(&out);
    assert_ok(store_state_put(f->store, "k", (struct str){0}, &err), err);
    assert_ok(store_state_get(f->store, "k", &out, &err), err);
    assert_int_equal(out.n, 0);
    buf_free(&out);
}

static void a_full_queue_says_busy(void **state)
{
    struct fixture *f = *state;
    struct err err;
    enum { N = 3000 };
    struct reading *r = malloc(N * sizeof *r);
    for (int i = 0; i < N; i++)
        r[i] = reading(f, 0, i, i);
    fixture_close(f);
    fixture_set(f, "store.queue", "1024");
    fixture_set(f, "store.group_commit", "500ms"); // so that they wait
    fixture_open(f);
    fixture_sensors(f, 3);
    struct order order = {0};
    struct numbered batches[3];
    enum err_code code = ERR_OK;
    int sent = 0;
    for (; sent < 3 && code == ERR_OK; sent++) {
        batches[sent] = (struct numbered){
            .batch = {.readings = r + 1000 * sent, .reading_count = 1000, .done = note_order},
            .order = &order,
            .number = sent};
        batches[sent].batch.arg = &batches[sent];
        code = store_submit(f->store, &batches[sent].batch, &err);
    }
    assert_int_equal(code, ERR_BUSY);
    struct store_batch barrier = {0};
    assert_ok(store_write(f->store, &barrier, &err), err);
    assert_int_equal(order.next, sent - 1);
    struct store_batch large = {.readings = r, .reading_count = N}; // alone, anything is taken
    assert_ok(store_write(f->store, &large, &err), err);
    free(r);
}

static void commits_keep_a_window_apart(void **state)
{
    struct fixture *f = *state;
    struct err err;
    fixture_set(f, "store.group_commit", "50ms");
    assert_ok(store_reload(f->store, f->settings, &err), err);
    struct reading r[20];
    int64_t start = clock_mono_us();
    for (int i = 0; i < 4; i++) {
        r[i] = reading(f, 0, i, i);
        fixture_write(f, &r[i], 1);
    }
    assert_true(clock_mono_us() - start >= 3 * 50000);
    struct order order = {0};
    struct numbered batches[16];
    struct store_stats before, after;
    store_stats(f->store, &before);
    for (int i = 0; i < 16; i++) {
        r[i] = reading(f, 1, i, i);
        batches[i] =
            (struct numbered){.batch = {.readings = &r[i], .reading_count = 1, .done = note_order},
                              .order = &order,
                              .number = i};
        batches[i].batch.arg = &batches[i];
        assert_ok(store_submit(f->store, &batches[i].batch, &err), err);
    }
    struct store_batch barrier = {0};
    assert_ok(store_write(f->store, &barrier, &err), err);
    store_stats(f->store, &after);
    assert_in_range(after.commits - before.commits, 1, 4); // together, not one by one
}

// ---- threads ----

enum { ROUNDS = 120, PER_ROUND = 150 };

struct reader {
    struct fixture *f;
    atomic_bool stop;
    atomic_long looks;
};

// What is seen only grows, has no holes, and points and roll-ups count the same.
static void *look_all_the_time(void *arg)
{
    struct reader *r = arg;
    struct err err;
    size_t before = 0;
    while (!r->stop) {
        struct store_history h;
        if (store_history(r->f->store, 0, 0, INT64_MAX, 100000, true, &h, &err) != ERR_OK)
            return "history failed";
        if (h.count < before || h.count % PER_ROUND != 0)
            return "readings vanished or came in part";
        for (size_t i = 0; i < h.count; i++)
            if (h.points[i].time_us != (int64_t)i * US_PER_SECOND)
                return "a hole or a double";
        before = h.count;
        store_history_free(&h);
        if (store_history(r->f->store, 0, 0, INT64_MAX, 1, false, &h, &err) != ERR_OK)
            return "buckets failed";
        uint64_t count = h.count ? h.points[0].count : 0;
        if (count < before || count % PER_ROUND != 0)
            return "roll-ups count other than readings";
        store_history_free(&h);
        struct reading latest;
        store_latest(r->f->store, &latest, 1);
        if (before && latest.time_us < (int64_t)(before - 1) * US_PER_SECOND)
            return "the latest reading is behind";
        r->looks++;
    }
    return NULL;
}

static void readers_see_whole_commits_while_heads_are_sealed(void **state)
{
    struct fixture *f = *state;
    struct reader reader = {.f = f};
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, look_all_the_time, &reader), 0);
    struct reading r[PER_ROUND];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < PER_ROUND; i++)
            r[i] = reading(f, 0, round * PER_ROUND + i, i);
        fixture_write(f, r, PER_ROUND);
    }
    reader.stop = true;
    for (int i = 0; i < 3; i++) {
        void *complaint;
        pthread_join(threads[i], &complaint);
        if (complaint)
            fail_msg("%s", (const char *)complaint);
    }
    assert_true(reader.looks > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_empty_store_answers_everything),
        TEST(answers_come_in_the_order_of_submission),
        TEST(a_resent_reading_keeps_its_first_value),
        TEST(batches_that_name_unknown_things_are_refused_before_anything),
        TEST(times_at_the_edges_of_the_calendar_are_kept),
        TEST(huge_values_do_not_break_the_mean),
        TEST(a_second_opener_is_told_who_is_in_the_way),
        TEST(numbers_of_sensors_survive_also_of_those_without_readings),
        TEST(state_is_kept_replaced_and_removed),
        TEST(a_full_queue_says_busy),
        TEST(commits_keep_a_window_apart),
        TEST(readers_see_whole_commits_while_heads_are_sealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
