// Contexts of levels, against the published program.
#include "test.h"

#include <math.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "detect/contexts.h"

static void scores_are_those_of_the_published_program(void **state)
{
    (void)state;
    FILE *golden = fopen("tests/detect/golden/contexts.csv", "r");
    assert_non_null(golden);
    struct contexts *c = contexts_open(4096);
    assert_non_null(c);
    char line[256];
    int compared = 0;
    while (fgets(line, sizeof line, golden)) {
        int level;
        double want;
        if (strcmp(line, "restart\n") == 0)
            contexts_forget(c);
        if (sscanf(line, "%d,%lf", &level, &want) != 2)
            continue;
        double got = contexts_push(c, level);
        if (!(fabs(got - want) < 1e-8))
            fail_msg("step %d: %.9f, %.9f expected", compared, got, want);
        compared++;
    }
    assert_int_equal(compared, 240);
    contexts_close(&c);
    fclose(golden);
}

// What is learnt first fills the memory here: noise after it finds no room, and leaves it known.
static void a_full_memory_goes_on_judging_by_what_it_has(void **state)
{
    (void)state;
    struct contexts *c = contexts_open(64);
    assert_non_null(c);
    size_t bytes = contexts_bytes(c);
    struct rng rng;
    rng_seed(&rng, 3);
    for (int i = 0; i < 400; i++)
        contexts_push(c, 2 * (i % 4));
    for (int i = 0; i < 20000; i++) {
        double score = contexts_push(c, (int)rng_below(&rng, CONTEXTS_LEVELS));
        assert_true(score >= 0 && score <= 1);
    }
    for (int i = 0; i < 40; i++) {
        double score = contexts_push(c, 2 * (i % 4));
        assert_true(i < 8 || score < 0.5);
    }
    assert_true(contexts_push(c, 7) > 0.75);
    assert_true(contexts_count(c) <= 64);
    assert_int_equal(contexts_bytes(c), bytes);
    contexts_close(&c);
}

static void what_was_forgotten_is_learnt_as_at_first(void **state)
{
    (void)state;
    struct contexts *c = contexts_open(1000);
    assert_non_null(c);
    double first[100];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 100; i++) {
            double score = contexts_push(c, i * i % 7);
            if (round == 0)
                first[i] = score;
            else
                assert_true(score == first[i]);
        }
        contexts_forget(c);
        assert_int_equal(contexts_count(c), 0);
    }
    contexts_close(&c);
    assert_null(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_the_published_program),
        cmocka_unit_test(a_full_memory_goes_on_judging_by_what_it_has),
        cmocka_unit_test(what_was_forgotten_is_learnt_as_at_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
