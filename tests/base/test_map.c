// The hash map against a plain list, over random puts and finds.
#include "test.h"

#include <stdio.h>

#include "base/map.h"
#include "base/rng.h"

static void a_map_answers_as_a_list_would(void **state)
{
    (void)state;
    enum { KEYS = 3000, PUTS = 20000 };
    static uint64_t values[KEYS];
    static bool known[KEYS];
    struct map m = {0};
    struct rng rng;
    rng_seed(&rng, 3);
    size_t count = 0;
    for (int i = 0; i < PUTS; i++) {
        char key[32];
        size_t k = rng_below(&rng, KEYS);
        snprintf(key, sizeof key, "key %zu", k);
        uint64_t *found = map_find(&m, str_of(key));
        assert_int_equal(found != NULL, known[k]);
        if (found)
            assert_int_equal(*found, values[k]);
        count += !known[k];
        known[k] = true;
        values[k] = rng_u64(&rng);
        assert_true(map_put(&m, str_of(key), values[k]));
        assert_int_equal(m.n, count);
    }
    map_free(&m);
    assert_int_equal(m.n, 0);
}

static void entries_stay_in_the_order_of_their_first_put(void **state)
{
    (void)state;
    struct map m = {0};
    for (int i = 0; i < 1000; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", (i * 7919) % 1000);
        assert_true(map_put(&m, str_of(key), 0));
        assert_true(map_put(&m, str_of("0"), 1));
    }
    for (int i = 0; i < 1000; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", (i * 7919) % 1000);
        assert_string_equal(m.entries[i].key, key);
    }
    map_free(&m);
}

static void keys_may_be_empty_or_hold_any_byte(void **state)
{
    (void)state;
    struct map m = {0};
    assert_null(map_find(&m, (struct str){NULL, 0}));
    assert_true(map_put(&m, (struct str){NULL, 0}, 1));
    assert_true(map_put(&m, (struct str){"a\0b", 3}, 2));
    assert_true(map_put(&m, (struct str){"a\0c", 3}, 3));
    assert_int_equal(*map_find(&m, STR_LIT("")), 1);
    assert_int_equal(*map_find(&m, (struct str){"a\0b", 3}), 2);
    assert_int_equal(*map_find(&m, (struct str){"a\0c", 3}), 3);
    assert_null(map_find(&m, STR_LIT("a")));
    map_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_answers_as_a_list_would),
        cmocka_unit_test(entries_stay_in_the_order_of_their_first_put),
        cmocka_unit_test(keys_may_be_empty_or_hold_any_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
