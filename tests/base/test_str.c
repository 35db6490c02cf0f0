// Spans, number parsing and number printing.
#include "test.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/rng.h"
#include "base/str.h"

static void doubles_are_read_as_strtod_reads_them(void **state)
{
    (void)state;
    static const char *const texts[] = {"0",        "-0",
                                        "1.5",      ".5",
                                        "5.",       "1e3",
                                        "-2.5E-3",  "+7",
                                        "1e22",     "1e23",
                                        "0.1",      "123456789012345678901234567890",
                                        "4.9e-324", "1.7976931348623157e308",
                                        "0.000001", "9007199254740993"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double v;
        assert_true(str_to_double(str_of(texts[i]), &v));
        assert_true(v == strtod(texts[i], NULL));
    }
}

static void text_that_is_no_number_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",   "-",    ".",   "e5",  "1e",    "1e+", "1x",    " 1",
                                        "1 ", "0x10", "nan", "inf", "1e400", "--1", "1.2.3", "1,5"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double v;
        assert_false(str_to_double(str_of(texts[i]), &v));
    }
}

static void missing_values_read_as_nan(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "NaN", "-nan", "inf", "+Infinity", "null", " ", "N/A"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double v = 0;
        assert_true(str_to_reading(str_of(texts[i]), &v));
        assert_true(isnan(v));
    }
    double v;
    assert_true(str_to_reading(STR_LIT(" 2.5 "), &v));
    assert_true(v == 2.5);
    assert_false(str_to_reading(STR_LIT("warm"), &v));
}

static void printed_doubles_read_back_exactly(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 1);
    struct buf b = {0};
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = rng_u64(&rng);
        double v, back;
        memcpy(&v, &bits, sizeof v);
        if (i % 2)
            v = (double)(int64_t)(bits >> 40) / 1000;
        if (!isfinite(v))
            continue;
        buf_reset(&b);
        buf_add_double(&b, v);
        assert_true(str_to_double(buf_str(&b), &back));
        assert_memory_equal(&v, &back, sizeof v);
    }
    buf_free(&b);
}

static void durations_and_sizes(void **state)
{
    (void)state;
    int64_t us;
    uint64_t bytes;
    assert_true(str_to_duration_us(STR_LIT("15s"), &us) && us == 15000000);
    assert_true(str_to_duration_us(STR_LIT("2h30m"), &us) && us == 9000000000);
    assert_true(str_to_duration_us(STR_LIT("0.5"), &us) && us == 500000);
    assert_true(str_to_duration_us(STR_LIT("10 ms"), &us) && us == 10000);
    assert_false(str_to_duration_us(STR_LIT("soon"), &us));
    assert_false(str_to_duration_us(STR_LIT(""), &us));
    assert_true(str_to_bytes(STR_LIT("64K"), &bytes) && bytes == 65536);
    assert_true(str_to_bytes(STR_LIT("1.5 GiB"), &bytes) && bytes == 1610612736);
    assert_false(str_to_bytes(STR_LIT("-1"), &bytes));
}

static void integers_do_not_overflow(void **state)
{
    (void)state;
    int64_t v;
    uint64_t u;
    assert_true(str_to_i64(STR_LIT("-9223372036854775808"), &v) && v == INT64_MIN);
    assert_false(str_to_i64(STR_LIT("9223372036854775808"), &v));
    assert_true(str_to_u64(STR_LIT("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_false(str_to_u64(STR_LIT("18446744073709551616"), &u));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_are_read_as_strtod_reads_them),
        cmocka_unit_test(text_that_is_no_number_is_refused),
        cmocka_unit_test(missing_values_read_as_nan),
        cmocka_unit_test(printed_doubles_read_back_exactly),
        cmocka_unit_test(durations_and_sizes),
        cmocka_unit_test(integers_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
