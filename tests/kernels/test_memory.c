// Large blocks of memory: zeroed, where huge pages can be, given back whole.
#include "test.h"

#include <stdint.h>
#include <string.h>

#include "kernels/memory.h"

enum { HUGE_PAGE = 2 << 20 };

static void blocks_are_zeroed_and_can_be_written_to_their_end(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 4096, 1500000, 1835008, HUGE_PAGE, HUGE_PAGE + 1, 9000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int round = 0; round < 3; round++) { // what was given back comes zeroed again
            unsigned char *p = memory_take(sizes[i]);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % 64, 0);
            for (size_t k = 0; k < sizes[i]; k++)
                if (p[k])
                    fail_msg("byte %zu of %zu is not 0", k, sizes[i]);
            memset(p, 0xff, sizes[i]);
            memory_give(p, sizes[i]);
        }
}

static void blocks_of_nearly_a_huge_page_begin_where_one_can_be(void **state)
{
    (void)state;
    static const size_t sizes[] = {1835008, HUGE_PAGE, 3 * HUGE_PAGE + 5};
    void *p[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal((uintptr_t)(p[i] = memory_take(sizes[i])) % HUGE_PAGE, 0);
    for (int i = 0; i < 3; i++)
        memory_give(p[i], sizes[i]);
}

static void a_tail_takes_a_huge_page_when_it_nearly_fills_one(void **state)
{
    (void)state;
    assert_int_equal(memory_room(1000), 1000);
    assert_int_equal(memory_room(HUGE_PAGE * 3 / 4 - 1), HUGE_PAGE * 3 / 4 - 1);
    assert_int_equal(memory_room(HUGE_PAGE * 3 / 4), HUGE_PAGE);
    assert_int_equal(memory_room(13369344), 13369344); // 6.4 of them
    assert_int_equal(memory_room(4 * HUGE_PAGE - 5), 4 * HUGE_PAGE);
}

static void what_cannot_be_had_is_null(void **state)
{
    (void)state;
    assert_null(memory_take(0));
    assert_null(memory_take(SIZE_MAX));
    assert_null(memory_take(SIZE_MAX / 2));
    memory_give(NULL, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_zeroed_and_can_be_written_to_their_end),
        cmocka_unit_test(blocks_of_nearly_a_huge_page_begin_where_one_can_be),
        cmocka_unit_test(a_tail_takes_a_huge_page_when_it_nearly_fills_one),
        cmocka_unit_test(what_cannot_be_had_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
