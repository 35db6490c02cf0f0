// Log probabilities against sums in double precision.
#include "test.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "llm/logprobs.h"

enum { V = 5000 };

static void fill(float *logits, uint64_t seed)
{
    struct rng rng;
    rng_seed(&rng, seed);
    for (int i = 0; i < V; i++)
        logits[i] = (float)(rng_below(&rng, 4000)) / 200 - 10; // with ties
}

static double expected(const float *logits, int32_t token)
{
    double sum = 0;
    for (int i = 0; i < V; i++)
        sum += exp((double)logits[i]);
    return (double)logits[token] - log(sum);
}

static void the_chosen_token_has_its_softmax(void **state)
{
    (void)state;
    static float logits[V];
    fill(logits, 1);
    for (int32_t token = 0; token < V; token += 97)
        assert_close((double)logprobs_of(logits, V, token), expected(logits, token), 1e-5);
}

static void the_top_are_the_largest_in_order_with_ties_by_id(void **state)
{
    (void)state;
    static float logits[V];
    for (uint64_t seed = 0; seed < 20; seed++) {
        fill(logits, seed);
        struct logprob top[20];
        assert_int_equal(logprobs_top(logits, V, 20, top), 20);
        for (int i = 0; i < 20; i++) {
            int before = 0; // that rank before it
            for (int j = 0; j < V; j++)
                before += logits[j] > logits[top[i].token] ||
                          (logits[j] == logits[top[i].token] && j < top[i].token);
            assert_int_equal(before, i);
            assert_close((double)top[i].value, expected(logits, top[i].token), 1e-5);
        }
    }
}

static void no_more_are_given_than_there_are(void **state)
{
    (void)state;
    struct logprob top[4];
    assert_int_equal(logprobs_top((float[]){0, 0}, 2, 4, top), 2);
    assert_int_equal(top[0].token, 0);
    assert_close((double)top[1].value, -0.693147, 1e-5);
    assert_int_equal(logprobs_top((float[]){0, 0}, 2, 0, top), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chosen_token_has_its_softmax),
        cmocka_unit_test(the_top_are_the_largest_in_order_with_ties_by_id),
        cmocka_unit_test(no_more_are_given_than_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
