// The memory of shapes.
#include "test.h"

#include <math.h>

#include "base/rng.h"
#include "detect/shapes.h"

static void a_shape_that_was_seen_before_is_near_and_a_new_one_far(void **state)
{
    (void)state;
    static struct shapes s;
    struct rng rng;
    float most = 0, d = 0;
    s = (struct shapes){0};
    rng_seed(&rng, 9);
    for (int i = 0; i < 6000; i++) {
        d = shapes_push(&s, (float)(sin(i * 0.1) + 0.02 * rng_normal(&rng)), 0, 0.64f);
        if (i >= 3000 && d > most)
            most = d;
    }
    assert_true(most > 0 && most < 1.5f);
    for (int i = 6000; i < 6030; i++) // the second half of the swing is missing
        d = fmaxf(d, shapes_push(&s, -1.0f, 0, 0.64f));
    assert_true(d > 1.5f * most);
}

static void nothing_is_judged_before_a_whole_shape_is_there(void **state)
{
    (void)state;
    static struct shapes s;
    s = (struct shapes){0};
    for (int i = 0; i < SHAPE_READINGS - 1; i++)
        assert_true(shapes_push(&s, (float)(i % 5), 0, 1) == 0);
    assert_int_equal(s.count, 0);
    shapes_push(&s, 1, 0, 1);
    assert_int_equal(s.count, 1);
}

static void the_memory_is_bounded(void **state)
{
    (void)state;
    static struct shapes s;
    struct rng rng;
    s = (struct shapes){0};
    rng_seed(&rng, 3);
    for (int i = 0; i < 20000; i++) {
        float d = shapes_push(&s, (float)(1e6 * rng_normal(&rng)), 0, 1);
        assert_true(isfinite(d) && s.count <= SHAPES_KEPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shape_that_was_seen_before_is_near_and_a_new_one_far),
        cmocka_unit_test(nothing_is_judged_before_a_whole_shape_is_there),
        cmocka_unit_test(the_memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
