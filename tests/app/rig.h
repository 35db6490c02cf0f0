// A running plant in a folder of its own, for tests of app.
#ifndef FETTLE_TESTS_APP_RIG_H
#define FETTLE_TESTS_APP_RIG_H

#include "test.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "base/rng.h"

static char folder[64];
static struct app_sources from;
static const int64_t start_us = INT64_C(1700000000000000);

static inline int open_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/fettle-test-XXXXXX");
    from = (struct app_sources){.data_dir = mkdtemp(folder)};
    from.tables = app_setting_tables(&from.table_count);
    return from.data_dir ? 0 : -1;
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline struct app *start(void)
{
    struct app *a = NULL;
    struct err err;
    assert_ok(app_open(&from, &a, &err), err);
    return a;
}

static inline void stop(struct app **a)
{
    struct err err;
    assert_ok(app_close(a, &err), err);
    assert_null(*a);
}

static inline uint32_t temperature(struct app *a, const char *asset)
{
    uint32_t id;
    struct err err;
    assert_ok(catalog_intern(app_catalog(a), str_of(asset), STR_LIT("temperature"), STR_LIT("°C"),
                             &id, &err),
              err);
    return id;
}

// `count` readings a second apart from `from_s`, all of one value.
static inline void send(struct app *a, uint32_t sensor, int from_s, int count, double value)
{
    struct reading readings[600];
    struct err err;
    assert_true(count <= 600);
    for (int i = 0; i < count; i++)
        readings[i] = (struct reading){
            .time_us = start_us + (from_s + i) * US_PER_SECOND, .value = value, .sensor = sensor};
    assert_ok(app_submit_wait(a, readings, (size_t)count, NULL, NULL, &err), err);
}

static inline size_t anomalies_of(struct app *a, struct anomaly *out, size_t limit)
{
    struct anomaly_filter filter = {.from_us = TIME_NONE, .to_us = TIME_NONE, .limit = limit};
    size_t count;
    struct err err;
    assert_ok(store_anomalies(app_store(a), &filter, out, &count, &err), err);
    return count;
}

// Waits for the detect stage, which runs behind the store.
static inline size_t wait_for_anomalies(struct app *a, struct anomaly *out, size_t want)
{
    size_t count = 0;
    for (int tries = 0; tries < 500 && count < want; tries++) {
        count = anomalies_of(a, out, 10);
        if (count < want)
            clock_sleep_us(10 * US_PER_MS);
    }
    return count;
}

// A sensor without limits.
static inline uint32_t level_sensor(struct app *a)
{
    uint32_t id;
    struct err err;
    assert_ok(
        catalog_intern(app_catalog(a), STR_LIT("tank"), STR_LIT("level"), STR_LIT("m"), &id, &err),
        err);
    return id;
}

// Coloured noise of about +-0.35.
struct noise {
    struct rng rng;
    double colour;
};

static inline double noise_next(struct noise *n)
{
    n->colour = 0.9 * n->colour + 0.05 * rng_normal(&n->rng);
    return round(n->colour * 1000) / 1000;
}

// Waits until all that was sent is judged, stored and told: an order to the detect thread comes
// behind it.
static inline void settle(struct app *a)
{
    struct app_status status;
    struct app_relearn order = {.part = APP_SENSOR, .from_us = TIME_NONE, .to_us = TIME_NONE};
    struct app_relearnt done;
    struct err err;
    do {
        clock_sleep_us(2 * US_PER_MS);
        app_status(a, &status);
    } while (status.stages[3].in < status.readings_accepted);
    assert_string_equal(status.stages[3].name, "detect");
    order.id = temperature(a, "bystander");
    assert_ok(app_relearn(a, &order, &done, &err), err);
}

// Sends readings around `level` for the seconds [begin, end).
static inline void live(struct app *a, struct noise *n, uint32_t sensor, int begin, int end,
                        double level)
{
    enum { PART = 2000 };
    struct reading readings[PART];
    struct err err;
    size_t count = 0;
    for (int s = begin; s < end; s++) {
        readings[count++] = (struct reading){.time_us = start_us + s * US_PER_SECOND,
                                             .value = level + noise_next(n),
                                             .sensor = sensor};
        if (count == PART || s == end - 1) {
            assert_ok(app_submit_wait(a, readings, count, NULL, NULL, &err), err);
            count = 0;
        }
    }
}

#endif
