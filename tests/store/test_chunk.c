// Chunks and journal groups: the same bits come back, sizes are as promised, damage is noticed.
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "store/journal.h"

static bool unpack(const struct buf *b, struct item *out, size_t *n)
{
    const uint8_t *p = (const uint8_t *)b->p;
    struct bytes_in in = {p, p + b->n, false};
    return chunk_unpack(&in, out, n) && in.p == in.end;
}

// Packs, unpacks, compares; returns the bytes it took.
static size_t round_trip(const struct item *items, size_t n)
{
    struct item back[CHUNK_MAX];
    struct buf b = {0};
    size_t count;
    chunk_pack(items, n, &b);
    assert_false(b.failed);
    assert_true(unpack(&b, back, &count));
    assert_int_equal(count, n);
    assert_memory_equal(back, items, n * sizeof *items);
    size_t bytes = b.n;
    buf_free(&b);
    return bytes;
}

static struct item item(int64_t time_us, double value)
{
    return (struct item){item_key(time_us, QUALITY_GOOD), value};
}

static void a_steady_sensor_takes_two_bytes_a_reading_or_less(void **state)
{
    (void)state;
    struct item items[512];
    struct rng rng;
    rng_seed(&rng, 1);
    for (size_t i = 0; i < 512; i++)
        items[i] = item(1700000000000000 + (int64_t)i * US_PER_SECOND,
                        round(200 + 5 * sin((double)i / 50) * 10 + rng_normal(&rng) * 3) / 10);
    assert_in_range(round_trip(items, 512), 100, 512);
    for (size_t i = 0; i < 512; i++) // clocks that tremble by milliseconds
        items[i].key += 4 * 1000 * (int64_t)rng_below(&rng, 20);
    assert_in_range(round_trip(items, 512), 100, 2 * 512);
    for (size_t i = 0; i < 512; i++) // nothing changes
        items[i] = item((int64_t)i * US_PER_SECOND, 21.5);
    assert_in_range(round_trip(items, 512), 8, 32);
}

static void readings_that_do_not_pack_stay_near_their_plain_size(void **state)
{
    (void)state;
    struct item items[512];
    struct rng rng;
    rng_seed(&rng, 2);
    for (size_t i = 0; i < 512; i++) {
        uint64_t bits = rng_u64(&rng);
        items[i] = item((int64_t)i * US_PER_SECOND, 0);
        memcpy(&items[i].value, &bits, sizeof bits);
    }
    assert_in_range(round_trip(items, 512), 512 * 8, 512 * 8 + 64);
    for (size_t i = 0; i < 512; i++)
        items[i] = item((int64_t)(rng_u64(&rng) >> 8) - ((int64_t)1 << 55), rng_normal(&rng));
    for (size_t i = 0; i < 512; i++)
        if (item_time(&items[i]) < TIME_MIN_US || item_time(&items[i]) > TIME_MAX_US)
            items[i] = item(0, 1);
    assert_in_range(round_trip(items, 512), 512 * 8, 512 * 18);
}

static double special(struct rng *rng)
{
    static const double values[] = {
        0,       -0.0, INFINITY,         -INFINITY,        1e308,  -1e308, 4.9e-324, 0.1, 0.3,
        1.0 / 3, 1e15, 9007199254740993, 123456789.123456, -0.001, 1e-12};
    uint64_t nan_with_payload = UINT64_C(0x7ff8000000000000) | rng_below(rng, 3);
    double v;
    if (rng_below(rng, 8) == 0) {
        memcpy(&v, &nan_with_payload, sizeof v);
        return v;
    }
    return values[rng_below(rng, sizeof values / sizeof *values)];
}

static void anything_comes_back_bit_for_bit(void **state)
{
    (void)state;
    struct item items[CHUNK_MAX];
    struct rng rng;
    rng_seed(&rng, 3);
    for (int pass = 0; pass < 1000; pass++) {
        size_t n = pass < 40 ? (size_t)pass + 1 : rng_below(&rng, CHUNK_MAX) + 1;
        unsigned times = (unsigned)rng_below(&rng, 4), values = (unsigned)rng_below(&rng, 6);
        int64_t at = pass % 2 ? TIME_MIN_US : -5;
        double v = 20;
        for (size_t i = 0; i < n; i++) {
            static const uint64_t spreads[] = {1, 1000, UINT64_C(1) << 40, UINT64_C(1) << 47};
            at += times == 0 ? US_PER_SECOND : (int64_t)rng_below(&rng, spreads[times]) + 1;
            if (at > TIME_MAX_US)
                at = TIME_MIN_US;
            if (values == 0)
                v = special(&rng);
            else if (values == 1)
                v = rng_below(&rng, 10) ? round(rng_normal(&rng) * 100) / 100 : special(&rng);
            else if (values == 2)
                v = (float)rng_normal(&rng);
            else if (values == 3)
                v += rng_below(&rng, 3) ? 0 : rng_normal(&rng);
            else if (values == 4)
                v = i % 50 < 20 ? (double)NAN : (double)i / 4;
            else
                v = rng_normal(&rng) * pow(10, (double)rng_below(&rng, 40) - 20);
            items[i] = (struct item){item_key(at, rng_below(&rng, 30) ? 0 : 2), v};
        }
        round_trip(items, n);
    }
}

static void damaged_chunks_are_refused_or_read_within_bounds(void **state)
{
    (void)state;
    struct item items[300], back[CHUNK_MAX];
    struct rng rng;
    size_t n;
    rng_seed(&rng, 4);
    for (int kind = 0; kind < 2; kind++) {
        struct buf b = {0};
        for (size_t i = 0; i < 300; i++)
            items[i] = item((int64_t)i * 997, kind ? rng_normal(&rng) : (double)(i % 7) / 4);
        items[50].value = (double)NAN;
        items[60].key |= QUALITY_SUSPECT;
        chunk_pack(items, 300, &b);
        for (size_t cut = 0; cut < b.n; cut++) {         // shorter bytes never make a whole chunk
            unsigned char *copy = malloc(cut ? cut : 1); // so that a sanitizer sees the end
            memcpy(copy, b.p, cut);
            struct bytes_in in = {copy, copy + cut, false};
            assert_false(chunk_unpack(&in, back, &n));
            free(copy);
        }
        for (int round = 0; round < 6000; round++) {
            unsigned char *copy = malloc(b.n);
            memcpy(copy, b.p, b.n);
            for (uint64_t hits = rng_below(&rng, 4) + 1; hits; hits--)
                copy[rng_below(&rng, rng_below(&rng, 2) ? 16 : b.n)] = (unsigned char)rng_u64(&rng);
            struct bytes_in in = {copy, copy + b.n, false};
            if (chunk_unpack(&in, back, &n))
                assert_in_range(n, 1, CHUNK_MAX);
            free(copy);
        }
        buf_free(&b);
    }
}

static void journal_groups_come_back_in_order(void **state)
{
    (void)state;
    static struct item items[5000];
    struct rng rng;
    rng_seed(&rng, 5);
    for (int round = 0; round < 50; round++) {
        size_t sizes[20], total = 0;
        uint32_t sensors[20];
        struct buf b = {0};
        struct journal_out out = {.to = &b};
        for (size_t g = 0; g < 20; g++) {
            sizes[g] = g % 5 == 4 ? rng_below(&rng, 1500) + 1 : rng_below(&rng, 9) + 1;
            sensors[g] = (uint32_t)rng_below(&rng, 16000000);
            if (total + sizes[g] > 5000)
                sizes[g] = 1;
            for (size_t i = 0; i < sizes[g]; i++)
                items[total + i] =
                    item((int64_t)i * 500 + (int64_t)rng_below(&rng, 300),
                         rng_below(&rng, 4) ? (double)rng_below(&rng, 900) / 10 : special(&rng));
            journal_add(&out, sensors[g], items + total, sizes[g]);
            total += sizes[g];
        }
        const uint8_t *p = (const uint8_t *)b.p;
        struct journal_in *in = calloc(1, sizeof *in);
        in->bytes = (struct bytes_in){p, p + b.n, false};
        size_t at = 0, group = 0, left = sizes[0];
        while (journal_next(in)) {
            assert_int_equal(in->sensor, sensors[group]);
            assert_true(in->count <= left);
            assert_memory_equal(in->items, items + at, in->count * sizeof *items);
            at += in->count;
            left -= in->count;
            if (left == 0 && ++group < 20)
                left = sizes[group];
        }
        assert_false(in->bytes.failed);
        assert_int_equal(at, total);
        for (size_t cut = 1; cut < b.n; cut += b.n / 50 + 1) { // never more than was there
            *in = (struct journal_in){.bytes = {p, p + cut, false}};
            while (journal_next(in))
                assert_in_range(in->count, 1, CHUNK_MAX);
        }
        free(in);
        buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_sensor_takes_two_bytes_a_reading_or_less),
        cmocka_unit_test(readings_that_do_not_pack_stay_near_their_plain_size),
        cmocka_unit_test(anything_comes_back_bit_for_bit),
        cmocka_unit_test(damaged_chunks_are_refused_or_read_within_bounds),
        cmocka_unit_test(journal_groups_come_back_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
