// Random numbers against published vectors, and their distributions.
#include "test.h"

#include <math.h>

#include "base/rng.h"

static void the_sequence_is_that_of_xoshiro256starstar(void **state)
{
    (void)state;
    // From state {1, 2, 3, 4}: the vector that the crate rand_xoshiro tests itself with, made with
    // the authors' C program (prng.di.unimi.it/xoshiro256starstar.c).
    static const uint64_t expected[] = {UINT64_C(11520),
                                        UINT64_C(0),
                                        UINT64_C(1509978240),
                                        UINT64_C(1215971899390074240),
                                        UINT64_C(1216172134540287360),
                                        UINT64_C(607988272756665600),
                                        UINT64_C(16172922978634559625),
                                        UINT64_C(8476171486693032832),
                                        UINT64_C(10595114339597558777),
                                        UINT64_C(2904607092377533576)};
    struct rng r = {.s = {1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_true(rng_u64(&r) == expected[i]);
}

static void seeds_go_through_splitmix64(void **state)
{
    (void)state;
    // splitmix64 of 1234567, as given at rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64.
    static const uint64_t expected[] = {
        UINT64_C(6457827717110365317), UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
        UINT64_C(4593380528125082431)};
    struct rng r;
    rng_seed(&r, 1234567);
    for (int i = 0; i < 4; i++)
        assert_true(r.s[i] == expected[i]);
    // Both algorithms written again in Python: x = xoshiro(splitmix(42)); the first and the 1000th.
    rng_seed(&r, 42);
    assert_true(rng_u64(&r) == UINT64_C(0x15780b2e0c2ec716));
    for (int i = 0; i < 998; i++)
        rng_u64(&r);
    assert_true(rng_u64(&r) == UINT64_C(0x8de5848c61ab8968));
}

static void streams_differ_and_repeat(void **state)
{
    (void)state;
    struct rng a, b;
    for (uint64_t stream = 0; stream < 100; stream++) {
        rng_seed_stream(&a, 7, stream);
        rng_seed_stream(&b, 7, stream + 1);
        assert_true(rng_u64(&a) != rng_u64(&b));
        rng_seed_stream(&b, 7, stream);
        rng_u64(&b);
        assert_true(rng_u64(&a) == rng_u64(&b));
    }
}

static void small_ranges_are_even(void **state)
{
    (void)state;
    enum { DRAWS = 700000, SIDES = 7 };
    int seen[SIDES] = {0};
    struct rng r;
    rng_seed(&r, 5);
    for (int i = 0; i < DRAWS; i++) {
        uint64_t v = rng_below(&r, SIDES);
        assert_true(v < SIDES);
        seen[v]++;
    }
    double chi2 = 0;
    for (int i = 0; i < SIDES; i++)
        chi2 += pow(seen[i] - DRAWS / SIDES, 2) / (DRAWS / SIDES);
    assert_true(chi2 < 22.46); // the 99.9 % point for 6 degrees of freedom
    for (int i = 0; i < 100; i++)
        assert_int_equal(rng_below(&r, 1), 0);
}

static void deviates_have_their_moments(void **state)
{
    (void)state;
    enum { DRAWS = 400000 };
    double u = 0, u2 = 0, n = 0, n2 = 0, n4 = 0, e = 0, e2 = 0;
    struct rng r;
    rng_seed(&r, 11);
    for (int i = 0; i < DRAWS; i++) {
        double x = rng_uniform(&r), y = rng_normal(&r), z = rng_exponential(&r);
        assert_true(x >= 0 && x < 1 && z >= 0 && isfinite(y) && isfinite(z));
        u += x, u2 += x * x;
        n += y, n2 += y * y, n4 += y * y * y * y;
        e += z, e2 += z * z;
    }
    // Five standard errors of each mean.
    assert_true(fabs(u / DRAWS - 0.5) < 5 * sqrt(1.0 / 12 / DRAWS));
    assert_true(fabs(u2 / DRAWS - 1.0 / 3) < 5 * sqrt(4.0 / 45 / DRAWS));
    assert_true(fabs(n / DRAWS) < 5 * sqrt(1.0 / DRAWS));
    assert_true(fabs(n2 / DRAWS - 1) < 5 * sqrt(2.0 / DRAWS));
    assert_true(fabs(n4 / DRAWS - 3) < 5 * sqrt(96.0 / DRAWS));
    assert_true(fabs(e / DRAWS - 1) < 5 * sqrt(1.0 / DRAWS));
    assert_true(fabs(e2 / DRAWS - 2) < 5 * sqrt(20.0 / DRAWS));
}

static void chances_and_ranges_are_as_wide_as_asked(void **state)
{
    (void)state;
    enum { DRAWS = 400000 };
    double hits = 0, mean = 0, log_mean = 0;
    struct rng r;
    rng_seed(&r, 13);
    for (int i = 0; i < DRAWS; i++) {
        double x = rng_between(&r, -2, 6), y = rng_log_between(&r, 0.01, 100);
        assert_true(x >= -2 && x < 6 && y >= 0.01 && y < 100.000001);
        hits += rng_chance(&r, 0.3);
        mean += x;
        log_mean += log10(y);
        assert_false(rng_chance(&r, 0));
        assert_true(rng_chance(&r, 1));
    }
    // Five standard errors of each mean.
    assert_true(fabs(hits / DRAWS - 0.3) < 5 * sqrt(0.3 * 0.7 / DRAWS));
    assert_true(fabs(mean / DRAWS - 2) < 5 * sqrt(64.0 / 12 / DRAWS));
    assert_true(fabs(log_mean / DRAWS) < 5 * sqrt(16.0 / 12 / DRAWS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sequence_is_that_of_xoshiro256starstar),
        cmocka_unit_test(seeds_go_through_splitmix64),
        cmocka_unit_test(streams_differ_and_repeat),
        cmocka_unit_test(small_ranges_are_even),
        cmocka_unit_test(deviates_have_their_moments),
        cmocka_unit_test(chances_and_ranges_are_as_wide_as_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
