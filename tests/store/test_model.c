// Random readings in disorder, doubled and missing, against a simple model in memory.
#include "store/store_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SENSORS = 6, MODEL_MAX = 400000 };

// The model: every reading that should be there, sorted by (sensor, time).
struct model {
    struct reading *all;
    size_t count;
};

static int by_sensor_and_time(const void *pa, const void *pb)
{
    const struct reading *a = pa, *b = pb;
    if (a->sensor != b->sensor)
        return a->sensor < b->sensor ? -1 : 1;
    return (a->time_us > b->time_us) - (a->time_us < b->time_us);
}

static int by_time_and_sensor(const void *pa, const void *pb)
{
    const struct reading *a = pa, *b = pb;
    if (a->time_us != b->time_us)
        return a->time_us < b->time_us ? -1 : 1;
    return (a->sensor > b->sensor) - (a->sensor < b->sensor);
}

static bool model_has(const struct model *m, const struct reading *r)
{
    return bsearch(r, m->all, m->count, sizeof *m->all, by_sensor_and_time) != NULL;
}

// What the store should say of each reading of a batch; what is new goes into the model.
static void model_add(struct model *m, const struct reading *batch, size_t n, uint8_t *fate)
{
    size_t before = m->count;
    for (size_t i = 0; i < n; i++) {
        struct model known = {m->all, before};
        fate[i] = model_has(&known, &batch[i]) ? FATE_DUPLICATE : FATE_STORED;
        for (size_t k = before; fate[i] == FATE_STORED && k < m->count; k++)
            if (by_sensor_and_time(&m->all[k], &batch[i]) == 0)
                fate[i] = FATE_DUPLICATE;
        if (fate[i] == FATE_STORED) {
            assert_true(m->count < MODEL_MAX);
            m->all[m->count++] = batch[i];
        }
    }
    qsort(m->all, m->count, sizeof *m->all, by_sensor_and_time);
}

static double random_value(struct rng *rng, uint32_t sensor)
{
    uint64_t bits = rng_u64(rng);
    double v;
    switch (rng_below(rng, 40)) {
    case 0:
        return (double)NAN;
    case 1:
        return -0.0;
    case 2:
        memcpy(&v, &bits, sizeof v);
        return isfinite(v) && fabs(v) > 1e100 ? 1e100 : v; // any bits, but sums stay finite
    default:
        return sensor % 2 ? rng_normal(rng) * 1e3 : (double)rng_below(rng, 2000) / 10 - 50;
    }
}

// Mostly onwards, sometimes far back, sometimes a time that was there already.
static void random_batch(struct rng *rng, const struct fixture *f, const struct model *m,
                         int64_t *clock_us, struct reading *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t sensor = (uint32_t)rng_below(rng, SENSORS);
        int64_t time_us = *clock_us += (int64_t)rng_below(rng, 400000);
        uint64_t kind = rng_below(rng, 20);
        if (kind < 3)
            time_us -= (int64_t)rng_below(rng, 5 * US_PER_SECOND);
        else if (kind == 3)
            time_us -= (int64_t)rng_below(rng, 3 * US_PER_HOUR);
        else if (kind == 4)
            time_us = -(int64_t)rng_below(rng, 2 * US_PER_HOUR); // before 1970
        if (kind == 5 && m->count) {
            out[i] = m->all[rng_below(rng, m->count)];
            out[i].value += 1; // the first one stays
            continue;
        }
        out[i] = (struct reading){time_us, random_value(rng, sensor), f->sensors[sensor],
                                  (uint32_t)rng_below(rng, 20) / 18};
        if (isnan(out[i].value))
            out[i].quality = QUALITY_MISSING;
    }
}

static void check_scan(struct fixture *f, const struct model *m)
{
    size_t count;
    struct reading *expected = malloc((m->count + 1) * sizeof *expected);
    memcpy(expected, m->all, m->count * sizeof *expected);
    qsort(expected, m->count, sizeof *expected, by_time_and_sensor);
    struct reading *got = fixture_scan(f, INT64_MIN, INT64_MAX, &count);
    assert_int_equal(count, m->count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(got[i].time_us, expected[i].time_us);
        assert_int_equal(got[i].sensor, expected[i].sensor);
        assert_int_equal(got[i].quality, expected[i].quality);
        assert_true(same_value(got[i].value, expected[i].value));
    }
    free(got);
    free(expected);
}

static void check_latest(struct fixture *f, const struct model *m)
{
    struct reading latest[SENSORS];
    int64_t newest = TIME_NONE;
    store_latest(f->store, latest, SENSORS);
    for (uint32_t s = 0; s < SENSORS; s++) {
        const struct reading *last = NULL;
        for (size_t i = 0; i < m->count; i++)
            if (m->all[i].sensor == s)
                last = &m->all[i];
        assert_int_equal(latest[s].time_us, last ? last->time_us : TIME_NONE);
        if (last)
            assert_true(same_value(latest[s].value, last->value));
        if (last && last->time_us > newest)
            newest = last->time_us;
    }
    assert_int_equal(store_last_reading_us(f->store), newest);
    struct store_stats stats;
    store_stats(f->store, &stats);
    assert_int_equal(stats.readings, m->count);
    assert_int_equal(stats.newest_us, newest);
    int64_t oldest = INT64_MAX;
    for (size_t i = 0; i < m->count; i++)
        oldest = m->all[i].time_us < oldest ? m->all[i].time_us : oldest;
    assert_int_equal(stats.oldest_us, m->count ? oldest : TIME_NONE);
}

static int64_t floor_us(int64_t t, int64_t width)
{
    return (int64_t)floor((double)t / (double)width) * width;
}

// The points against sums over the model, made bucket by bucket.
static void check_buckets(const struct model *m, uint32_t sensor, int64_t from, int64_t to,
                          const struct store_history *h)
{
    int64_t base = h->rollup == ROLLUP_HOUR     ? US_PER_HOUR
                   : h->rollup == ROLLUP_MINUTE ? US_PER_MINUTE
                                                : 1;
    uint64_t in_points = 0, in_model = 0;
    for (size_t p = 0; p < h->count; p++) {
        const struct store_point *at = &h->points[p];
        uint64_t count = 0;
        long double sum = 0, scale = 0;
        double min = INFINITY, max = -INFINITY;
        for (size_t i = 0; i < m->count; i++) {
            const struct reading *r = &m->all[i];
            if (r->sensor != sensor || !isfinite(r->value) || r->time_us < floor_us(from, base) ||
                floor_us(r->time_us, base) >= to || r->time_us < at->time_us ||
                r->time_us >= at->time_us + h->bucket_us)
                continue;
            count++;
            sum += r->value;
            scale += fabs(r->value);
            min = fmin(min, r->value);
            max = fmax(max, r->value);
        }
        assert_int_equal(at->count, count);
        assert_true(at->min == min && at->max == max);
        assert_true(fabsl(at->value * (long double)count - sum) <= 1e-9L * scale);
        assert_true(p == 0 || at->time_us >= h->points[p - 1].time_us + h->bucket_us);
        in_points += count;
    }
    for (size_t i = 0; i < m->count; i++)
        in_model += m->all[i].sensor == sensor && isfinite(m->all[i].value) &&
                    m->all[i].time_us >= floor_us(from, base) &&
                    floor_us(m->all[i].time_us, base) < to;
    assert_int_equal(in_points, in_model);
}

static void check_raw(const struct model *m, uint32_t sensor, int64_t from, int64_t to, size_t max,
                      const struct store_history *h)
{
    size_t p = 0;
    bool more = false;
    for (size_t i = 0; i < m->count; i++) {
        const struct reading *r = &m->all[i];
        if (r->sensor != sensor || r->time_us < from || r->time_us >= to)
            continue;
        if (p == max) {
            more = true;
            break;
        }
        assert_int_equal(h->points[p].time_us, r->time_us);
        assert_true(same_value(h->points[p].value, r->value));
        assert_int_equal(h->points[p].count, isnan(r->value) ? 0 : 1);
        p++;
    }
    assert_int_equal(h->count, p);
    assert_int_equal(h->more, more);
}

static void check_history(struct fixture *f, const struct model *m, struct rng *rng,
                          int64_t clock_us)
{
    static const size_t limits[] = {1, 2, 7, 100, 1000, 100000};
    struct err err;
    for (int i = 0; i < 12; i++) {
        uint32_t sensor = (uint32_t)rng_below(rng, SENSORS);
        int64_t span = clock_us / (int64_t)(1 + rng_below(rng, 3000));
        int64_t from = clock_us - (int64_t)rng_below(rng, (uint64_t)clock_us + US_PER_HOUR);
        int64_t to = i == 0 ? INT64_MAX : from + span;
        if (i == 0)
            from = INT64_MIN;
        size_t max = limits[rng_below(rng, 6)];
        struct store_history h;
        assert_ok(store_history(f->store, sensor, from, to, max, true, &h, &err), err);
        check_raw(m, sensor, from, to, max, &h);
        store_history_free(&h);
        assert_ok(store_history(f->store, sensor, from, to, max, false, &h, &err), err);
        assert_true(h.count <= max);
        if (h.bucket_us == 0)
            check_raw(m, sensor, from, to, max, &h);
        else if (from != INT64_MIN)
            check_buckets(m, sensor, from, to, &h);
        store_history_free(&h);
    }
}

// Rounds of batches, each checked; with a reopening now and then.
static void run(uint64_t seed, size_t rounds, size_t batch_max)
{
    struct fixture f;
    struct rng rng;
    struct model m = {malloc(MODEL_MAX * sizeof *m.all), 0};
    struct reading *batch = malloc(batch_max * sizeof *batch);
    uint8_t *fate = malloc(batch_max), *expected = malloc(batch_max);
    struct err err;
    int64_t clock_us = US_PER_HOUR;
    fixture_make(&f);
    fixture_set(&f, "store.group_commit", "0");
    fixture_open(&f);
    fixture_sensors(&f, SENSORS);
    rng_seed(&rng, seed);
    for (size_t round = 0; round < rounds; round++) {
        size_t n = rng_below(&rng, batch_max) + 1;
        random_batch(&rng, &f, &m, &clock_us, batch, n);
        model_add(&m, batch, n, expected);
        struct store_batch b = {.readings = batch, .reading_count = n, .fate = fate};
        assert_ok(store_write(f.store, &b, &err), err);
        assert_memory_equal(fate, expected, n);
        size_t duplicates = 0;
        for (size_t i = 0; i < n; i++)
            duplicates += expected[i] == FATE_DUPLICATE;
        assert_int_equal(b.duplicates, duplicates);
        assert_int_equal(b.stored, n - duplicates);
        if (rng_below(&rng, 6) == 0) {
            fixture_close(&f);
            fixture_open(&f);
            assert_int_equal(catalog_sensor_count(f.catalog), SENSORS);
        }
        if (rng_below(&rng, 4) == 0) {
            check_latest(&f, &m);
            check_history(&f, &m, &rng, clock_us);
        }
    }
    check_scan(&f, &m);
    check_latest(&f, &m);
    fixture_close(&f);
    fixture_open(&f);
    check_scan(&f, &m);
    check_history(&f, &m, &rng, clock_us);
    fixture_remove(&f);
    free(m.all);
    free(batch);
    free(fate);
    free(expected);
}

static void small_batches_are_kept_as_the_model_keeps_them(void **state)
{
    (void)state;
    run(1, 300, 60);
}

static void large_batches_are_kept_as_the_model_keeps_them(void **state)
{
    (void)state;
    run(2, 12, 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_batches_are_kept_as_the_model_keeps_them),
        cmocka_unit_test(large_batches_are_kept_as_the_model_keeps_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
