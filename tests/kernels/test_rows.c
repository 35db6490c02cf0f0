// Work on rows against the same in double, at every CPU level; gradients against differences.
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kernels/cpu.h"
#include "kernels/rows.h"

enum { MOST = 1100, GUARD = 4 };

static const size_t sizes[] = {1, 3, 15, 16, 17, 40, 64, 1100};

#define EACH_SIZE(n)                                                                               \
    for (int level_ = 0; level_ <= (int)cpu_level_best(); level_++)                                \
        for (size_t i_ = 0, n; i_ < sizeof sizes / sizeof *sizes; i_++)                            \
            if (cpu_level_force((enum cpu_level)level_) && (n = sizes[i_]) > 0)

static void noise(float *p, size_t n, uint64_t seed)
{
    struct rng r;
    rng_seed(&r, seed);
    for (size_t i = 0; i < n; i++)
        p[i] = (float)rng_normal(&r);
    for (size_t i = n; i < n + GUARD; i++)
        p[i] = 77;
}

static void assert_guarded(const float *p, size_t n)
{
    for (size_t i = n; i < n + GUARD; i++)
        assert_true(p[i] == 77);
}

static double inverse_of(const float *x, size_t n, double eps)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return 1 / sqrt(sum / (double)n + eps);
}

static void the_norm_divides_by_the_root_mean_square(void **state)
{
    (void)state;
    float x[MOST + GUARD], w[MOST + GUARD], y[MOST + GUARD];
    EACH_SIZE(n)
    {
        noise(x, n, 1);
        noise(w, n, 2);
        noise(y, n, 3);
        double inverse = inverse_of(x, n, 1e-5);
        assert_close((double)rows_norm(x, w, n, 1e-5f, y), inverse, 1e-6 * inverse);
        for (size_t i = 0; i < n; i++)
            assert_close((double)y[i], (double)x[i] * inverse * (double)w[i], 1e-5);
        assert_guarded(y, n);
    }
}

// d(sum of dy * norm(x)) by x[at], as a difference in double.
static double norm_slope(const float *x, const float *w, const float *dy, size_t n, size_t at)
{
    double value[2], h = 1e-5;
    for (int side = 0; side < 2; side++) {
        double sum = 0, out = 0, shift = side ? h : -h;
        for (size_t i = 0; i < n; i++) {
            double v = (double)x[i] + (i == at ? shift : 0);
            sum += v * v;
            out += v * (double)w[i] * (double)dy[i];
        }
        value[side] = out / sqrt(sum / (double)n + 1e-5);
    }
    return (value[1] - value[0]) / (2 * h);
}

static void the_norms_gradient_is_its_slope(void **state)
{
    (void)state;
    float x[MOST + GUARD], w[MOST + GUARD], dy[MOST + GUARD], dx[MOST + GUARD], dw[MOST + GUARD];
    EACH_SIZE(n)
    {
        noise(x, n, 1);
        noise(w, n, 2);
        noise(dy, n, 3);
        noise(dx, n, 4);
        noise(dw, n, 5);
        float before_x[MOST], before_w[MOST];
        memcpy(before_x, dx, n * sizeof *dx);
        memcpy(before_w, dw, n * sizeof *dw);
        double inverse = inverse_of(x, n, 1e-5);
        rows_norm_back(dy, x, w, n, (float)inverse, dx, dw);
        for (size_t i = 0; i<n; i += n> 64 ? 37 : 1) {
            assert_close((double)(dx[i] - before_x[i]), norm_slope(x, w, dy, n, i), 1e-4);
            assert_close((double)(dw[i] - before_w[i]), (double)dy[i] * (double)x[i] * inverse,
                         1e-5);
        }
        assert_guarded(dx, n);
        assert_guarded(dw, n);
    }
}

static double gated(double g, double u)
{
    return g / (1 + exp(-g)) * u;
}

static void the_gate_and_its_gradient_are_right(void **state)
{
    (void)state;
    float g[MOST + GUARD], u[MOST + GUARD], d[MOST + GUARD], y[MOST + GUARD], z[MOST + GUARD];
    EACH_SIZE(n)
    {
        noise(g, n, 1);
        noise(u, n, 2);
        noise(d, n, 3);
        noise(y, n, 4);
        noise(z, n, 5);
        g[0] = 40;
        float g0[MOST], u0[MOST];
        memcpy(g0, g, n * sizeof *g);
        memcpy(u0, u, n * sizeof *u);
        rows_gate(g, u, n, y);
        rows_gate_back(d, n, g, u, z);
        for (size_t i = 0; i < n; i++) {
            double a = (double)g0[i], b = (double)u0[i], dy = (double)d[i], h = 1e-5;
            assert_close((double)y[i], gated(a, b), 1e-5 * (1 + fabs(a)));
            assert_true(y[i] == z[i]);
            double slope = (gated(a + h, b) - gated(a - h, b)) / (2 * h);
            assert_close((double)g[i], dy * slope, 1e-5 * (1 + fabs(dy)));
            assert_close((double)u[i], dy * gated(a, 1), 1e-5 * (1 + fabs(a)));
        }
        assert_guarded(y, n);
        assert_guarded(g, n);
        assert_guarded(u, n);
    }
}

static void softmax_sums_to_one_and_can_be_repeated(void **state)
{
    (void)state;
    float x[MOST + GUARD], again[MOST + GUARD];
    EACH_SIZE(n)
    {
        noise(x, n, 1);
        x[n / 2] = 400; // exp would overflow without the shift
        double sum = 0, p[MOST];
        for (size_t i = 0; i < n; i++)
            sum += p[i] = exp(0.3 * ((double)x[i] - 400));
        memcpy(again, x, sizeof x);
        float log_sum = rows_softmax(x, n, 0.3f);
        assert_close((double)log_sum, log(sum) + 120, 1e-4);
        rows_softmax_again(again, n, 0.3f, log_sum);
        for (size_t i = 0; i < n; i++) {
            assert_close((double)x[i], p[i] / sum, 1e-6);
            assert_close((double)again[i], p[i] / sum, 2e-5);
        }
        assert_guarded(x, n);
        assert_guarded(again, n);
    }
}

static double weighed(const float *x, const float *d, size_t n, size_t at, double shift)
{
    double sum = 0, out = 0;
    for (size_t i = 0; i < n; i++) {
        double e = exp(0.3 * ((double)x[i] + (i == at ? shift : 0)));
        sum += e;
        out += e * (double)d[i];
    }
    return out / sum;
}

static void the_softmaxs_gradient_is_its_slope(void **state)
{
    (void)state;
    float x[MOST + GUARD], d[MOST + GUARD], p[MOST + GUARD], dp[MOST + GUARD];
    EACH_SIZE(n)
    {
        noise(x, n, 1);
        noise(d, n, 2);
        memcpy(p, x, sizeof x);
        memcpy(dp, d, sizeof d);
        rows_softmax(p, n, 0.3f);
        rows_softmax_back(p, dp, n, 0.3f, (float)rows_dot(p, d, n));
        for (size_t i = 0; i<n; i += n> 64 ? 37 : 1) {
            double slope = (weighed(x, d, n, i, 1e-5) - weighed(x, d, n, i, -1e-5)) / 2e-5;
            assert_close((double)dp[i], slope, 1e-5);
        }
        assert_guarded(dp, n);
    }
}

static void adamw_takes_the_papers_step(void **state)
{
    (void)state;
    float w[MOST + GUARD], g[MOST + GUARD], m[MOST + GUARD], v[MOST + GUARD];
    double W[MOST], M[MOST] = {0}, S[MOST] = {0};
    EACH_SIZE(n)
    {
        noise(w, n, 1);
        noise(m, n, 2);
        noise(v, n, 3);
        memset(m, 0, n * sizeof *m);
        memset(v, 0, n * sizeof *v);
        memset(M, 0, sizeof M);
        memset(S, 0, sizeof S);
        for (size_t i = 0; i < n; i++)
            W[i] = (double)w[i];
        for (int step = 1; step <= 5; step++) {
            noise(g, n, (uint64_t)(10 + step));
            struct rows_adamw a = {.rate = 0.01f,
                                   .decay = 0.1f,
                                   .beta1 = 0.9f,
                                   .beta2 = 0.95f,
                                   .eps = 1e-8f,
                                   .correction1 = (float)(1 - pow(0.9, step)),
                                   .correction2 = (float)(1 - pow(0.95, step)),
                                   .gradient_scale = 0.5f};
            rows_adamw(&a, n, w, g, m, v);
            for (size_t i = 0; i < n; i++) {
                double d = 0.5 * (double)g[i];
                M[i] = 0.9 * M[i] + 0.1 * d;
                S[i] = 0.95 * S[i] + 0.05 * d * d;
                double mean = M[i] / (1 - pow(0.9, step)), square = S[i] / (1 - pow(0.95, step));
                W[i] -= 0.01 * (mean / (sqrt(square) + 1e-8) + 0.1 * W[i]);
                assert_close((double)w[i], W[i], 1e-5);
            }
        }
        assert_guarded(w, n);
        assert_guarded(m, n);
        assert_guarded(v, n);
    }
}

static void sums_and_products_are_right(void **state)
{
    (void)state;
    float x[MOST + GUARD], y[MOST + GUARD];
    EACH_SIZE(n)
    {
        noise(x, n, 1);
        noise(y, n, 2);
        double sum = 0, size = 0, first = (double)y[0];
        for (size_t i = 0; i < n; i++) {
            sum += (double)x[i] * (double)y[i];
            size += fabs((double)x[i] * (double)y[i]);
        }
        assert_close(rows_dot(x, y, n), sum, 1e-6 * size);
        rows_add_scaled(x, n, -2, y);
        assert_close((double)y[0], first - 2 * (double)x[0], 1e-6);
        rows_add(x, n, y);
        assert_close((double)y[0], first - (double)x[0], 1e-6);
        rows_scale(y, n, 3);
        assert_close((double)y[0], 3 * (first - (double)x[0]), 1e-5);
        assert_guarded(y, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_norm_divides_by_the_root_mean_square),
        cmocka_unit_test(the_norms_gradient_is_its_slope),
        cmocka_unit_test(the_gate_and_its_gradient_are_right),
        cmocka_unit_test(softmax_sums_to_one_and_can_be_repeated),
        cmocka_unit_test(the_softmaxs_gradient_is_its_slope),
        cmocka_unit_test(adamw_takes_the_papers_step),
        cmocka_unit_test(sums_and_products_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
