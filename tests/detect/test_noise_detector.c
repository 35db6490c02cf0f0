// Detector noise: more scatter than usual.
#include "lively.h"

static void rough(struct scene *sc, struct lively *l, int from, int to, double level, double size)
{
    for (int t = from; t < to; t++)
        put(sc, SCENE_TEMPERATURE, t, level + size * rng_normal(&l->rng));
}

static void a_burst_is_one_episode_with_its_factor(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    scene_open(&sc, NULL);
    lively_open(&l, 2);
    live(&sc, &l, 0, 3000, 20);
    rough(&sc, &l, 3000, 3200, 20, 1);
    live(&sc, &l, 3200, 3600, 20);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_NOISE], 1);
    assert_int_equal(opened_in_all(&sc), 1);
    assert_in_range(sc.last.start_us, at(3000), at(3016));
    assert_in_range(sc.last.end_us, at(3199), at(3240));
    assert_non_null(strstr(sc.last.message, "times as much as usual for"));
    scene_close(&sc);
}

static void one_jump_is_no_noise(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    scene_open(&sc, NULL);
    lively_open(&l, 2);
    live(&sc, &l, 0, 3000, 20);
    live(&sc, &l, 3000, 6000, 24);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_NOISE], 0);
    scene_close(&sc);
}

static void rough_from_the_beginning_is_normal(void **state)
{
    (void)state;
    struct scene sc;
    struct lively l;
    scene_open(&sc, NULL);
    lively_open(&l, 2);
    rough(&sc, &l, 0, 20000, 20, 1);
    flush(&sc);
    assert_int_equal(sc.log.n, 0);
    scene_close(&sc);
}

static void noise_that_stays_is_taken_as_normal(void **state)
{
    (void)state;
    static const char *const pairs[] = {"rules.accept_after=20m", NULL};
    struct scene sc;
    struct lively l;
    scene_open(&sc, pairs);
    lively_open(&l, 2);
    live(&sc, &l, 0, 3000, 20);
    rough(&sc, &l, 3000, 20000, 20, 1);
    flush(&sc);
    assert_int_equal(sc.opened[ANOMALY_NOISE], 1);
    assert_int_equal(sc.closed[ANOMALY_NOISE], 1);
    assert_in_range(sc.last.end_us, at(4200), at(4230));
    scene_close(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_is_one_episode_with_its_factor),
        cmocka_unit_test(one_jump_is_no_noise),
        cmocka_unit_test(rough_from_the_beginning_is_normal),
        cmocka_unit_test(noise_that_stays_is_taken_as_normal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
