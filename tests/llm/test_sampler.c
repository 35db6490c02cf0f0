// The sampler: each setting alone, distributions, determinism.
#include "test.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/rng.h"
#include "llm/sampler.h"

enum { V = 1000, DRAWS = 20000 };

static struct sampler *open_sampler(struct sampler_settings s, uint32_t vocabulary)
{
    struct sampler *sampler;
    struct err err;
    assert_ok(sampler_open(&s, vocabulary, &sampler, &err), err);
    return sampler;
}

static void greedy_takes_the_largest_and_the_first_of_equals(void **state)
{
    (void)state;
    struct sampler *s = open_sampler(SAMPLER_GREEDY, 5);
    assert_int_equal(sampler_pick(s, (float[]){1, 3, -2, 3, 0}), 1);
    assert_int_equal(sampler_pick(s, (float[]){-5, -4, -6, -4, -9}), 1);
    sampler_close(&s);
}

static void draws_follow_the_softmax_at_its_temperature(void **state)
{
    (void)state;
    static const float logits[] = {1, 0, 2, -1};
    for (int k = 0; k < 3; k++) {
        struct sampler_settings settings = SAMPLER_GREEDY;
        settings.temperature = (float[]){0.5f, 1, 2}[k];
        settings.seed = 3;
        struct sampler *s = open_sampler(settings, 4);
        int counts[4] = {0};
        double sum = 0;
        for (int i = 0; i < 4; i++)
            sum += exp((double)(logits[i] / settings.temperature));
        for (int i = 0; i < DRAWS; i++)
            counts[sampler_pick(s, logits)]++;
        for (int i = 0; i < 4; i++) {
            double p = exp((double)(logits[i] / settings.temperature)) / sum;
            assert_true(fabs(counts[i] - DRAWS * p) < 5 * sqrt(DRAWS * p * (1 - p)) + 1);
        }
        sampler_close(&s);
    }
}

// Which of 6 tokens ever come.
static unsigned seen(struct sampler_settings settings)
{
    static const float logits[] = {0, 3, 1, 2, -1, 2.5f};
    settings.temperature = 1;
    struct sampler *s = open_sampler(settings, 6);
    unsigned mask = 0;
    for (int i = 0; i < DRAWS; i++)
        mask |= 1u << sampler_pick(s, logits);
    sampler_close(&s);
    return mask;
}

static void top_k_top_p_and_min_p_keep_the_best(void **state)
{
    (void)state;
    struct sampler_settings s = SAMPLER_GREEDY;
    assert_int_equal(seen(s), 0x3f);
    s.top_k = 3;
    assert_int_equal(seen(s), 1 << 1 | 1 << 5 | 1 << 3);
    s.top_k = 0;
    s.top_p = 0.6f; // 0.451 and 0.273 reach it
    assert_int_equal(seen(s), 1 << 1 | 1 << 5);
    s.top_p = 1;
    s.min_p = 0.3f; // e^-0.5 = 0.61 and e^-1 = 0.37 are above, e^-2 is not
    assert_int_equal(seen(s), 1 << 1 | 1 << 5 | 1 << 3);
    s.min_p = 1;
    assert_int_equal(seen(s), 1 << 1);
}

static void top_k_of_many_keeps_exactly_the_best(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 2);
    for (uint32_t k = 1; k < V; k += 37) {
        float logits[V];
        for (int i = 0; i < V; i++)
            logits[i] = (float)rng_below(&rng, 50); // many ties
        struct sampler_settings settings = SAMPLER_GREEDY;
        settings.temperature = 50;
        settings.top_k = k;
        struct sampler *s = open_sampler(settings, V);
        for (int i = 0; i < 300; i++) {
            int32_t id = sampler_pick(s, logits);
            uint32_t above = 0;
            for (int j = 0; j < V; j++)
                above += logits[j] > logits[id] || (logits[j] == logits[id] && j < id);
            assert_true(above < k);
        }
        sampler_close(&s);
    }
}

static void penalties_count_recent_tokens_only(void **state)
{
    (void)state;
    static const float logits[] = {2, 1.9f, -1};
    struct sampler_settings settings = SAMPLER_GREEDY;
    settings.recent = 2;
    settings.repetition_penalty = 1.5f;
    struct sampler *s = open_sampler(settings, 3);
    sampler_accept(s, 0);
    assert_int_equal(sampler_pick(s, logits), 1); // 2 / 1.5 < 1.9
    sampler_accept(s, 2);
    sampler_accept(s, 2);
    assert_int_equal(sampler_pick(s, logits), 0); // 0 is forgotten
    sampler_close(&s);
    settings = SAMPLER_GREEDY;
    settings.frequency_penalty = 0.06f;
    s = open_sampler(settings, 3);
    sampler_accept(s, 0);
    assert_int_equal(sampler_pick(s, logits), 0);
    sampler_accept(s, 0);
    assert_int_equal(sampler_pick(s, logits), 1);
    sampler_close(&s);
    settings = SAMPLER_GREEDY;
    settings.presence_penalty = 0.2f;
    s = open_sampler(settings, 3);
    sampler_accept(s, 0);
    assert_int_equal(sampler_pick(s, logits), 1);
    sampler_close(&s);
}

static void a_seed_repeats_its_draws(void **state)
{
    (void)state;
    float logits[V];
    for (int i = 0; i < V; i++)
        logits[i] = (float)(i % 10);
    struct sampler_settings settings = SAMPLER_GREEDY;
    settings.temperature = 1;
    settings.seed = 8;
    struct sampler *a = open_sampler(settings, V), *b = open_sampler(settings, V);
    settings.seed = 9;
    struct sampler *c = open_sampler(settings, V);
    int differ = 0;
    for (int i = 0; i < 100; i++) {
        int32_t id = sampler_pick(a, logits);
        assert_int_equal(sampler_pick(b, logits), id);
        differ += sampler_pick(c, logits) != id;
    }
    assert_true(differ > 50);
    sampler_close(&a);
    sampler_close(&b);
    sampler_close(&c);
}

static void settings_out_of_bounds_are_named(void **state)
{
    (void)state;
    struct sampler *s;
    struct err err;
    struct sampler_settings bad = SAMPLER_GREEDY;
    bad.temperature = NAN;
    assert_int_equal(sampler_open(&bad, V, &s, &err), ERR_USAGE);
    assert_non_null(strstr(err.text, "temperature"));
    bad = SAMPLER_GREEDY;
    bad.top_p = 1.5f;
    assert_int_equal(sampler_open(&bad, V, &s, &err), ERR_USAGE);
    assert_non_null(strstr(err.text, "top_p is 1.5"));
    bad = SAMPLER_GREEDY;
    bad.recent = UINT32_MAX;
    assert_int_equal(sampler_open(&bad, V, &s, &err), ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greedy_takes_the_largest_and_the_first_of_equals),
        cmocka_unit_test(draws_follow_the_softmax_at_its_temperature),
        cmocka_unit_test(top_k_top_p_and_min_p_keep_the_best),
        cmocka_unit_test(top_k_of_many_keeps_exactly_the_best),
        cmocka_unit_test(penalties_count_recent_tokens_only),
        cmocka_unit_test(a_seed_repeats_its_draws),
        cmocka_unit_test(settings_out_of_bounds_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
