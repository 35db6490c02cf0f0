// The arena: zeroed, aligned memory within a limit, forgotten at once.
#include "test.h"

#include "base/arena.h"

static void memory_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena *a = arena_open(0);
    assert_non_null(a);
    unsigned char *blocks[200];
    for (size_t i = 0; i < 200; i++) {
        blocks[i] = arena_new(a, i * 7, 3);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        for (size_t k = 0; k < i * 21; k++)
            assert_int_equal(blocks[i][k], 0);
        memset(blocks[i], (int)i, i * 21);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t k = 0; k < i * 21; k++)
            assert_int_equal(blocks[i][k], i);
    arena_close(&a);
    assert_null(a);
}

static void a_reset_gives_the_memory_back_zeroed(void **state)
{
    (void)state;
    struct arena *a = arena_open(0);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 50; i++) {
            unsigned char *p = arena_new(a, 1, 5000);
            assert_non_null(p);
            for (int k = 0; k < 5000; k++)
                assert_int_equal(p[k], 0);
            memset(p, 0xAA, 5000);
        }
        assert_int_equal(arena_used(a), 50 * 5008);
        arena_reset(a);
        assert_int_equal(arena_used(a), 0);
    }
    arena_close(&a);
}

static void the_limit_can_be_used_up_but_not_passed(void **state)
{
    (void)state;
    struct arena *a = arena_open(100000);
    assert_null(arena_new(a, 1, 100016));
    size_t got = 0;
    while (arena_new(a, 1, 1000))
        got++;
    assert_in_range(got, 75, 99); // the ends of blocks may be lost
    arena_reset(a);
    // After a reset the whole limit is there again, whatever block was kept.
    assert_non_null(arena_new(a, 1, 99984));
    assert_null(arena_new(a, 1, 1000));
    arena_close(&a);
}

static void a_size_that_overflows_is_refused(void **state)
{
    (void)state;
    struct arena *a = arena_open(0);
    assert_null(arena_new(a, SIZE_MAX / 2, 3));
    assert_null(arena_new(a, SIZE_MAX, 1));
    assert_non_null(arena_new(a, 0, 8));
    arena_close(&a);
}

static void copies_are_terminated(void **state)
{
    (void)state;
    struct arena *a = arena_open(0);
    assert_string_equal(arena_copy(a, (struct str){"pumps", 4}), "pump");
    assert_string_equal(arena_copy(a, (struct str){NULL, 0}), "");
    arena_close(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(a_reset_gives_the_memory_back_zeroed),
        cmocka_unit_test(the_limit_can_be_used_up_but_not_passed),
        cmocka_unit_test(a_size_that_overflows_is_refused),
        cmocka_unit_test(copies_are_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
