// Power cuts at random moments: nothing acknowledged is lost, nothing doubled, nothing damaged.
//
// FETTLE_POWER_CUTS sets how many (default 300).
#include "store/store_fixture.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/fake_disk.h"
#include "store/store_private.h"

enum { SENSORS = 3, BATCH_MAX = 60, IN_FLIGHT = 3, READINGS_MAX = 60000 };

// Everything ever sent: reading n of sensor s is at time n seconds, in batch sent[s][n].
struct history {
    uint32_t batch[SENSORS][READINGS_MAX]; // 0: not sent
    size_t sent[SENSORS];
    bool *acknowledged; // by batch
    uint32_t batches, batch_capacity;
    size_t acknowledged_count;
};

struct delivery {
    struct store_batch batch;
    struct reading readings[BATCH_MAX];
    struct history *history;
    uint32_t number;
};

static double value_of(uint32_t sensor, size_t n)
{
    if (n % 31 == 30)
        return (double)NAN;
    return sensor == 1 ? sin((double)n) : (double)(n * 37 % 1000) / 8;
}

// Time runs backwards now and then, so that late readings are merged.
static int64_t time_of(size_t n)
{
    return (int64_t)(n ^ 5) * US_PER_SECOND;
}

static void answered(struct store_batch *batch, enum err_code code, const struct err *err)
{
    struct delivery *d = batch->arg;
    (void)err;
    if (code != ERR_OK)
        return;
    d->history->acknowledged[d->number] = true;
    d->history->acknowledged_count += batch->reading_count;
}

static void make_delivery(struct delivery *d, struct history *h, struct rng *rng,
                          const struct fixture *f)
{
    size_t n = rng_below(rng, BATCH_MAX) + 1;
    if (h->batches + 1 >= h->batch_capacity) {
        h->batch_capacity = h->batch_capacity * 2 + 1024;
        h->acknowledged = realloc(h->acknowledged, h->batch_capacity);
        assert_non_null(h->acknowledged);
    }
    d->number = ++h->batches;
    h->acknowledged[d->number] = false;
    d->history = h;
    for (size_t i = 0; i < n; i++) {
        uint32_t sensor = (uint32_t)rng_below(rng, SENSORS);
        size_t at = h->sent[sensor]++;
        assert_true(at < READINGS_MAX);
        h->batch[sensor][at] = d->number;
        d->readings[i] =
            (struct reading){time_of(at), value_of(sensor, at), f->sensors[sensor], QUALITY_GOOD};
    }
    d->batch = (struct store_batch){
        .readings = d->readings, .reading_count = n, .done = answered, .arg = d};
}

// Sends until the disk fails.
static void send_until_cut(struct fixture *f, struct history *h, struct rng *rng)
{
    struct delivery *d = malloc(IN_FLIGHT * sizeof *d);
    struct store_batch barrier = {0};
    struct err err;
    assert_non_null(d);
    do {
        size_t n = rng_below(rng, IN_FLIGHT) + 1;
        for (size_t i = 0; i < n; i++) {
            make_delivery(&d[i], h, rng, f);
            assert_ok(store_submit(f->store, &d[i].batch, &err), err);
        }
    } while (store_write(f->store, &barrier, &err) == ERR_OK);
    free(d);
}

static bool integrity_is_ok(const struct fixture *f)
{
    char path[300];
    sqlite3 *db;
    sqlite3_stmt *statement;
    snprintf(path, sizeof path, "%s/fettle.db", f->dir);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, FAKE_DISK), SQLITE_OK);
    int result = sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, NULL);
    bool ok = result == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW &&
              strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return ok;
}

struct losses {
    size_t lost;    // acknowledged and not there
    size_t damaged; // not what was sent, doubled, half a batch
};

// Compares what is there with what was sent. What was not acknowledged may be there or not, but
// only by whole batches.
static void compare(struct fixture *f, struct history *h, struct losses *out)
{
    size_t count;
    struct reading *all = fixture_scan(f, INT64_MIN, INT64_MAX, &count);
    bool *there = calloc(h->batches + 1, 1);
    size_t *found = calloc(h->batches + 1, sizeof *found), finite[SENSORS] = {0};
    size_t *sent = calloc(h->batches + 1, sizeof *sent);
    for (size_t i = 0; i < count; i++) {
        uint32_t s = all[i].sensor;
        size_t n = (size_t)(all[i].time_us / US_PER_SECOND) ^ 5;
        if (s >= SENSORS || n >= h->sent[s] || !same_value(all[i].value, value_of(s, n)) ||
            (i && all[i].time_us == all[i - 1].time_us && s == all[i - 1].sensor)) {
            out->damaged++;
            continue;
        }
        there[h->batch[s][n]] = true;
        found[h->batch[s][n]]++;
        finite[s] += !isnan(all[i].value);
    }
    for (uint32_t s = 0; s < SENSORS; s++)
        for (size_t n = 0; n < h->sent[s]; n++)
            sent[h->batch[s][n]]++;
    for (uint32_t b = 1; b <= h->batches; b++) {
        if (h->acknowledged[b])
            out->lost += sent[b] - found[b];
        if (there[b] && found[b] != sent[b])
            out->damaged++;
    }
    for (uint32_t s = 0; s < SENSORS && s < catalog_sensor_count(f->catalog); s++) {
        struct store_history buckets;
        struct err err;
        assert_ok(store_history(f->store, s, INT64_MIN, INT64_MAX, 1, false, &buckets, &err), err);
        if (buckets.count ? buckets.points[0].count != finite[s] : finite[s] != 0)
            out->damaged++;
        store_history_free(&buckets);
    }
    free(all);
    free(there);
    free(found);
    free(sent);
}

// Opens, sends until power goes, opens again, compares. Cuts hit opening and recovery, too.
static void cut_once(struct fixture *f, struct history *h, struct rng *rng, struct losses *losses)
{
    struct err err;
    fake_disk.cut_at = (long)rng_below(rng, rng_below(rng, 4) ? 400 : 30) + 1;
    if (fixture_try_open(f, &err) == ERR_OK) {
        fixture_sensors(f, SENSORS);
        send_until_cut(f, h, rng);
        store_close(&f->store, NULL);
        catalog_close(&f->catalog);
    }
    assert_true(fake_disk.off);
    fake_disk_lose_unsynced(rng);
    losses->damaged += !integrity_is_ok(f);
    if (fixture_try_open(f, &err) == ERR_OK) {
        compare(f, h, losses);
        store_close(&f->store, NULL);
        catalog_close(&f->catalog);
    } else {
        losses->damaged++;
    }
}

// `databases` times `cuts` on one database.
static struct losses cut_power(size_t databases, size_t cuts, uint64_t seed, size_t *acknowledged)
{
    struct rng rng;
    struct losses losses = {0};
    rng_seed(&rng, seed);
    *acknowledged = 0;
    fake_disk_reset();
    store_test_hooks.vfs = FAKE_DISK;
    store_test_hooks.hasty = true;
    for (size_t i = 0; i < databases; i++) {
        struct fixture f;
        struct history *h = calloc(1, sizeof *h);
        assert_non_null(h);
        fixture_make(&f);
        fixture_set(&f, "store.group_commit", "0");
        for (size_t cut = 0; cut < cuts; cut++)
            cut_once(&f, h, &rng, &losses);
        *acknowledged += h->acknowledged_count;
        fixture_remove(&f);
        fake_disk_forget();
        free(h->acknowledged);
        free(h);
    }
    store_test_hooks = (struct store_test_hooks){0};
    return losses;
}

static void power_cuts_lose_nothing_acknowledged(void **state)
{
    (void)state;
    const char *wanted = getenv("FETTLE_POWER_CUTS");
    size_t cuts = wanted ? strtoul(wanted, NULL, 10) / 20 * 20 : 300, acknowledged;
    struct losses losses = cut_power(cuts / 20, 20, 1, &acknowledged);
    print_message("%zu cuts, %zu readings acknowledged, %zu lost, %zu damaged\n", cuts,
                  acknowledged, losses.lost, losses.damaged);
    assert_int_equal(losses.lost, 0);
    assert_int_equal(losses.damaged, 0);
    assert_true(acknowledged > cuts * 50);
}

static void the_test_notices_commits_that_are_not_synced(void **state)
{
    (void)state;
    size_t acknowledged;
    store_test_hooks.synchronous = "NORMAL";
    struct losses losses = cut_power(20, 1, 2, &acknowledged);
    print_message("synchronous=NORMAL: %zu of %zu acknowledged lost, %zu damaged\n", losses.lost,
                  acknowledged, losses.damaged);
    assert_true(losses.lost > 0);
    store_test_hooks.synchronous = "OFF";
    losses = cut_power(20, 1, 3, &acknowledged);
    print_message("synchronous=OFF: %zu of %zu acknowledged lost, %zu damaged\n", losses.lost,
                  acknowledged, losses.damaged);
    assert_true(losses.lost > 0);
    assert_true(losses.damaged > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_cuts_lose_nothing_acknowledged),
        cmocka_unit_test(the_test_notices_commits_that_are_not_synced),
    };
    fake_disk_register();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
