// Attention and gating: against double precision, and the same bits at every CPU level.
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kernels/attention.h"
#include "kernels/cpu.h"
#include "kernels/half.h"

enum { MOST = 70 };

struct problem {
    size_t n, D, heads;
    float *q, *k, *v, *scores;
    uint16_t *keys, *values;
};

static void make(struct problem *p, size_t n, size_t D, size_t heads, struct rng *rng)
{
    size_t tiles = (n + 15) / 16;
    *p = (struct problem){n,
                          D,
                          heads,
                          .q = malloc(heads * D * 4),
                          .k = malloc(n * D * 4),
                          .v = malloc(n * D * 4),
                          .scores = malloc(heads * tiles * 16 * 4),
                          .keys = malloc(tiles * 16 * D * 2),
                          .values = malloc(n * D * 2)};
    memset(p->keys, 0x7e, tiles * 16 * D * 2); // NaN where nothing is stored
    for (size_t i = 0; i < heads * D; i++)
        p->q[i] = (float)rng_normal(rng) * 2;
    for (size_t i = 0; i < n * D; i++) {
        p->k[i] = half_to_float(half_from_float((float)rng_normal(rng)));
        p->v[i] = half_to_float(half_from_float((float)rng_normal(rng)));
    }
    for (size_t i = 0; i < n; i++)
        attention_store(p->keys, p->values, D, i, p->k + i * D, p->v + i * D);
}

static void drop(struct problem *p)
{
    free(p->q);
    free(p->k);
    free(p->v);
    free(p->scores);
    free(p->keys);
    free(p->values);
}

static float *run(struct problem *p)
{
    float *out = malloc(p->heads * p->D * sizeof *out);
    struct attention a = {p->keys, p->values, p->n, p->D, p->heads, p->q, 0.125f, p->scores, out};
    attention_run(&a);
    return out;
}

static void check(const struct problem *p, const float *out)
{
    for (size_t h = 0; h < p->heads; h++) {
        double s[MOST], top = -INFINITY, sum = 0;
        for (size_t i = 0; i < p->n; i++) {
            s[i] = 0;
            for (size_t d = 0; d < p->D; d++)
                s[i] += (double)p->q[h * p->D + d] * (double)p->k[i * p->D + d] * 0.125;
            top = fmax(top, s[i]);
        }
        for (size_t i = 0; i < p->n; i++)
            sum += s[i] = exp(s[i] - top);
        for (size_t d = 0; d < p->D; d++) {
            double want = 0;
            for (size_t i = 0; i < p->n; i++)
                want += s[i] / sum * (double)p->v[i * p->D + d];
            assert_true(fabs(want - (double)out[h * p->D + d]) < 5e-6);
        }
    }
}

static void attention_is_the_softmax_of_scaled_scores(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 3);
    static const size_t lengths[] = {1, 15, 16, 17, 70}, sizes[] = {16, 64, 80, 96, 128};
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++)
            for (size_t heads = 1; heads <= 8; heads++) {
                struct problem p;
                make(&p, lengths[i], sizes[j], heads, &rng);
                cpu_level_force(CPU_PLAIN);
                float *want = run(&p);
                check(&p, want);
                for (int level = 1; level <= (int)cpu_level_best(); level++) {
                    cpu_level_force((enum cpu_level)level);
                    float *got = run(&p);
                    assert_memory_equal(got, want, p.heads * p.D * sizeof *got);
                    free(got);
                }
                free(want);
                drop(&p);
            }
}

static void the_gate_is_silu_times_up(void **state)
{
    (void)state;
    enum { N = 4096 };
    float *g = malloc(N * 4), *up = malloc(N * 4), *want = malloc(N * 4), *got = malloc(N * 4);
    for (int i = 0; i < N; i++) {
        g[i] = (float)(i - N / 2) * 0.06f; // -123 .. 123
        up[i] = (float)(i % 7) - 3;
    }
    cpu_level_force(CPU_PLAIN);
    attention_gate(g, up, want, N);
    for (int i = 0; i < N; i++) {
        double x = (double)g[i], exact = x / (1 + exp(-x)) * (double)up[i];
        assert_true(fabs(exact - (double)want[i]) <= 1e-6 * fabs(exact) + 1e-30);
    }
    for (int level = 1; level <= (int)cpu_level_best(); level++) {
        cpu_level_force((enum cpu_level)level);
        attention_gate(g, up, got, N);
        assert_memory_equal(got, want, N * 4);
    }
    free(g);
    free(up);
    free(want);
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attention_is_the_softmax_of_scaled_scores),
        cmocka_unit_test(the_gate_is_silu_times_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
