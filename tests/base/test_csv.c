// The CSV record reader: dialects, damage, and bytes that come in pieces.
#include "test.h"

#include <string.h>

#include "base/csv.h"
#include "base/rng.h"

// Reads `text` cut into pieces of `piece` bytes (0: whole) as "a|b|c\n" a record.
static void read_all(struct str text, char delimiter, size_t piece, struct buf *out)
{
    struct csv c;
    struct buf window = {0};
    csv_open(&c, delimiter);
    if (!piece)
        piece = text.n + 1;
    for (;;) {
        enum csv_result r = csv_next(&c);
        if (r == CSV_RECORD) {
            for (size_t i = 0; i < c.count; i++)
                buf_printf(out, "%s%.*s", i ? "|" : "", STR_ARG(c.fields[i]));
            buf_printf(out, "%s\n", c.unfinished ? "~" : "");
        } else if (r == CSV_BROKEN) {
            buf_printf(out, "!%d: %s\n", (int)c.line, c.why);
        } else if (r == CSV_MORE) {
            struct buf next = {0};
            buf_add_str(&next, csv_rest(&c));
            size_t n = text.n < piece ? text.n : piece;
            buf_add(&next, text.p, n);
            text.p += n;
            text.n -= n;
            buf_free(&window);
            window = next;
            csv_feed(&c, buf_str(&window), text.n == 0);
        } else {
            assert_int_equal(r, CSV_END);
            break;
        }
    }
    buf_add_char(out, '.');
    csv_close(&c);
    buf_free(&window);
}

static void check(const char *text, const char *expected)
{
    for (size_t piece = 0; piece < 9; piece++) {
        struct buf out = {0};
        read_all(str_of(text), ',', piece, &out);
        assert_string_equal(out.p, expected);
        buf_free(&out);
    }
}

static void plain_records_of_all_line_ends(void **state)
{
    (void)state;
    check("a,b\nc,d\n", "a|b\nc|d\n.");
    check("a,b\r\nc,d\r\n", "a|b\nc|d\n.");
    check("a,b\rc,d\r", "a|b\nc|d\n.");
    check("a,b\nc,d", "a|b\nc|d~\n.");
    check("a,,\n,\n", "a||\n|\n.");
    check("\n\r\n\na\n\n", "a\n.");
    check("", ".");
    check("\n", ".");
}

static void quotes_as_rfc_4180_has_them(void **state)
{
    (void)state;
    check("\"a,b\",\"c\"\"d\",\"\"\n", "a,b|c\"d|\n.");
    check("\"two\nlines\",x\r\n\"\r\n\"\n", "two\nlines|x\n\r\n\n.");
    check("\"\"\"\",\"\"\"x\"\"\"", "\"|\"x\"~\n.");
}

static void quotes_that_stand_wrong_are_text(void **state)
{
    (void)state;
    check("a\"b\",c\n", "a\"b\"|c\n.");
    check("\"a\"b\"c,d\n", "ab\"c|d\n.");
    check(" \"a\",b\n", " \"a\"|b\n.");
}

static void a_missing_closing_quote_loses_one_line(void **state)
{
    (void)state;
    check("a,b\n\"c,d\ne,f\ng,h\n", "a|b\n!2: the closing quote is missing\ne|f\ng|h\n.");
    check("\"", "!1: the closing quote is missing\n.");
}

static void a_record_of_megabytes_loses_only_itself(void **state)
{
    (void)state;
    for (int quoted = 0; quoted < 2; quoted++) {
        struct buf text = {0}, out = {0};
        buf_add_z(&text, quoted ? "a,b\nx,\"" : "a,b\nx,");
        for (int i = 0; i < 3 << 20; i++)
            buf_add_char(&text, 'x');
        buf_add_z(&text, "\nc,d\n");
        for (int piece = 0; piece < 2; piece++) {
            buf_reset(&out);
            read_all(buf_str(&text), ',', piece ? 300000 : 0, &out);
            assert_string_equal(out.p, "a|b\n!2: longer than 1 MiB (is a closing quote missing?)\n"
                                       "c|d\n.");
        }
        buf_free(&text);
        buf_free(&out);
    }
}

static void too_many_fields_lose_only_their_record(void **state)
{
    (void)state;
    struct buf text = {0}, out = {0};
    for (int i = 0; i <= CSV_FIELDS_MAX; i++)
        buf_add_char(&text, ',');
    buf_add_z(&text, "\na,b\n");
    read_all(buf_str(&text), ',', 0, &out);
    assert_string_equal(out.p, "!1: more than 65536 fields\na|b\n.");
    buf_free(&text);
    buf_free(&out);
}

static void records_know_their_lines(void **state)
{
    (void)state;
    struct csv c;
    csv_open(&c, ',');
    csv_feed(&c, STR_LIT("a\n\n\"x\ny\"\r\n\rb\n\"q\nz\n"), true);
    static const uint64_t lines[] = {1, 3, 6, 7, 8};
    for (size_t i = 0; i < 5; i++) {
        enum csv_result r = csv_next(&c);
        assert_int_equal(r, i == 3 ? CSV_BROKEN : CSV_RECORD);
        assert_int_equal(c.line, lines[i]);
    }
    assert_int_equal(csv_next(&c), CSV_END);
    assert_int_equal(c.offset, 18);
    csv_close(&c);
}

static void delimiters_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *sample;
        char delimiter;
    } cases[] = {{"time,a,b\n1,2,3\n", ','},
                 {"datetime;A;B\n2020-01-01 10:00:00;0.1;2\n", ';'},
                 {"time;a;b\n1;1,5;2,5\n2;1,5;2,5\n", ';'},
                 {"1,5;2,5;3,5\n1,5;2,5;3,5\n", ';'},
                 {"a\tb, c\n1\t2\n", '\t'},
                 {"a|b\n1|2\n", '|'},
                 {"\"x;y\",b\n\"1;2;3\",2\n", ','},
                 {"value\n1\n2\n", ','},
                 {"", ','}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(csv_find_delimiter(str_of(cases[i].sample)), cases[i].delimiter);
}

// However the bytes are cut, the records are the same.
static void cutting_changes_nothing(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 9);
    for (int round = 0; round < 3000; round++) {
        char text[64];
        size_t n = rng_below(&rng, sizeof text);
        for (size_t i = 0; i < n; i++)
            text[i] = "ab,,\"\"\n\r"[rng_below(&rng, 8)];
        struct buf whole = {0}, cut = {0};
        read_all((struct str){text, n}, ',', 0, &whole);
        read_all((struct str){text, n}, ',', 1 + rng_below(&rng, 5), &cut);
        assert_string_equal(whole.p, cut.p);
        buf_free(&whole);
        buf_free(&cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_records_of_all_line_ends),
        cmocka_unit_test(quotes_as_rfc_4180_has_them),
        cmocka_unit_test(quotes_that_stand_wrong_are_text),
        cmocka_unit_test(a_missing_closing_quote_loses_one_line),
        cmocka_unit_test(a_record_of_megabytes_loses_only_itself),
        cmocka_unit_test(too_many_fields_lose_only_their_record),
        cmocka_unit_test(records_know_their_lines),
        cmocka_unit_test(delimiters_are_found),
        cmocka_unit_test(cutting_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
