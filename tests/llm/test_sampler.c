// The sampler: each setting alone, distributions, determinism.
#include "test.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "llm/sampler.h"

enum { V = 1000, DRAWS = 20000, CHI_DRAWS = 4000 };

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
    assert_int_equal(sampler_pick(s, (float[]){1, 3, -2, 3, 0}, NULL), 1);
    assert_int_equal(sampler_pick(s, (float[]){-5, -4, -6, -4, -9}, NULL), 1);
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
            counts[sampler_pick(s, logits, NULL)]++;
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
        mask |= 1u << sampler_pick(s, logits, NULL);
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
            int32_t id = sampler_pick(s, logits, NULL);
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
    assert_int_equal(sampler_pick(s, logits, NULL), 1); // 2 / 1.5 < 1.9
    sampler_accept(s, 2);
    sampler_accept(s, 2);
    assert_int_equal(sampler_pick(s, logits, NULL), 0); // 0 is forgotten
    sampler_close(&s);
    settings = SAMPLER_GREEDY;
    settings.frequency_penalty = 0.06f;
    s = open_sampler(settings, 3);
    sampler_accept(s, 0);
    assert_int_equal(sampler_pick(s, logits, NULL), 0);
    sampler_accept(s, 0);
    assert_int_equal(sampler_pick(s, logits, NULL), 1);
    sampler_close(&s);
    settings = SAMPLER_GREEDY;
    settings.presence_penalty = 0.2f;
    s = open_sampler(settings, 3);
    sampler_accept(s, 0);
    assert_int_equal(sampler_pick(s, logits, NULL), 1);
    sampler_close(&s);
}

// The sampler of sampler.h, written straight: doubles, full sorts.
struct ranked {
    double logit, p;
    int id;
};

static int by_logit(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return x->logit != y->logit ? (x->logit > y->logit ? -1 : 1) : x->id - y->id;
}

static int by_p(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return x->p != y->p ? (x->p < y->p ? -1 : 1) : x->id - y->id;
}

static void set_softmax(struct ranked *r, int n, double temperature)
{
    double sum = 0, top = -INFINITY;
    for (int i = 0; i < n; i++)
        top = fmax(top, r[i].logit);
    for (int i = 0; i < n; i++)
        sum += r[i].p = exp((r[i].logit - top) / temperature);
    for (int i = 0; i < n; i++)
        r[i].p /= sum;
}

static int keep_typical(struct ranked *r, int n, double typical_p)
{
    static struct ranked by_distance[V];
    static double p[V];
    double entropy = 0, sum = 0;
    set_softmax(r, n, 1);
    for (int i = 0; i < n; i++)
        entropy -= r[i].p * log(r[i].p);
    for (int i = 0; i < n; i++) {
        p[r[i].id] = r[i].p;
        by_distance[i] = r[i];
        by_distance[i].p = fabs(-log(r[i].p) - entropy);
    }
    qsort(by_distance, (size_t)n, sizeof *r, by_p);
    int kept = 0;
    while (kept < n && sum <= typical_p)
        sum += p[by_distance[kept++].id];
    memcpy(r, by_distance, (size_t)kept * sizeof *r);
    qsort(r, (size_t)kept, sizeof *r, by_logit);
    return kept;
}

// Sets probability[id] of each token that may come, 0 elsewhere.
static void reference(const struct sampler_settings *s, const float *logits, double *probability)
{
    static struct ranked r[V];
    int n = V;
    for (int i = 0; i < V; i++)
        r[i] = (struct ranked){(double)logits[i], 0, i};
    qsort(r, V, sizeof *r, by_logit);
    if (s->top_k && s->top_k < V)
        n = (int)s->top_k;
    if (s->typical_p < 1)
        n = keep_typical(r, n, (double)s->typical_p);
    if (s->top_p < 1) {
        double sum = 0;
        int kept = 0;
        set_softmax(r, n, 1);
        while (kept < n && (kept == 0 || sum < (double)s->top_p))
            sum += r[kept++].p;
        n = kept;
    }
    set_softmax(r, n, 1);
    int kept = 0;
    for (int i = 0; i < n; i++)
        if (r[i].p >= (double)s->min_p * r[0].p)
            r[kept++] = r[i];
    n = kept;
    set_softmax(r, n, (double)s->temperature);
    memset(probability, 0, V * sizeof *probability);
    for (int i = 0; i < n; i++)
        probability[r[i].id] = r[i].p;
}

// The value that a chi-squared variable of `freedom` degrees exceeds once in 10,000 times (Wilson
// and Hilferty's approximation).
static double chi_squared_limit(double freedom)
{
    double a = 2 / (9 * freedom);
    return freedom * pow(1 - a + 3.719 * sqrt(a), 3);
}

// Draws agree with the reference: nothing impossible comes, and frequencies pass Pearson's test.
static void check_draws(struct sampler_settings settings, const float *logits)
{
    static double probability[V];
    static int counts[V];
    reference(&settings, logits, probability);
    memset(counts, 0, sizeof counts);
    struct sampler *s = open_sampler(settings, V);
    for (int i = 0; i < CHI_DRAWS; i++)
        counts[sampler_pick(s, logits, NULL)]++;
    sampler_close(&s);
    double statistic = 0, freedom = -1, rest_p = 0, rest = 0;
    for (int i = 0; i < V; i++) {
        double expected = probability[i] * CHI_DRAWS;
        assert_true(expected > 0 || counts[i] == 0);
        if (expected < 5) { // too rare to stand alone
            rest_p += expected;
            rest += counts[i];
        } else {
            statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
            freedom++;
        }
    }
    if (rest_p >= 5) {
        statistic += (rest - rest_p) * (rest - rest_p) / rest_p;
        freedom++;
    }
    if (freedom > 0 && statistic > chi_squared_limit(freedom))
        fail_msg("chi-squared is %g with %g degrees of freedom", statistic, freedom);
}

static void draws_agree_with_a_sampler_that_sorts_in_doubles(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 11);
    for (int round = 0; round < 48; round++) {
        float logits[V];
        double spread = 1 + (double)(round % 5);
        for (int i = 0; i < V; i++)
            logits[i] = (float)(rng_normal(&rng) * spread);
        struct sampler_settings s = SAMPLER_GREEDY;
        s.seed = (uint64_t)round;
        s.temperature = (float)(0.3 + 1.5 * rng_uniform(&rng));
        if (round & 1)
            s.top_k = (uint32_t)(1 + rng_below(&rng, V / 4));
        if (round & 2)
            s.top_p = (float)(0.1 + 0.89 * rng_uniform(&rng));
        if (round & 4)
            s.typical_p = (float)(0.1 + 0.89 * rng_uniform(&rng));
        if (round & 8)
            s.min_p = (float)(0.2 * rng_uniform(&rng));
        check_draws(s, logits);
    }
}

// A draw at temperature alone is the token at whose cumulated weight the seed's next number falls.
static void temperature_alone_draws_by_the_cumulated_weights(void **state)
{
    (void)state;
    enum { MANY = 2100 }; // several pieces of weights, the last one not whole
    static float logits[MANY];
    static uint64_t mask[MANY / 64 + 1];
    struct rng rng, drawn;
    rng_seed(&rng, 21);
    for (int round = 0; round < 24; round++) {
        for (int i = 0; i < MANY; i++)
            logits[i] = (float)(rng_normal(&rng) * (1 + round % 3));
        for (int i = 0; i <= MANY / 64; i++) // now and then whole pieces are forbidden
            mask[i] = round & 4 && i / 8 % 2 == 0 ? 0 : rng_u64(&rng);
        struct sampler_settings settings = SAMPLER_GREEDY;
        settings.temperature = (float[]){0.05f, 0.8f, 3}[round % 3];
        settings.top_k = round & 8 ? MANY : 0;
        settings.seed = (uint64_t)round;
        struct sampler *s = open_sampler(settings, MANY);
        rng_seed(&drawn, settings.seed);
        double below[MANY + 1] = {0};
        for (int i = 0; i < MANY; i++) {
            bool allowed = !(round & 1) || (mask[i / 64] >> i % 64 & 1);
            double p = exp((double)logits[i] / (double)settings.temperature);
            below[i + 1] = below[i] + (allowed ? p : 0);
        }
        for (int i = 0; i < 400; i++) {
            double at = rng_uniform(&drawn) * below[MANY], slack = 1e-6 * below[MANY];
            int32_t id = sampler_pick(s, logits, round & 1 ? mask : NULL);
            assert_true(below[id] - slack <= at && at <= below[id + 1] + slack);
            assert_true(below[id + 1] > below[id]);
        }
        sampler_close(&s);
    }
}

static void a_mask_leaves_what_it_allows(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 12);
    float logits[V];
    uint64_t mask[V / 64 + 1] = {0};
    for (int i = 0; i < V; i++)
        logits[i] = (float)rng_normal(&rng);
    mask[0] = 1u << 7;
    mask[V / 64] = 1; // 960
    mask[V / 64 - 1] = 1;
    for (int k = 0; k < 4; k++) {
        struct sampler_settings settings = SAMPLER_GREEDY;
        settings.temperature = k ? 5 : 0;
        settings.top_k = k == 1 ? 10 : 0;
        settings.top_p = k == 2 ? 0.999f : 1;
        struct sampler *s = open_sampler(settings, V);
        for (int i = 0; i < 200; i++) {
            int32_t id = sampler_pick(s, logits, mask);
            assert_true(id == 7 || id == 960 || id == 896);
        }
        sampler_close(&s);
    }
}

static void nothing_is_picked_where_nothing_is_allowed(void **state)
{
    (void)state;
    static const float logits[] = {1, 2, 3};
    uint64_t mask = 0;
    for (int k = 0; k < 5; k++) {
        struct sampler_settings settings = SAMPLER_GREEDY;
        settings.temperature = k ? 1 : 0;
        settings.top_k = k == 2 ? 2 : 0;
        settings.top_p = k == 3 ? 0.5f : 1;
        settings.typical_p = k == 4 ? 0.5f : 1;
        struct sampler *s = open_sampler(settings, 3);
        assert_int_equal(sampler_pick(s, logits, &mask), -1);
        sampler_close(&s);
    }
}

static void biases_are_added_and_can_forbid(void **state)
{
    (void)state;
    static const float logits[] = {1, 2, 3, 0};
    struct sampler_bias biases[] = {{2, -INFINITY}, {0, 1.5f}};
    struct sampler_settings settings = SAMPLER_GREEDY;
    settings.biases = biases;
    settings.bias_count = 2;
    struct sampler *s = open_sampler(settings, 4);
    biases[1].bias = 0; // it has its own copy
    assert_int_equal(sampler_pick(s, logits, NULL), 0);
    sampler_close(&s);
    struct err err;
    biases[0].token = 4;
    assert_int_equal(sampler_open(&settings, 4, &s, &err), ERR_USAGE);
    assert_non_null(strstr(err.text, "logit_bias names token 4"));
}

static void penalties_add_up_over_the_occurrences(void **state)
{
    (void)state;
    // 3 / 1.5 - 2 * 0.25 - 0.5 = 1; -1 * 1.5 - 0.25 - 0.5 = -2.25
    static const float logits[] = {3, -1, 0.99f, -2.2f, -9};
    struct sampler_settings settings = SAMPLER_GREEDY;
    settings.repetition_penalty = 1.5f;
    settings.frequency_penalty = 0.25f;
    settings.presence_penalty = 0.5f;
    struct sampler *s = open_sampler(settings, 5);
    sampler_accept(s, 0);
    sampler_accept(s, 1);
    sampler_accept(s, 0);
    for (int k = 0; k < 3; k++) // the counts stay as they are
        assert_int_equal(sampler_pick(s, logits, NULL), 0);
    uint64_t mask = 1 << 1 | 1 << 3;
    assert_int_equal(sampler_pick(s, logits, &mask), 3);
    sampler_accept(s, 0); // 0.75
    assert_int_equal(sampler_pick(s, logits, NULL), 2);
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
        int32_t id = sampler_pick(a, logits, NULL);
        assert_int_equal(sampler_pick(b, logits, NULL), id);
        differ += sampler_pick(c, logits, NULL) != id;
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
        cmocka_unit_test(draws_agree_with_a_sampler_that_sorts_in_doubles),
        cmocka_unit_test(temperature_alone_draws_by_the_cumulated_weights),
        cmocka_unit_test(a_mask_leaves_what_it_allows),
        cmocka_unit_test(nothing_is_picked_where_nothing_is_allowed),
        cmocka_unit_test(biases_are_added_and_can_forbid),
        cmocka_unit_test(penalties_add_up_over_the_occurrences),
        cmocka_unit_test(a_seed_repeats_its_draws),
        cmocka_unit_test(settings_out_of_bounds_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
