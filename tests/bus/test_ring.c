// The ring between threads: nothing lost, nothing doubled, each sender's order kept.
#include "test.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/rng.h"
#include "bus/ring.h"

static void items_come_out_in_the_order_they_went_in(void **state)
{
    (void)state;
    struct ring *r = ring_open(5, sizeof(int));
    assert_non_null(r);
    int in = 0, out = 0, items[5];
    for (int round = 0; round < 100; round++) { // wraps around at every offset
        int put = 1 + round % 5, taken = 0;
        for (int i = 0; i < put; i++)
            items[i] = in++;
        assert_true(ring_put(r, items, (size_t)put, 0));
        assert_int_equal(ring_used(r), put);
        while (taken < put) {
            size_t n = ring_take(r, items, 2, 0);
            assert_in_range(n, 1, 2);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(items[i], out++);
            taken += (int)n;
        }
    }
    assert_int_equal(ring_take(r, items, 5, 0), 0);
    ring_close(&r);
    assert_null(r);
}

static void a_full_ring_takes_all_or_nothing(void **state)
{
    (void)state;
    struct ring *r = ring_open(4, sizeof(int));
    int items[5] = {1, 2, 3, 4, 5};
    assert_false(ring_put(r, items, 5, -1)); // can never fit: no waiting for ever
    assert_true(ring_put(r, items, 3, 0));
    assert_false(ring_put(r, items, 2, 0));
    assert_int_equal(ring_used(r), 3);
    assert_true(ring_put(r, items, 1, 0));
    assert_true(ring_put(r, items, 0, 0));
    ring_close(&r);
}

static void waiting_ends_with_the_timeout(void **state)
{
    (void)state;
    struct ring *r = ring_open(1, sizeof(int));
    int item = 1;
    int64_t start = clock_mono_us();
    assert_int_equal(ring_take(r, &item, 1, 30000), 0);
    assert_true(ring_put(r, &item, 1, 30000));
    assert_false(ring_put(r, &item, 1, 30000));
    int64_t took = clock_mono_us() - start;
    assert_true(took >= 60000 && took < 5000000);
    ring_close(&r);
}

static void *stop_later(void *arg)
{
    clock_sleep_us(20000);
    ring_stop(arg);
    return NULL;
}

static void a_stop_wakes_those_who_wait_and_keeps_what_is_there(void **state)
{
    (void)state;
    struct ring *r = ring_open(1, sizeof(int));
    pthread_t thread;
    int item = 7;
    assert_true(ring_put(r, &item, 1, 0));
    assert_int_equal(pthread_create(&thread, NULL, stop_later, r), 0);
    assert_false(ring_put(r, &item, 1, -1));
    pthread_join(thread, NULL);
    assert_false(ring_is_done(r));
    item = 0;
    assert_int_equal(ring_take(r, &item, 1, -1), 1);
    assert_int_equal(item, 7);
    assert_true(ring_is_done(r));
    assert_int_equal(ring_take(r, &item, 1, -1), 0);
    ring_close(&r);
}

enum { SENDERS = 4, EACH = 20000, BLOCK_MAX = 32 };

struct sender {
    struct ring *ring;
    uint32_t number;
};

static void *send_all(void *arg)
{
    const struct sender *s = arg;
    struct rng rng;
    rng_seed_stream(&rng, 1, s->number);
    for (uint32_t next = 0; next < EACH;) {
        uint64_t items[BLOCK_MAX];
        size_t n = 1 + rng_below(&rng, BLOCK_MAX), used = 0;
        while (used < n && next < EACH)
            items[used++] = (uint64_t)s->number << 32 | next++;
        if (!ring_put(s->ring, items, used, -1))
            return (void *)1;
    }
    return NULL;
}

static void many_senders_lose_nothing_and_keep_their_order(void **state)
{
    (void)state;
    struct ring *r = ring_open(100, sizeof(uint64_t));
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    uint32_t expected[SENDERS] = {0};
    for (uint32_t i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){r, i};
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
    }
    for (size_t got = 0; got < SENDERS * EACH;) {
        uint64_t items[64];
        size_t n = ring_take(r, items, 64, 5000000);
        assert_true(n > 0);
        for (size_t i = 0; i < n; i++) {
            uint32_t from = (uint32_t)(items[i] >> 32);
            assert_true(from < SENDERS);
            assert_int_equal((uint32_t)items[i], expected[from]++);
        }
        got += n;
    }
    for (int i = 0; i < SENDERS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
        assert_int_equal(expected[i], EACH);
    }
    assert_int_equal(ring_used(r), 0);
    ring_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_out_in_the_order_they_went_in),
        cmocka_unit_test(a_full_ring_takes_all_or_nothing),
        cmocka_unit_test(waiting_ends_with_the_timeout),
        cmocka_unit_test(a_stop_wakes_those_who_wait_and_keeps_what_is_there),
        cmocka_unit_test(many_senders_lose_nothing_and_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
