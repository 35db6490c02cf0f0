// Weight formats: layouts and quality against ggml, hostile input, sizes.
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/rng.h"
#include "kernels/cpu.h"
#include "kernels/half.h"
#include "kernels/quant.h"

enum { FIT = 16384 };

struct golden {
    const struct quant_format *format;
    unsigned char block[256];
    float floats[256];
    double rms;
};

static struct golden golden[QUANT_TYPE_COUNT];
static size_t golden_count;

static int read_golden(void **state)
{
    (void)state;
    struct buf text = {0};
    struct err err;
    assert_ok(file_read("tests/kernels/golden/quant_ggml.txt", 1 << 20, &text, &err), err);
    struct str rest = buf_str(&text);
    while (rest.n) {
        struct str line = str_cut(&rest, '\n');
        struct golden *g = &golden[golden_count ? golden_count - 1 : 0];
        if (line.n == 0 || line.p[0] == '#')
            continue;
        if (str_starts(line, STR_LIT("block "))) {
            for (size_t i = 0; 6 + 2 * i < line.n; i++) {
                char hex[3] = {line.p[6 + 2 * i], line.p[7 + 2 * i], 0};
                g->block[i] = (unsigned char)strtoul(hex, NULL, 16);
            }
        } else if (str_starts(line, STR_LIT("floats"))) {
            const char *p = line.p + 6;
            for (size_t i = 0; i < g->format->block; i++, p += 9)
                g->floats[i] = half_float_of_bits((uint32_t)strtoul(p, NULL, 16));
        } else if (str_starts(line, STR_LIT("rms "))) {
            g->rms = strtod(line.p + 4, NULL);
        } else {
            char name[16];
            str_copy(name, sizeof name, line);
            golden[golden_count].format = quant_format_by_name(name);
            assert_non_null(golden[golden_count].format);
            golden_count++;
        }
    }
    buf_free(&text);
    return 0;
}

static void every_format_reads_a_block_as_ggml_does(void **state)
{
    (void)state;
    assert_int_equal(golden_count, QUANT_TYPE_COUNT - 1); // all but F32
    for (size_t t = 0; t < golden_count; t++) {
        const struct quant_format *f = golden[t].format;
        float got[256];
        f->dequantize(golden[t].block, got, f->block);
        float largest = 0;
        for (size_t i = 0; i < f->block; i++)
            largest = fmaxf(largest, fabsf(golden[t].floats[i]));
        for (size_t i = 0; i < f->block; i++)
            if (!(fabsf(got[i] - golden[t].floats[i]) <= 1e-6f * largest))
                fail_msg("%s weight %zu: %g, ggml %g", f->name, i, (double)got[i],
                         (double)golden[t].floats[i]);
    }
}

static double rms_error(const struct quant_format *f, const float *x, size_t n)
{
    unsigned char *q = malloc(quant_bytes(f, n));
    float *y = malloc(n * sizeof *y);
    f->quantize(x, q, n);
    f->dequantize(q, y, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)(y[i] - x[i]) * (double)(y[i] - x[i]);
    free(q);
    free(y);
    return sqrt(sum / (double)n);
}

static void every_format_quantizes_about_as_well_as_ggml(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 20);
    float *x = malloc(FIT * sizeof *x);
    for (size_t i = 0; i < FIT; i++)
        x[i] = (float)rng_normal(&rng);
    for (size_t t = 0; t < golden_count; t++) {
        double rms = rms_error(golden[t].format, x, FIT);
        if (!(rms <= 1.04 * golden[t].rms))
            fail_msg("%s: rms error %g, ggml %g", golden[t].format->name, rms, golden[t].rms);
    }
    free(x);
}

// Rows with outliers, one value alone, one sign alone, values that are no numbers.
static void fill_hard(float *x, float *importance)
{
    static const float alone[] = {0, 0.5f, -0.5f, 1e-42f, 3e38f, NAN, INFINITY, -INFINITY};
    struct rng rng;
    rng_seed(&rng, 21);
    for (size_t i = 0; i < FIT; i++) {
        x[i] = (float)rng_normal(&rng) * (i % 97 ? 1 : 30);
        importance[i] = i / 512 % 5 ? (float)exp(2 * rng_normal(&rng)) : 0;
        if (i < 8 * 256)
            x[i] = alone[i / 256];
        else if (i < 16 * 256)
            x[i] = i % 50 ? x[i] : alone[i / 256 - 8];
        else if (i < 20 * 256)
            x[i] = i < 18 * 256 ? fabsf(x[i]) : -fabsf(x[i]);
    }
}

static void every_level_quantizes_to_the_same_bits(void **state)
{
    (void)state;
    enum cpu_level before = cpu_level();
    float *x = malloc(FIT * sizeof *x), *importance = malloc(FIT * sizeof *importance);
    unsigned char *plain = malloc(FIT * sizeof *x + 1), *q = malloc(FIT * sizeof *x + 1);
    fill_hard(x, importance);
    for (int t = 0; t < 2 * QUANT_TYPE_COUNT; t++) {
        const struct quant_format *f = quant_format_of((enum quant_type)(t / 2));
        size_t n = quant_bytes(f, FIT);
        for (int level = 0; level < CPU_LEVEL_COUNT; level++) {
            unsigned char *to = level ? q : plain;
            if (!cpu_level_force((enum cpu_level)level))
                continue;
            to[n] = 0xa5;
            if (t % 2)
                f->quantize_weighed(x, importance, to, FIT);
            else
                f->quantize(x, to, FIT);
            if (to[n] != 0xa5 || memcmp(to, plain, n) != 0)
                fail_msg("%s, level %s, %s", f->name, cpu_level_name((enum cpu_level)level),
                         t % 2 ? "weighed" : "not weighed");
        }
    }
    cpu_level_force(before);
    free(x);
    free(importance);
    free(plain);
    free(q);
}

static void halves_round_to_nearest_even_and_back(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x10000; h++) {
        float f = half_to_float((uint16_t)h);
        if (!isnan(f))
            assert_int_equal(half_from_float(f), h);
        else
            assert_true(isnan(half_to_float(half_from_float(f))));
    }
    assert_int_equal(half_from_float(1 + 0x1p-11f), half_from_float(1)); // tie to even
    assert_int_equal(half_from_float(1 + 3 * 0x1p-11f), half_from_float(1 + 0x1p-9f));
    assert_int_equal(half_from_float(65519), 0x7bff);
    assert_int_equal(half_from_float(65520), 0x7c00);
    assert_int_equal(half_from_float(0x1p-25f), 0);
    assert_int_equal(half_from_float(0x1.8p-24f), 2);
    assert_int_equal(bf16_from_float(1 + 0x1p-8f), 0x3f80);
    assert_int_equal(bf16_from_float(1 + 3 * 0x1p-8f), 0x3f82);
    assert_true(isnan(bf16_to_float(bf16_from_float(half_float_of_bits(0x7f800001)))));
}

static void nan_infinite_zero_and_tiny_rows_quantize_without_harm(void **state)
{
    (void)state;
    static const float values[] = {NAN, INFINITY, -INFINITY, 0, 1e-42f, 3e38f, -3e38f};
    float x[256], y[256];
    unsigned char q[1024];
    for (int t = 0; t < QUANT_TYPE_COUNT; t++) {
        const struct quant_format *f = quant_format_of((enum quant_type)t);
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            for (size_t i = 0; i < 256; i++)
                x[i] = i % 3 ? values[v] : (float)i;
            f->quantize(x, q, 256);
            f->dequantize(q, y, 256);
            for (size_t i = 0; i < 256; i++)
                x[i] = values[v];
            f->quantize(x, q, 256);
            f->dequantize(q, y, 256);
            if (values[v] == 0)
                for (size_t i = 0; i < 256; i++)
                    assert_true(y[i] == 0);
        }
    }
}

static void sizes_refuse_part_blocks_and_overflow(void **state)
{
    (void)state;
    const struct quant_format *f = quant_format_of(QUANT_Q4_K);
    assert_int_equal(quant_bytes(f, 512), 288);
    assert_int_equal(quant_bytes(f, 300), 0);
    assert_int_equal(quant_bytes(f, UINT64_MAX - 255), UINT64_C(0x9000000000000000) - 144);
    assert_int_equal(quant_bytes(quant_format_of(QUANT_F32), UINT64_MAX), 0);
    assert_null(quant_format_by_gguf(4));
    assert_null(quant_format_by_name("Q9_Z"));
    assert_ptr_equal(quant_format_by_name("iq4_xs"), quant_format_by_gguf(23));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_reads_a_block_as_ggml_does),
        cmocka_unit_test(every_format_quantizes_about_as_well_as_ggml),
        cmocka_unit_test(every_level_quantizes_to_the_same_bits),
        cmocka_unit_test(halves_round_to_nearest_even_and_back),
        cmocka_unit_test(nan_infinite_zero_and_tiny_rows_quantize_without_harm),
        cmocka_unit_test(sizes_refuse_part_blocks_and_overflow),
    };
    return cmocka_run_group_tests(tests, read_golden, NULL);
}
