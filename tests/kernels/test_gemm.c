// Dense products: every shape and layout against sums in double, at every CPU level.
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kernels/cpu.h"
#include "kernels/gemm.h"
#include "kernels/half.h"

enum { GUARD = 5 };

static float *noise(size_t n, uint64_t seed)
{
    struct rng r;
    rng_seed(&r, seed);
    float *p = malloc((n + 1) * sizeof *p);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = (float)rng_normal(&r);
    return p;
}

static double rounded(float x, bool bf16)
{
    return bf16 ? (double)bf16_to_float(bf16_from_float(x)) : (double)x;
}

struct shape {
    size_t M, N, K;
    bool a_turned, b_turned, add;
};

static struct gemm_view view(const float *p, size_t rows, size_t columns, bool turned)
{
    return turned ? gemm_turned(p, rows + 3) : gemm_rows(p, columns + 3);
}

static float element(struct gemm_view v, size_t i, size_t j)
{
    return v.p[i * v.row + j * v.col];
}

static void check(struct gemm_work *w, const struct shape *s, bool bf16, bool packed)
{
    float *a = noise((s->M + 3) * (s->K + 3), 1), *b = noise((s->K + 3) * (s->N + 3), 2);
    size_t ldc = s->N + GUARD;
    float *c = noise(s->M * ldc, 3), *before = noise(s->M * ldc, 3);
    struct gemm g = {
        s->M, s->N, s->K,  view(a, s->M, s->K, s->a_turned), view(b, s->K, s->N, s->b_turned),
        c,    ldc,  s->add};
    if (packed) {
        void *p = aligned_alloc(64, (gemm_packed_bytes(s->N, s->K) + 63) / 64 * 64 + 64);
        assert_non_null(p);
        gemm_pack(w, g.b, s->N, s->K, p);
        gemm_run_packed(w, 0, &g, p, s->K);
        free(p);
    } else {
        gemm_run(w, &g);
    }
    for (size_t i = 0; i < s->M; i++) {
        for (size_t j = 0; j < s->N; j++) {
            double sum = s->add ? (double)before[i * ldc + j] : 0, size = fabs(sum);
            for (size_t k = 0; k < s->K; k++) {
                double term = rounded(element(g.a, i, k), bf16) * rounded(element(g.b, k, j), bf16);
                sum += term;
                size += fabs(term);
            }
            assert_close((double)c[i * ldc + j], sum, 1e-6 * size);
        }
        assert_memory_equal(c + i * ldc + s->N, before + i * ldc + s->N, GUARD * sizeof *c);
    }
    free(a);
    free(b);
    free(c);
    free(before);
}

static void check_all(unsigned threads, enum gemm_precision precision, bool bf16)
{
    static const size_t sizes[][3] = {{1, 1, 1},    {12, 32, 2},   {13, 33, 3},    {5, 70, 31},
                                      {200, 40, 8}, {37, 65, 517}, {31, 40, 1031}, {2, 2100, 9}};
    struct team *team;
    struct gemm_work *w;
    struct err err;
    assert_ok(team_open(threads, &team, &err), err);
    assert_ok(gemm_work_open(team, precision, &w, &err), err);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int how = 0; how < 16; how++) {
            struct shape s = {sizes[i][0], sizes[i][1], sizes[i][2], how & 1, how & 2, how & 4};
            check(w, &s, bf16, how & 8);
        }
    gemm_work_close(&w);
    team_close(&team);
}

static void products_are_right_at_every_level(void **state)
{
    (void)state;
    for (int level = 0; level <= (int)cpu_level_best(); level++) {
        assert_true(cpu_level_force((enum cpu_level)level));
        check_all(1, GEMM_F32, false);
    }
    check_all(3, GEMM_F32, false);
}

static void products_in_bf16_round_the_operands_alone(void **state)
{
    (void)state;
    if (!gemm_has_bf16())
        skip();
    check_all(2, GEMM_BF16, true);
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    enum { M = 301, N = 77, K = 600 };
    float *a = noise(M * K, 1), *b = noise(K * N, 2), *c[2];
    for (unsigned t = 0; t < 2; t++) {
        struct team *team;
        struct gemm_work *w;
        struct err err;
        assert_ok(team_open(1 + 2 * t, &team, &err), err);
        assert_ok(gemm_work_open(team, GEMM_BF16, &w, &err), err);
        c[t] = calloc(M * N, sizeof **c);
        gemm_run(w, &(struct gemm){M, N, K, gemm_rows(a, K), gemm_rows(b, N), c[t], N, false});
        gemm_work_close(&w);
        team_close(&team);
    }
    assert_memory_equal(c[0], c[1], M * N * sizeof **c);
    for (unsigned t = 0; t < 2; t++)
        free(c[t]);
    free(a);
    free(b);
}

static void an_empty_sum_is_zero(void **state)
{
    (void)state;
    struct team *team;
    struct gemm_work *w;
    struct err err;
    assert_ok(team_open(1, &team, &err), err);
    assert_ok(gemm_work_open(team, GEMM_F32, &w, &err), err);
    float c[4] = {1, 2, 3, 4}, none = 0;
    struct gemm g = {2, 1, 0, gemm_rows(&none, 0), gemm_rows(&none, 1), c, 2, true};
    gemm_run(w, &g);
    assert_true(c[0] == 1 && c[1] == 2);
    g.add = false;
    gemm_run(w, &g);
    assert_true(c[0] == 0 && c[1] == 2 && c[2] == 0 && c[3] == 4);
    gemm_work_close(&w);
    team_close(&team);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_right_at_every_level),
        cmocka_unit_test(products_in_bf16_round_the_operands_alone),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(an_empty_sum_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
