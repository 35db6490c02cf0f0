// Reordering: whatever comes in goes out by place, then sensor, then arrival.
#include "test.h"

#include <stdlib.h>

#include "base/rng.h"
#include "detect/reorder.h"

enum { N = 20000 };

static int by_place(const void *a, const void *b)
{
    const struct reading *x = a, *y = b;
    if (x->time_us != y->time_us)
        return x->time_us < y->time_us ? -1 : 1;
    if (x->sensor != y->sensor)
        return x->sensor < y->sensor ? -1 : 1;
    return x->value < y->value ? -1 : 1; // the value counts arrivals
}

static void readings_come_out_as_qsort_orders_them(void **state)
{
    (void)state;
    static struct reading in[N];
    struct reorder r = {0};
    struct reading out;
    struct rng rng;
    rng_seed(&rng, 3);
    for (int i = 0; i < N; i++) {
        in[i] = (struct reading){(int64_t)rng_below(&rng, 3000) - 1500, i,
                                 (uint32_t)rng_below(&rng, 5), 0};
        assert_true(reorder_put(&r, &in[i]));
    }
    assert_int_equal(reorder_count(&r), N);
    qsort(in, N, sizeof *in, by_place);
    for (int i = 0; i < N; i++) {
        assert_int_equal(reorder_first(&r), in[i].time_us);
        assert_false(reorder_take(&r, &out));
        assert_memory_equal(&out, &in[i], sizeof out);
    }
    assert_int_equal(reorder_first(&r), INT64_MAX);
    reorder_free(&r);
}

static void putting_and_taking_in_turn_keeps_the_order(void **state)
{
    (void)state;
    struct reorder r = {0};
    struct reading out;
    struct rng rng;
    int64_t last = INT64_MIN;
    size_t taken = 0;
    rng_seed(&rng, 4);
    for (int i = 0; i < N; i++) {
        struct reading in = {i * 10 + (int64_t)rng_below(&rng, 200), 0, 0, 0};
        assert_true(reorder_put(&r, &in));
        // What is 200 older than the newest possible can have nobody before it any more.
        while (reorder_first(&r) <= i * 10) {
            reorder_take(&r, &out);
            assert_true(out.time_us >= last);
            last = out.time_us;
            taken++;
        }
    }
    assert_int_equal(taken + reorder_count(&r), N);
    assert_true(r.ring_cap + r.heap_cap <= 1024);
    reorder_free(&r);
}

static void a_reading_put_ahead_stands_at_its_place_not_at_its_time(void **state)
{
    (void)state;
    struct reorder r = {0};
    struct reading early = {5, 1, 0, 0}, far = {1000, 2, 0, 0}, late = {9, 3, 0, 0}, out;
    assert_true(reorder_put_ahead(&r, &far, 7));
    assert_true(reorder_put(&r, &early));
    assert_true(reorder_put(&r, &late));
    assert_false(reorder_take(&r, &out));
    assert_true(out.value == 1);
    assert_true(reorder_take(&r, &out));
    assert_true(out.value == 2);
    assert_false(reorder_take(&r, &out));
    assert_true(out.value == 3);
    reorder_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readings_come_out_as_qsort_orders_them),
        cmocka_unit_test(putting_and_taking_in_turn_keeps_the_order),
        cmocka_unit_test(a_reading_put_ahead_stands_at_its_place_not_at_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
