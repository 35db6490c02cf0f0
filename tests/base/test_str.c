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

// Sanitizers see an offset or a memcmp on the NULL.
static void a_span_without_bytes_is_taken_everywhere(void **state)
{
    (void)state;
    const struct str none = {NULL, 0};
    double v = 1;
    int64_t i;
    uint64_t u;
    struct str rest = none;
    char out[4];
    assert_true(str_eq(none, STR_LIT("")) && str_eq_nocase(none, STR_LIT("")));
    assert_true(str_starts(none, none) && str_ends(none, none) && str_is_utf8(none));
    assert_true(str_starts(STR_LIT("a"), none) && str_ends(STR_LIT("a"), none));
    assert_false(str_starts(none, STR_LIT("a")) || str_ends(none, STR_LIT("a")));
    assert_int_equal(str_trim(none).n, 0);
    assert_int_equal(str_cut(&rest, ',').n, 0);
    assert_true(str_copy(out, sizeof out, none));
    assert_string_equal(out, "");
    assert_false(str_to_double(none, &v) || str_to_i64(none, &i) || str_to_u64(none, &u));
    assert_false(str_to_duration_us(none, &i) || str_to_bytes(none, &u));
    assert_true(str_to_reading(none, &v) && isnan(v));
    assert_true(str_hash(none) == str_hash(STR_LIT("")));
}

static void utf8_is_told_from_other_bytes(void **state)
{
    (void)state;
    // Table 3-7 of the Unicode standard: first and last of each row, and the bytes just beside.
    static const char *const good[] = {"\x7f",         "\xC2\x80",         "\xDF\xBF",
                                       "\xE0\xA0\x80", "\xED\x9F\xBF",     "\xEE\x80\x80",
                                       "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"};
    static const char *const bad[] = {"\x80",
                                      "\xC1\xBF",
                                      "\xC2",
                                      "\xE0\x9F\xBF",
                                      "\xED\xA0\x80",
                                      "\xEE\x80",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xC2\xC0",
                                      "\xFF"};
    for (size_t k = 0; k < sizeof good / sizeof *good; k++)
        assert_true(str_is_utf8(str_of(good[k])));
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        assert_false(str_is_utf8(str_of(bad[k])));
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
        cmocka_unit_test(a_span_without_bytes_is_taken_everywhere),
        cmocka_unit_test(utf8_is_told_from_other_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
