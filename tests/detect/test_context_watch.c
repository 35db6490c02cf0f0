// One sensor watched for levels that do not follow.
#include "test.h"

#include <math.h>

#include "base/rng.h"
#include "detect/context_watch.h"

enum { WARM_UP = 500, CYCLE = 24 };

// A working cycle: up, a rest at the top, down.
static double cycle(int i)
{
    int at = i % CYCLE;
    return at < 8 ? at : at < 16 ? 8 : CYCLE - at;
}

static struct context_watch *open_watch(void)
{
    struct context_watch *w = context_watch_open(WARM_UP);
    assert_non_null(w);
    return w;
}

static int told_by_cycles(struct context_watch *w, int from, int to)
{
    int told = 0;
    for (int i = from; i < to; i++)
        told += context_watch_push(w, cycle(i));
    return told;
}

static void a_course_known_from_the_start_tells_nothing(void **state)
{
    (void)state;
    struct context_watch *w = open_watch();
    assert_int_equal(told_by_cycles(w, 0, 20000), 0);
    context_watch_close(&w);
    assert_null(w);
}

// Every value is a usual one; only what it follows is not.
static void a_usual_value_at_the_wrong_place_is_told(void **state)
{
    (void)state;
    struct context_watch *w = open_watch();
    assert_int_equal(told_by_cycles(w, 0, 40 * CYCLE + 4), 0);
    assert_true(context_watch_push(w, 8));
    context_watch_close(&w);
}

static void a_value_beyond_the_range_is_told_once_in_a_fifth_of_the_warm_up(void **state)
{
    (void)state;
    struct context_watch *w = open_watch();
    assert_int_equal(told_by_cycles(w, 0, 40 * CYCLE), 0);
    assert_true(context_watch_push(w, 1000));
    assert_int_equal(told_by_cycles(w, 0, WARM_UP / 5 - 10), 0);
    assert_false(context_watch_push(w, -1000));
    context_watch_close(&w);
}

static void what_is_no_number_is_passed_over(void **state)
{
    (void)state;
    static const double odd[] = {NAN, INFINITY, -INFINITY, 1e300, -1e16};
    struct context_watch *plain = open_watch(), *fed = open_watch();
    struct rng rng;
    rng_seed(&rng, 7);
    for (int i = 0; i < 3000; i++) {
        double v = cycle(i) + 3 * rng_normal(&rng);
        assert_false(context_watch_push(fed, odd[i % 5]));
        assert_int_equal(context_watch_push(fed, v), context_watch_push(plain, v));
    }
    context_watch_close(&plain);
    context_watch_close(&fed);
}

// Extremes on both sides, a flat start, no warm-up: nothing overflows and memory stays as it is.
static void awkward_series_are_survived(void **state)
{
    (void)state;
    for (uint32_t warm_up = 0; warm_up < 3; warm_up++) {
        struct context_watch *w = context_watch_open(warm_up);
        assert_non_null(w);
        size_t bytes = context_watch_bytes(w);
        for (int i = 0; i < 200; i++)
            context_watch_push(w, i < 50    ? 0
                                  : i < 100 ? 1e-300 * i
                                  : i < 150 ? (i % 2 ? 1e15 : -1e15)
                                            : 5e-324);
        assert_int_equal(context_watch_bytes(w), bytes);
        assert_true(bytes < 900000);
        context_watch_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_course_known_from_the_start_tells_nothing),
        cmocka_unit_test(a_usual_value_at_the_wrong_place_is_told),
        cmocka_unit_test(a_value_beyond_the_range_is_told_once_in_a_fifth_of_the_warm_up),
        cmocka_unit_test(what_is_no_number_is_passed_over),
        cmocka_unit_test(awkward_series_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
