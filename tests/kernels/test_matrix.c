// Matrix products: every format at every CPU level, odd sizes, against sums in double.
#include "test.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kernels/matrix.h"

enum { GUARD = 64 };

static const uint32_t row_counts[] = {1, 15, 16, 17, 50};
static const size_t vector_counts[] = {1, 2, 3, 7, 8, 11};

struct problem {
    struct matrix m;
    unsigned char *file;   // rows as in a file
    unsigned char *packed; // exact size, so that a sanitizer guards its ends
    struct vectors v;
};

static void make(struct problem *p, enum quant_type type, uint32_t rows, uint32_t cols,
                 size_t count, struct rng *rng)
{
    const struct quant_format *f = quant_format_of(type);
    struct err err;
    assert_ok(matrix_shape(&p->m, f, rows, cols, &err), err);
    size_t n = (size_t)rows * cols;
    float *w = malloc(n * sizeof *w);
    for (size_t i = 0; i < n; i++)
        w[i] = (float)rng_normal(rng) * 0.05f;
    p->file = malloc(quant_bytes(f, n));
    f->quantize(w, p->file, n);
    free(w);
    p->packed = malloc(matrix_bytes(&p->m));
    p->m.data = p->packed;
    for (size_t g = 0; g < matrix_groups(&p->m); g++)
        matrix_pack_group(&p->m, p->file, g, p->packed + g * p->m.group_bytes);
    assert_ok(vectors_open(&p->v, count, cols, &err), err);
    for (size_t i = 0; i < count * cols; i++)
        p->v.x[i] = (float)rng_normal(rng) * (i % 37 == 0 ? 10 : 1);
}

static void drop(struct problem *p)
{
    free(p->file);
    free(p->packed);
    vectors_close(&p->v);
}

static float *multiply(struct problem *p, size_t guard)
{
    size_t stride = p->m.rows + 3, n = p->v.count * stride;
    float *y = malloc((n + guard) * sizeof *y);
    memset(y, 0xa5, (n + guard) * sizeof *y);
    for (size_t t = 0; t < p->v.count; t++)
        vectors_quantize(&p->v, t, 0, p->v.cols / MATRIX_BLOCK);
    matrix_multiply(&p->m, &p->v, y, stride, 0, matrix_groups(&p->m));
    return y;
}

// What the product sees of x: itself, or x rounded to 127 steps of the largest in its block.
static void rounded(const struct problem *p, size_t t, float *out)
{
    const float *x = p->v.x + t * p->m.cols;
    for (size_t i = 0; i < p->m.cols; i++) {
        float largest = 0;
        for (size_t k = i / 32 * 32; k < i / 32 * 32 + 32 && k < p->m.cols; k++)
            largest = fmaxf(largest, fabsf(x[k]));
        bool floats = p->m.format->block == 1;
        out[i] = floats ? x[i] : rintf(x[i] * (127 / largest)) * (largest / 127);
    }
}

static void check(struct problem *p, const float *y)
{
    size_t stride = p->m.rows + 3;
    float *x = malloc(p->m.cols * sizeof *x);
    for (size_t t = 0; t < p->v.count; t++) {
        rounded(p, t, x);
        for (size_t r = 0; r < p->m.rows; r++) {
            const unsigned char *row = p->file + r * quant_bytes(p->m.format, p->m.cols);
            double want = quant_dot_reference(p->m.format, row, x, p->m.cols), size = 0;
            for (size_t i = 0; i < p->m.cols; i++)
                size += fabs((double)x[i]) * 0.05;
            if (!(fabs((double)y[t * stride + r] - want) <= 2e-6 * size))
                fail_msg("%s, %u x %u, %zu vectors, row %zu, vector %zu: %g, expected %g",
                         p->m.format->name, p->m.rows, p->m.cols, p->v.count, r, t,
                         (double)y[t * stride + r], want);
        }
        for (size_t k = p->m.rows; k < stride; k++)
            assert_memory_equal(&y[t * stride + k], "\xa5\xa5\xa5\xa5", 4);
    }
    free(x);
}

static void each_size(void (*each)(struct problem *p))
{
    struct rng rng;
    rng_seed(&rng, 9);
    for (int type = 0; type < QUANT_TYPE_COUNT; type++) {
        uint32_t block = quant_format_of((enum quant_type)type)->block;
        uint32_t cols[] = {block == 1 ? 37 : block, block == 1 ? 320 : 3 * block};
        for (size_t c = 0; c < 2; c++)
            for (size_t r = 0; r < sizeof row_counts / sizeof *row_counts; r++)
                for (size_t v = 0; v < sizeof vector_counts / sizeof *vector_counts; v++) {
                    struct problem p;
                    make(&p, (enum quant_type)type, row_counts[r], cols[c], vector_counts[v], &rng);
                    each(&p);
                    drop(&p);
                }
    }
}

static void check_plain(struct problem *p)
{
    assert_true(cpu_level_force(CPU_PLAIN));
    float *y = multiply(p, GUARD);
    check(p, y);
    for (size_t i = p->v.count * (p->m.rows + 3); i < p->v.count * (p->m.rows + 3) + GUARD; i++)
        assert_memory_equal(&y[i], "\xa5\xa5\xa5\xa5", 4);
    free(y);
}

static void the_plain_product_is_the_sum_in_double(void **state)
{
    (void)state;
    each_size(check_plain);
    cpu_level_force(cpu_level_best());
}

static void check_levels(struct problem *p)
{
    assert_true(cpu_level_force(CPU_PLAIN));
    float *want = multiply(p, GUARD);
    size_t bytes = (p->v.count * (p->m.rows + 3) + GUARD) * sizeof *want;
    for (int level = CPU_PLAIN + 1; level < CPU_LEVEL_COUNT; level++) {
        if (!cpu_level_force((enum cpu_level)level))
            continue;
        float *y = multiply(p, GUARD);
        if (memcmp(y, want, bytes) != 0)
            fail_msg("%s, %u x %u, %zu vectors: %s differs from plain", p->m.format->name,
                     p->m.rows, p->m.cols, p->v.count, cpu_level_name((enum cpu_level)level));
        free(y);
    }
    free(want);
}

static void every_level_gives_the_bits_of_plain(void **state)
{
    (void)state;
    each_size(check_levels);
    cpu_level_force(cpu_level_best());
}

static void a_vector_gives_the_same_bits_in_any_company(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 10);
    for (int type = 0; type < QUANT_TYPE_COUNT; type++) {
        struct problem p;
        make(&p, (enum quant_type)type, 40, 512, 15, &rng);
        float *all = multiply(&p, 0), *x = malloc(15 * 512 * sizeof *x);
        memcpy(x, p.v.x, 15 * 512 * sizeof *x);
        for (size_t count = 1; count < 15; count++) {
            vectors_shape(&p.v, count, 512);
            memcpy(p.v.x, x + (15 - count) * 512, count * 512 * sizeof *x);
            float *some = multiply(&p, 0);
            for (size_t t = 0; t < count; t++)
                assert_memory_equal(some + t * 43, all + (15 - count + t) * 43, 40 * sizeof *some);
            free(some);
        }
        free(all);
        free(x);
        drop(&p);
    }
}

static void parts_of_the_groups_leave_the_others_alone(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 12);
    struct problem p;
    make(&p, QUANT_Q4_0, 50, 64, 3, &rng);
    float *want = multiply(&p, 0), *y = malloc(3 * 53 * sizeof *y);
    memset(y, 0xa5, 3 * 53 * sizeof *y);
    matrix_multiply(&p.m, &p.v, y, 53, 2, 4);
    for (size_t t = 0; t < 3; t++) {
        for (size_t r = 0; r < 32; r++)
            assert_memory_equal(&y[t * 53 + r], "\xa5\xa5\xa5\xa5", 4);
        assert_memory_equal(&y[t * 53 + 32], &want[t * 53 + 32], 18 * sizeof *y);
    }
    free(want);
    free(y);
    drop(&p);
}

// Where a block has its half scales.
static const struct extreme {
    enum quant_type type;
    uint32_t halves[2];
} extremes[] = {
    {QUANT_Q4_0, {0, 0}},   {QUANT_Q4_1, {0, 2}},     {QUANT_Q5_0, {0, 0}},
    {QUANT_Q5_1, {0, 2}},   {QUANT_Q8_0, {0, 0}},     {QUANT_IQ4_NL, {0, 0}},
    {QUANT_Q2_K, {80, 82}}, {QUANT_Q3_K, {108, 108}}, {QUANT_Q4_K, {0, 2}},
    {QUANT_Q5_K, {0, 2}},   {QUANT_Q6_K, {208, 208}}, {QUANT_IQ4_XS, {0, 0}},
};

static void check_extreme(const struct extreme *x, int fill, struct rng *rng)
{
    struct problem p;
    make(&p, x->type, 16, 512, 2, rng);
    const struct quant_format *f = p.m.format;
    size_t bytes = quant_bytes(f, 16 * 512);
    memset(p.file, x->type == QUANT_Q8_0 ? (fill ? 0x81 : 0x7f) : fill, bytes);
    for (size_t b = 0; b < bytes; b += f->bytes)
        for (int h = 0; h < 2; h++)
            memcpy(p.file + b + x->halves[h], "\x00\x3c", 2); // 1.0
    matrix_pack_group(&p.m, p.file, 0, p.packed);
    for (size_t i = 0; i < 2 * 512; i++)
        p.v.x[i] = i < 512 ? 127 : -127;
    for (int level = 0; level <= (int)cpu_level_best(); level++) {
        cpu_level_force((enum cpu_level)level);
        float *y = multiply(&p, 0);
        for (size_t t = 0; t < 2; t++) {
            double want = quant_dot_reference(f, p.file, p.v.x + t * 512, 512);
            if (!(fabs((double)y[t * 19] - want) <= 1e-6 * fabs(want)))
                fail_msg("%s filled with %d, %s: %g, expected %g", f->name, fill,
                         cpu_level_name((enum cpu_level)level), (double)y[t * 19], want);
        }
        free(y);
    }
    drop(&p);
}

static void extreme_weights_and_inputs_do_not_overflow(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 13);
    for (size_t k = 0; k < sizeof extremes / sizeof *extremes; k++)
        for (int fill = 0; fill < 256; fill += 255)
            check_extreme(&extremes[k], fill, &rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plain_product_is_the_sum_in_double),
        cmocka_unit_test(every_level_gives_the_bits_of_plain),
        cmocka_unit_test(a_vector_gives_the_same_bits_in_any_company),
        cmocka_unit_test(parts_of_the_groups_leave_the_others_alone),
        cmocka_unit_test(extreme_weights_and_inputs_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
