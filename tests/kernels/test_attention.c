// Attention and gating: against double precision, and the same bits at every CPU level.
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kernels/attention.h"
#include "kernels/cpu.h"
#include "kernels/half.h"

enum {
    MOST = 1100,
    LONG = 300,
    BLOCKS = (MOST + ATTENTION_BLOCK - 1) / ATTENTION_BLOCK,
    BEFORE = 64
};

struct problem {
    enum attention_type type;
    size_t n, D, heads;
    float *q, *k, *v;
    unsigned char *memory; // of all blocks, each with other bytes in front
    const unsigned char *blocks[BLOCKS];
};

// `draw` gives the numbers.
static void make(struct problem *p, struct rng *rng, float (*draw)(struct rng *, size_t))
{
    size_t n = p->n, D = p->D, each = BEFORE + attention_block_bytes(p->type, D);
    p->q = malloc(p->heads * D * 4);
    p->k = malloc(n * D * 4);
    p->v = malloc(n * D * 4);
    p->memory = malloc(BLOCKS * each);
    memset(p->memory, 0x7e, BLOCKS * each); // NaN where nothing is stored
    for (size_t b = 0; b < BLOCKS; b++)     // out of order
        p->blocks[b] = p->memory + (b * 5 + 1) % BLOCKS * each;
    for (size_t i = 0; i < p->heads * D; i++)
        p->q[i] = draw(rng, i);
    for (size_t i = 0; i < n * D; i++) {
        p->k[i] = draw(rng, i);
        p->v[i] = draw(rng, i);
    }
    for (size_t i = 0; i < n; i++)
        attention_store(p->type, (unsigned char *)p->blocks[i / ATTENTION_BLOCK] + BEFORE, D,
                        i % ATTENTION_BLOCK, p->k + i * D, p->v + i * D);
}

static void drop(struct problem *p)
{
    free(p->q);
    free(p->k);
    free(p->v);
    free(p->memory);
}

static float *run(struct problem *p)
{
    size_t each = attention_sums(p->heads, p->D), parts = attention_parts(p->n);
    float *out = malloc(p->heads * p->D * sizeof *out), *sums = malloc(parts * each * sizeof *sums);
    struct attention a = {.type = p->type,
                          .blocks = p->blocks,
                          .at = BEFORE,
                          .n = p->n,
                          .D = p->D,
                          .heads = p->heads,
                          .q = p->q,
                          .scale = 0.125f};
    for (size_t part = parts; part-- > 0;)
        attention_part(&a, part, sums + part * each);
    attention_join(&a, sums, out);
    free(sums);
    return out;
}

// The largest difference from double precision.
static double worst(const struct problem *p, const float *out)
{
    double largest = 0;
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
            double apart = fabs(want - (double)out[h * p->D + d]);
            largest = apart <= largest ? largest : apart;
        }
    }
    return largest;
}

static float any_half(struct rng *rng, size_t i)
{
    (void)i;
    return half_to_float(half_from_float((float)rng_normal(rng)));
}

// Numbers that q8_0 holds exactly: whole multiples of 1/64, one of every 32 the largest there is.
static float any_byte(struct rng *rng, size_t i)
{
    return (i % 32 == 7 ? 127 : (float)rng_below(rng, 255) - 127) / 64;
}

static void check_all_levels(struct problem *p, double bound)
{
    cpu_level_force(CPU_PLAIN);
    float *want = run(p);
    if (!(worst(p, want) < bound))
        fail_msg("%zu positions, D %zu, %zu heads: off by %g", p->n, p->D, p->heads,
                 worst(p, want));
    for (int level = 1; level <= (int)cpu_level_best(); level++) {
        cpu_level_force((enum cpu_level)level);
        float *got = run(p);
        assert_memory_equal(got, want, p->heads * p->D * sizeof *got);
        free(got);
    }
    free(want);
}

static void check_shapes(enum attention_type type, const size_t *sizes, size_t count,
                         float (*draw)(struct rng *, size_t), double bound)
{
    static const size_t lengths[] = {1, 15, 16, 17, 64, 65, 70, 192, 200, 512, 513, 1100};
    struct rng rng;
    rng_seed(&rng, 3);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (size_t j = 0; j < count; j++)
            for (size_t heads = 1; heads <= (lengths[i] > LONG ? 2 : 10); heads++) {
                struct problem p = {.type = type, .n = lengths[i], .D = sizes[j], .heads = heads};
                make(&p, &rng, draw);
                check_all_levels(&p, bound);
                drop(&p);
            }
}

static void attention_is_the_softmax_of_scaled_scores(void **state)
{
    (void)state;
    check_shapes(ATTENTION_F16, (const size_t[]){16, 64, 80, 96, 128}, 5, any_half, 5e-6);
}

static void attention_over_bytes_is_exact_where_bytes_are(void **state)
{
    (void)state;
    check_shapes(ATTENTION_Q8_0, (const size_t[]){32, 64, 96, 128}, 4, any_byte, 5e-6);
}

static void attention_over_bytes_stays_near_for_any_numbers(void **state)
{
    (void)state;
    check_shapes(ATTENTION_Q8_0, (const size_t[]){32, 128}, 2, any_half, 0.06);
}

static void what_is_not_finite_comes_out_of_bytes_too(void **state)
{
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    struct rng rng;
    rng_seed(&rng, 3);
    for (size_t i = 0; i < 3; i++) {
        struct problem p = {.type = ATTENTION_Q8_0, .n = 20, .D = 64, .heads = 2};
        make(&p, &rng, any_byte);
        p.v[64 * 5 + 40] = bad[i];
        attention_store(p.type, (unsigned char *)p.blocks[0] + BEFORE, 64, 5, p.k + 64 * 5,
                        p.v + 64 * 5);
        float *out = run(&p);
        assert_false(isfinite(out[40]));
        free(out);
        drop(&p);
    }
}

static void a_block_takes_what_its_format_says(void **state)
{
    (void)state;
    assert_int_equal(attention_block_bytes(ATTENTION_F16, 96), 64 * 96 * 2 * 2);
    assert_int_equal(attention_block_bytes(ATTENTION_Q8_0, 96), 64 * 96 * 2 * 34 / 32);
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
        cmocka_unit_test(attention_over_bytes_is_exact_where_bytes_are),
        cmocka_unit_test(attention_over_bytes_stays_near_for_any_numbers),
        cmocka_unit_test(what_is_not_finite_comes_out_of_bytes_too),
        cmocka_unit_test(a_block_takes_what_its_format_says),
        cmocka_unit_test(the_gate_is_silu_times_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
