// Bodies made to be slow: reading time stays in proportion to their size.
#include "test.h"

#include <stdio.h>

#include "ingest/collect.h"

enum { BODY_BYTES = 1 << 20 };

static enum err_code ignore_readings(void *arg, const struct reading *r, size_t count,
                                     struct err *err)
{
    (void)arg, (void)r, (void)count, (void)err;
    return ERR_OK;
}

static void ignore_refused(void *arg, uint64_t line, const char *why)
{
    (void)arg, (void)line, (void)why;
}

// `head`, then `piece` up to a megabyte, then `tail`. What is quadratic takes 5 s and far more;
// everything else takes some milliseconds.
static void check(const char *head, const char *piece, const char *tail)
{
    struct buf body = {0};
    buf_add_z(&body, head);
    while (body.n < BODY_BYTES)
        buf_add_z(&body, piece);
    buf_add_z(&body, tail);
    for (int f = INGEST_AUTO; f <= INGEST_CSV; f++) {
        struct ingest_sink sink = {.catalog = catalog_open(200000),
                                   .readings = ignore_readings,
                                   .refused = ignore_refused};
        struct ingest_counts counts = {0};
        struct err err;
        int64_t start = clock_mono_us();
        enum err_code code =
            ingest_parse((enum ingest_format)f, buf_str(&body), 0, 0, &sink, &counts, &err);
        assert_true(code == ERR_OK || code == ERR_INPUT);
        int64_t took = clock_mono_us() - start;
        if (took > 4 * US_PER_SECOND)
            fail_msg("format %d, \"%.40s\" and many \"%s\": %.1f s", f, head, piece,
                     (double)took / 1e6);
        catalog_close(&sink.catalog);
    }
    buf_free(&body);
}

static void quotes_and_escapes(void **state)
{
    (void)state;
    check("", "\"", "");
    check("", "a b=\"\n", "");
    check("m a=\"", "\\\"", "");
    check("m ", "a=\"x,", "");
    check("m ", "a=\"\\\",", "");
    check("", "\\", "");
    check("[\"", "\\ud83d", "");
    check("", "\"a\"\"", "");
    check("", "\"a\"b\",", "");
    check("", "x,\"a\n", "");
}

static void lists_without_end(void **state)
{
    (void)state;
    check("m ", "b,", "");
    check("m a=1,", "b,", "b=1");
    check("m ", "a=", "");
    check("m", ",a=b", " x=1");
    check("m ", " ", "x=1");
    check("", "m x=1 ", "");
    check("", ",", "");
    check("", ",\n", "");
    check("[", ",", "]");
    check("[", "1 ", "]");
}

static void nesting(void **state)
{
    (void)state;
    check("", "[", "");
    check("", "{\"a\":", "");
    check("[", "{", "");
    check("[", "{1},", "");
    check("[", "{\"},", "");
    check("", "[}", "");
    check("{\"metrics\":[", "{\"metrics\":[{}]},", "]}");
    check("{\"asset\":\"a\",\"values\":{", "\"x\":[[]],", "\"y\":1}}");
}

static void long_names_times_many_fields(void **state)
{
    (void)state;
    struct buf head = {0};
    char field[32];
    for (int kind = 0; kind < 3; kind++) {
        buf_reset(&head);
        buf_add_z(&head, kind == 0 ? "m,asset=" : kind == 1 ? "{\"asset\":\"" : "{\"sensor\":\"");
        for (int i = 0; i < BODY_BYTES / 2; i++)
            buf_add_char(&head, 'x');
        buf_add_z(&head, kind == 0 ? " " : "\",\"values\":{");
        for (int i = 0; i < 40000; i++) {
            snprintf(field, sizeof field, kind == 0 ? "f%d=1," : "\"f%d\":1,", i);
            buf_add_z(&head, field);
        }
        check(head.p, kind == 0 ? "y=1," : "\"y\":1,", kind == 0 ? "z=1" : "\"z\":1}}");
    }
    buf_free(&head);
}

static void a_header_of_very_many_columns(void **state)
{
    (void)state;
    struct buf head = {0};
    buf_add_z(&head, "time");
    for (int i = 0; i < 60000; i++)
        buf_printf(&head, ",c%d", i);
    buf_add_z(&head, "\n");
    check(head.p, "1\n", "");
    buf_free(&head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_and_escapes),
        cmocka_unit_test(lists_without_end),
        cmocka_unit_test(nesting),
        cmocka_unit_test(long_names_times_many_fields),
        cmocka_unit_test(a_header_of_very_many_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
