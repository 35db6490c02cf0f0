// The growable buffer: what is appended, how it fails, how numbers print.
#include "test.h"

#include <math.h>

#include "base/buf.h"

static void appends_of_all_kinds_follow_each_other(void **state)
{
    (void)state;
    struct buf b = {0};
    assert_int_equal(buf_str(&b).n, 0);
    buf_add_z(&b, "a");
    buf_add_char(&b, 'b');
    buf_add_str(&b, STR_LIT("cd"));
    buf_add_str(&b, (struct str){NULL, 0});
    buf_add_i64(&b, INT64_MIN);
    buf_printf(&b, "[%s]", "e");
    assert_string_equal(b.p, "abcd-9223372036854775808[e]");
    assert_int_equal(b.n, strlen(b.p));
    buf_reset(&b);
    assert_string_equal(b.p, "");
    buf_free(&b);
    assert_null(b.p);
}

static void long_printf_output_is_kept_whole(void **state)
{
    (void)state;
    struct buf b = {0};
    for (int width = 250; width < 260; width++) { // the size of the small first try lies in here
        buf_reset(&b);
        buf_printf(&b, "%*d|", width, 7);
        assert_int_equal(b.n, width + 1);
        assert_string_equal(b.p + width - 1, "7|");
    }
    buf_printf(&b, "%*d", 100000, 7);
    assert_int_equal(b.n, 260 + 100000);
    buf_free(&b);
}

static void a_failure_is_remembered_until_the_reset(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_add_z(&b, "kept");
    assert_null(buf_reserve(&b, SIZE_MAX - 2));
    assert_true(b.failed);
    buf_add_z(&b, "lost");
    assert_string_equal(b.p, "kept");
    buf_reset(&b);
    assert_false(b.failed);
    buf_add_z(&b, "again");
    assert_string_equal(b.p, "again");
    buf_free(&b);
}

static void doubles_print_in_their_shortest_form(void **state)
{
    (void)state;
    // What Python's repr() prints, but for the exponent's form and whole numbers' ".0".
    static const struct {
        double v;
        const char *text;
    } cases[] = {{0, "0"},
                 {-0.0, "-0"},
                 {1, "1"},
                 {-12.5, "-12.5"},
                 {0.1, "0.1"},
                 {1.000001, "1.000001"},
                 {100, "100"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {1e100, "1e+100"},
                 {5e-324, "5e-324"},
                 {1.7976931348623157e308, "1.7976931348623157e+308"},
                 {1.0 / 3, "0.3333333333333333"},
                 {123456789.123456, "123456789.123456"},
                 {9007199254740993.0, "9007199254740992"},
                 {(double)NAN, "nan"},
                 {(double)INFINITY, "inf"},
                 {-(double)INFINITY, "-inf"}};
    struct buf b = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_reset(&b);
        buf_add_double(&b, cases[i].v);
        assert_string_equal(b.p, cases[i].text);
    }
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_of_all_kinds_follow_each_other),
        cmocka_unit_test(long_printf_output_is_kept_whole),
        cmocka_unit_test(a_failure_is_remembered_until_the_reset),
        cmocka_unit_test(doubles_print_in_their_shortest_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
