// Bodies in JSON, NDJSON and line protocol: what is read, and each rule of docs/ingest.md.
#include "test.h"

#include <stdio.h>

#include "base/rng.h"
#include "ingest/collect.h"

enum { NOW_S = 1700000000 };

static void parse_n(struct collect *c, enum ingest_format format, struct str body)
{
    collect_open(c);
    assert_ok(ingest_parse(format, body, NOW_S * US_PER_SECOND, 0, &c->sink, &c->counts, &c->err),
              c->err);
}

static void check_as(enum ingest_format format, const char *body, const char *readings,
                     const char *refused)
{
    struct collect c;
    parse_n(&c, format, str_of(body));
    assert_string_equal(c.readings.p, readings);
    assert_string_equal(c.refused.p, refused);
    collect_close(&c);
}

static void check(const char *body, const char *readings, const char *refused)
{
    check_as(INGEST_AUTO, body, readings, refused);
}

#define AT "2023-11-14T22:13:20Z"

// ---- JSON ----

static void an_object_is_a_reading(void **state)
{
    (void)state;
    check("{\"sensor\":\"p1/temperature\",\"value\":21.5,\"time\":\"2020-03-09T10:14:33Z\"}",
          "p1/temperature 2020-03-09T10:14:33Z 21.5;", "");
    check("{\"value\":1,\"parameter\":\"flow\",\"sensor_id\":\"p1\"}", "p1/flow " AT " 1;", "");
    check("{\"asset\":\"p1\",\"parameter\":\"flow\",\"value\":1}", "p1/flow " AT " 1;", "");
    check("{\"asset\":\"p1\",\"sensor\":\"flow\",\"value\":1}", "p1/flow " AT " 1;", "");
    check("{\"sensor\":\"p1/flow\",\"parameter\":\"flow\",\"value\":1}", "p1/flow " AT " 1;", "");
}

static void arrays_lines_and_single_objects_say_the_same(void **state)
{
    (void)state;
    const char *readings = "a/x " AT " 1;a/y " AT " 2;";
    check("[{\"sensor\":\"a/x\",\"value\":1},{\"sensor\":\"a/y\",\"value\":2}]", readings, "");
    check("{\"sensor\":\"a/x\",\"value\":1}\n{\"sensor\":\"a/y\",\"value\":2}", readings, "");
    check("{\"sensor\":\"a/x\",\"value\":1}\r\n\r\n{\"sensor\":\"a/y\",\"value\":2}\r\n", readings,
          "");
    check("\xef\xbb\xbf {\n \"sensor\": \"a/x\",\n \"value\": 1\n}\n{\"sensor\":\"a/y\","
          "\"value\":2}",
          readings, "");
    check("{\"asset\":\"a\",\"values\":{\"x\":1,\"y\":2}}", readings, "");
    check("{\"values\":{\"a/x\":1,\"a/y\":2}}", readings, "");
    check("{\"metrics\":[{\"sensor\":\"a/x\",\"value\":1},{\"sensor\":\"a/y\",\"value\":2}]}",
          readings, "");
}

static void an_empty_body_holds_nothing(void **state)
{
    (void)state;
    static const char *const bodies[] = {"", " ", "\n\n", "[]", "\xef\xbb\xbf", "# comment\n"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        check(bodies[i], "", "");
}

static void times_are_text_or_numbers_of_any_unit(void **state)
{
    (void)state;
    static const char *const times[] = {"1584090873",
                                        "1584090873000",
                                        "1584090873000000",
                                        "1584090873000000000",
                                        "1584090873.0",
                                        "\"2020-03-13T09:14:33Z\"",
                                        "\"2020-03-13T10:14:33+01:00\"",
                                        "\"2020-03-13 09:14:33\"",
                                        "\"1584090873\""};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char body[128];
        snprintf(body, sizeof body, "{\"sensor\":\"a/x\",\"value\":1,\"timestamp\":%s}", times[i]);
        check(body, "a/x 2020-03-13T09:14:33Z 1;", "");
    }
}

static void unknown_fields_and_escapes_are_no_trouble(void **state)
{
    (void)state;
    check("{\"x\":[{\"value\":3}],\"s\\u0065nsor\":\"a\\/x\",\"value\":1,\"y\":null}",
          "a/x " AT " 1;", "");
    check("{\"asset\":\"a\",\"values\":{\"t\\u00e9mp\":1,\"\\u0062\":2}}",
          "a/t\xc3\xa9mp " AT " 1;a/b " AT " 2;", "");
}

static void units_are_kept(void **state)
{
    (void)state;
    struct collect c;
    parse_n(&c, INGEST_AUTO, STR_LIT("{\"sensor\":\"a/level\",\"value\":1,\"unit\":\"mm\"}"));
    assert_string_equal(catalog_sensor(c.catalog, 0)->unit, "mm");
    collect_close(&c);
}

static void quality_is_taken_over(void **state)
{
    (void)state;
    check("[{\"sensor\":\"a/x\",\"value\":1,\"quality\":\"suspect\"},"
          "{\"sensor\":\"a/x\",\"value\":2,\"quality\":\"missing\"},"
          "{\"sensor\":\"a/x\",\"value\":3,\"quality\":\"fine\"}]",
          "a/x " AT " 1?;a/x " AT " -;",
          "3: field \"quality\": good, missing or suspect expected\n");
}

static void what_is_no_number_becomes_missing_or_refused(void **state)
{
    (void)state;
    check("{\"asset\":\"a\",\"values\":{\"a\":null,\"b\":NaN,\"c\":-Infinity,\"d\":\"nan\","
          "\"e\":\"\",\"f\":\"2.5\",\"g\":true}}",
          "a/a " AT " -;a/b " AT " -;a/c " AT " -;a/d " AT " -;a/e " AT " -;a/f " AT " 2.5;a/g " AT
          " 1;",
          "");
    check("{\"asset\":\"a\",\"values\":{\"a\":\"warm\",\"b\":[1],\"c\":1e400,\"d\":4}}",
          "a/d " AT " 4;",
          "1: field \"a\": \"warm\" is not a number\n"
          "1: field \"b\": an array is not a number\n"
          "1: field \"c\": \"1e400\" is not a number that a double can hold\n");
}

static void missing_fields_are_named(void **state)
{
    (void)state;
    check("[{\"value\":1},{\"sensor\":\"a/x\"},{\"sensor\":\"a\",\"value\":1},{},7,"
          "{\"asset\":\"a\",\"values\":{}},{\"values\":{\"x\":1}},{\"asset\":\"a/b\","
          "\"values\":{\"\":1}},{\"sensor\":\"a/x\",\"value\":1}]",
          "a/x " AT " 1;",
          "1: field \"sensor\" is missing\n"
          "2: field \"value\" is missing\n"
          "3: \"a\" names no parameter: \"asset/parameter\" or a field \"parameter\" expected\n"
          "4: field \"sensor\" is missing\n"
          "5: an object expected, not a number\n"
          "6: the object holds no values\n"
          "7: field \"asset\" is missing\n"
          "8: a value without a name\n");
}

static void bad_names_are_refused(void **state)
{
    (void)state;
    struct collect c;
    parse_n(&c, INGEST_AUTO,
            STR_LIT("[{\"sensor\":\"a/b/c\",\"value\":1},{\"sensor\":\"/x\",\"value\":1},"
                    "{\"sensor\":\"a/\",\"value\":1},{\"sensor\":\"a/x\\ny\",\"value\":1},"
                    "{\"asset\":\"a/b\",\"parameter\":\"c\",\"value\":1},"
                    "{\"asset\":\"a\",\"parameter\":\"b/c\",\"value\":1}]"));
    assert_int_equal(c.counts.accepted, 0);
    assert_int_equal(c.counts.refused, 6);
    assert_int_equal(catalog_sensor_count(c.catalog), 0);
    collect_close(&c);
}

static void a_broken_line_loses_only_itself(void **state)
{
    (void)state;
    check("{\"sensor\":\"a/x\",\"value\":1,5}\n{\"sensor\":\"a/x\",\"value\":2}\n"
          "{\"sensor\":\"a/x\nnonsense\n{\"sensor\":\"a/x\",\"value\":3}\n",
          "a/x " AT " 2;a/x " AT " 3;",
          "1: byte 26: a key in quotes expected\n"
          "3: byte 14: the text ends inside a string; not read from there to the end of the line\n"
          "4: byte 0: a value expected; not read from there to the end of the line\n");
}

static void a_broken_element_loses_only_itself(void **state)
{
    (void)state;
    check("[{\"sensor\":\"a/x\",\"value\":1},{\"sensor\":\"a/x\",\"value\":1,5},"
          "{\"sensor\":\"a/x\",\"value\":3}]",
          "a/x " AT " 1;a/x " AT " 3;", "2: byte 54: a key in quotes expected\n");
    check("{\"metrics\":[{\"sensor\":\"a/x\",\"value\":},{\"sensor\":\"a/x\",\"value\":2}]}",
          "a/x " AT " 2;", "1: byte 36: a value expected\n");
}

static void the_first_place_is_one_even_before_any_element(void **state)
{
    (void)state;
    check_as(INGEST_JSON, "{\"metrics\":[],\"metrics\":[]\"x\":1}\n{\"metrics\":[{}]}", "",
             "1: byte 26: ',' or '}' expected\n1: field \"sensor\" is missing\n");
}

static void a_body_that_ends_inside_an_object_keeps_what_was_complete(void **state)
{
    (void)state;
    const char *why = "2: byte 47: the text ends inside a string; not read from there to the end "
                      "of the body\n";
    check("[{\"sensor\":\"a/x\",\"value\":1},{\"sensor\":\"a/x\",\"va", "a/x " AT " 1;", why);
    check("{\"metrics\":[{\"sensor\":\"a/x\",\"value\":1},{\"sensor\":", "a/x " AT " 1;",
          "2: byte 49: the text ends inside an object; not read from there to the end of the "
          "body\n");
    check("{\"sensor\":\"a/x\",\"value\":1}\n{\"sensor\":\"a/x\",\"va", "a/x " AT " 1;",
          "2: byte 19: the text ends inside a string; not read from there to the end of the "
          "line\n");
}

static void telegraf_json_is_read(void **state)
{
    (void)state;
    check(
        "{\"metrics\":[{\"fields\":{\"usage_idle\":97.5,\"mode\":\"auto\"},\"name\":\"cpu\","
        "\"tags\":{\"cpu\":\"cpu0\",\"host\":\"rig-7\"},\"timestamp\":1700000000},"
        "{\"fields\":{\"value\":3},\"name\":\"level\",\"tags\":{\"host\":\"h\",\"asset\":\"tank\"},"
        "\"timestamp\":1700000000},{\"fields\":{\"value\":4},\"name\":\"depth\",\"tags\":{},"
        "\"timestamp\":1700000000}]}",
        "rig-7/usage_idle " AT " 97.5;tank/level " AT " 3;depth/depth " AT " 4;", "");
}

// ---- line protocol ----

static void a_line_is_a_reading_for_each_field(void **state)
{
    (void)state;
    check("water,asset=p1 temperature=21.5,count=2i,big=3u,on=true,off=F 1584090873000000000\n",
          "p1/temperature 2020-03-13T09:14:33Z 21.5;p1/count 2020-03-13T09:14:33Z 2;"
          "p1/big 2020-03-13T09:14:33Z 3;p1/on 2020-03-13T09:14:33Z 1;"
          "p1/off 2020-03-13T09:14:33Z 0;",
          "");
    check("flow,host=h,device=d value=1\n", "d/flow " AT " 1;", "");
    check("flow value=1,other=2", "flow/value " AT " 1;flow/other " AT " 2;", "");
    check("flow,asset=a value=1\nflow,asset=a value=1,x=2\nflow,asset=a value=3\n",
          "a/flow " AT " 1;a/value " AT " 1;a/x " AT " 2;a/flow " AT " 3;", "");
    check("m,sensor_id=s,sensor=t,host=h x=1", "t/x " AT " 1;", "");
    check("m x=1", "m/x " AT " 1;", "");
}

static void escapes_of_line_protocol_are_resolved(void **state)
{
    (void)state;
    check(
        "my\\ plant,asset=north\\ hall\\,\\ 2,k\\=y=v flow\\ rate\\=a=1,note=\"a \\\" b, c=2\",y=2 "
        "1700000000000000000",
        "north hall, 2/flow rate=a " AT " 1;north hall, 2/y " AT " 2;", "");
}

static void text_fields_are_skipped_without_a_fuss(void **state)
{
    (void)state;
    struct collect c;
    parse_n(&c, INGEST_AUTO,
            STR_LIT("sys,host=h up=\"1 day, 2:03\"\nsys,host=h load=1,s=\"x y\"\n"));
    assert_string_equal(c.readings.p, "h/load " AT " 1;");
    assert_string_equal(c.refused.p, "");
    assert_int_equal(c.counts.skipped, 2);
    collect_close(&c);
}

static void a_string_may_hold_line_ends(void **state)
{
    (void)state;
    check("m,asset=a s=\"one\ntwo\nthree\",x=1\nm,asset=a x=oops\n", "a/x " AT " 1;",
          "4: field \"x\": \"oops\" is not a number\n");
    check("m,asset=a x=1,s=\"open\nm,asset=a x=2\n", "a/x " AT " 1;a/x " AT " 2;",
          "1: field \"s\": the closing quote is missing\n");
}

static void precision_scales_whole_times(void **state)
{
    (void)state;
    static const struct {
        const char *time;
        double precision_us;
    } cases[] = {{"1584090873000000000", 0},
                 {"1584090873000000999", 0.001},
                 {"1584090873000000", 1},
                 {"1584090873000", 1e3},
                 {"1584090873", 1e6}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct collect c;
        char body[64];
        snprintf(body, sizeof body, "m,asset=a x=1 %s", cases[i].time);
        collect_open(&c);
        assert_ok(ingest_parse(INGEST_LINE_PROTOCOL, str_of(body), 0, cases[i].precision_us,
                               &c.sink, &c.counts, &c.err),
                  c.err);
        assert_string_equal(c.readings.p, "a/x 2020-03-13T09:14:33Z 1;");
        collect_close(&c);
    }
}

static void bad_lines_lose_only_what_is_bad(void **state)
{
    (void)state;
    check("m,asset=a x=warm,y=1\nm,asset=a\n\n# note\nm,asset=a x=1 soon\n,asset=a x=1\n"
          "m,asset=a x,y=2\nm,asset=a x=\"s\"t,y=3\nm,asset=a x=1 99999999999999999999\n"
          "m,asset=a x=1i5\nm,asset=a x=5",
          "a/y " AT " 1;a/y " AT " 2;a/y " AT " 3;a/x " AT " 5;",
          "1: field \"x\": \"warm\" is not a number\n"
          "2: no field: \"measurement,tag=x field=1.5 time\" expected\n"
          "5: time \"soon\": a whole number expected\n"
          "6: the measurement's name is missing\n"
          "7: byte 10: field=value expected\n"
          "8: byte 15: ',' expected after the value\n"
          "9: time \"99999999999999999999\": a whole number expected\n"
          "10: field \"x\": \"1i5\" is not a number\n");
}

static void a_body_that_ends_inside_a_line_keeps_what_was_complete(void **state)
{
    (void)state;
    check("m,asset=a x=1\nm,asset=a x=", "a/x " AT " 1;a/x " AT " -;", "");
    check("m,asset=a x=1\nm,asset=a x", "a/x " AT " 1;", "2: byte 10: field=value expected\n");
    check("m,asset=a x=1\nm,asse", "a/x " AT " 1;",
          "2: no field: \"measurement,tag=x field=1.5 time\" expected\n");
}

// ---- rules of all formats ----

static void junk_makes_no_sensors(void **state)
{
    (void)state;
    static const char *const bodies[] = {"hello, world\na, b\n",
                                         "<html>\n</html>",
                                         "\x01\x02;\x03",
                                         "true",
                                         "42",
                                         "\"text\"",
                                         "null,null"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct collect c;
        parse_n(&c, INGEST_AUTO, str_of(bodies[i]));
        assert_true(c.counts.refused > 0);
        assert_int_equal(catalog_sensor_count(c.catalog), 0);
        collect_close(&c);
    }
}

static void order_and_duplicates_are_left_to_those_behind(void **state)
{
    (void)state;
    check("m,asset=a x=1 1700000002000000000\nm,asset=a x=2 1700000001000000000\n"
          "m,asset=a x=3 1700000001000000000\n",
          "a/x 2023-11-14T22:13:22Z 1;a/x 2023-11-14T22:13:21Z 2;a/x 2023-11-14T22:13:21Z 3;", "");
}

static void times_before_1970_are_as_good_as_any(void **state)
{
    (void)state;
    check("m,asset=a x=1 -1000000000\nm,asset=a x=2 -1\n",
          "a/x 1969-12-31T23:59:59Z 1;a/x 1969-12-31T23:59:59.999999Z 2;", "");
    check("{\"sensor\":\"a/x\",\"value\":1,\"time\":\"0001-01-01T00:00:00Z\"}",
          "a/x 0001-01-01T00:00:00Z 1;", "");
}

static void the_future_is_refused_where_the_sink_says_it_begins(void **state)
{
    (void)state;
    struct collect c;
    collect_open(&c);
    c.sink.oldest_us = 1699999000 * US_PER_SECOND;
    c.sink.newest_us = 1700000060 * US_PER_SECOND;
    struct str body = STR_LIT("m,asset=a x=1 1700000060000000000\nm,asset=a x=2 "
                              "1700000060000001000\nm,asset=a x=3 1\nm,asset=a x=4");
    assert_ok(ingest_parse(INGEST_AUTO, body, NOW_S * US_PER_SECOND, 0, &c.sink, &c.counts, &c.err),
              c.err);
    assert_string_equal(c.readings.p, "a/x 2023-11-14T22:14:20Z 1;a/x " AT " 4;");
    assert_string_equal(c.refused.p,
                        "2: time 2023-11-14T22:14:20.000001Z is in the future: nothing after "
                        "2023-11-14T22:14:20Z is taken\n"
                        "3: time 1970-01-01T00:00:00Z is too old: nothing before "
                        "2023-11-14T21:56:40Z is taken\n");
    collect_close(&c);
}

static void a_line_of_ten_megabytes_loses_only_itself(void **state)
{
    (void)state;
    static const char *const formats[][2] = {
        {"{\"sensor\":\"a/x\",\"value\":1}\n", "{\"sensor\":\"a/x\",\"value\":2}\n"},
        {"m,asset=a x=1\n", "m,asset=a x=2\n"}};
    for (int f = 0; f < 2; f++) {
        struct buf body = {0};
        buf_add_z(&body, formats[f][0]);
        for (int i = 0; i < 10 << 20; i++)
            buf_add_char(&body, "x,\"= \\{"[i % 7]);
        buf_add_z(&body, "\n");
        buf_add_z(&body, formats[f][1]);
        struct collect c;
        parse_n(&c, INGEST_AUTO, buf_str(&body));
        assert_string_equal(c.readings.p, "a/x " AT " 1;a/x " AT " 2;");
        assert_string_equal(c.refused.p, "2: a line of 10485760 bytes: at most 1048576 are read\n");
        collect_close(&c);
        buf_free(&body);
    }
}

static void hostile_names_reach_nobody_as_control_characters(void **state)
{
    (void)state;
    struct collect c;
    parse_n(&c, INGEST_AUTO, STR_LIT("m,asset=\x1b[31mred\x07 x=1\nm,asset=\xff\xfe x=1\n"));
    assert_int_equal(c.counts.refused, 2);
    assert_true(str_is_utf8(buf_str(&c.refused)));
    for (size_t i = 0; i < c.refused.n; i++)
        assert_true((unsigned char)c.refused.p[i] >= 0x20 || c.refused.p[i] == '\n');
    collect_close(&c);
}

static enum err_code full_disk(void *arg, const struct reading *r, size_t count, struct err *err)
{
    (void)arg, (void)r, (void)count;
    return err_set(err, ERR_NO_SPACE, "the disk is full");
}

static void an_error_of_the_sink_stops_the_source(void **state)
{
    (void)state;
    static const char *const lines[] = {"m,asset=a x=1\n", "{\"sensor\":\"a/x\",\"value\":1}\n"};
    for (int f = 0; f < 2; f++) {
        struct collect c;
        struct buf body = {0};
        for (int i = 0; i < 5000; i++)
            buf_add_z(&body, lines[f]);
        collect_open(&c);
        c.sink.readings = full_disk;
        assert_int_equal(
            ingest_parse(INGEST_AUTO, buf_str(&body), 0, 0, &c.sink, &c.counts, &c.err),
            ERR_NO_SPACE);
        assert_string_equal(c.err.text, "the disk is full");
        assert_int_equal(c.counts.accepted, 0);
        collect_close(&c);
        buf_free(&body);
    }
}

static void a_full_catalogue_refuses_new_names_only(void **state)
{
    (void)state;
    struct collect c;
    collect_open(&c);
    catalog_close(&c.catalog);
    c.catalog = c.sink.catalog = catalog_open(1);
    assert_ok(ingest_parse(INGEST_AUTO, STR_LIT("m,asset=a x=1,y=2\nm,asset=a x=3"), 0, 0, &c.sink,
                           &c.counts, &c.err),
              c.err);
    assert_int_equal(c.counts.accepted, 2);
    assert_int_equal(c.counts.refused, 1);
    collect_close(&c);
}

// Every prefix of a body must be read without losing what is complete in it, and random damage
// must lose little and crash nothing.
static void damaged_bodies_keep_their_sound_lines(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 3);
    static const char *const lines[] = {"m,asset=a x=1,s=\"q\" 1700000000000000000\n",
                                        "{\"sensor\":\"a/x\",\"value\":1,\"time\":1700000000}\n"};
    for (int f = 0; f < 2; f++) {
        struct buf body = {0};
        for (int i = 0; i < 40; i++)
            buf_add_z(&body, lines[f]);
        for (int round = 0; round < 2000; round++) {
            struct buf damaged = {0};
            buf_add(&damaged, body.p, body.n);
            damaged.p[rng_below(&rng, damaged.n)] = (char)rng_u64(&rng);
            struct collect c;
            parse_n(&c, f ? INGEST_NDJSON : INGEST_LINE_PROTOCOL, buf_str(&damaged));
            // One byte may break a line, join two, or cut one in two.
            assert_true(c.counts.accepted >= 38 && c.counts.accepted <= 41);
            collect_close(&c);
            buf_free(&damaged);
        }
        buf_free(&body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_is_a_reading),
        cmocka_unit_test(arrays_lines_and_single_objects_say_the_same),
        cmocka_unit_test(an_empty_body_holds_nothing),
        cmocka_unit_test(times_are_text_or_numbers_of_any_unit),
        cmocka_unit_test(unknown_fields_and_escapes_are_no_trouble),
        cmocka_unit_test(units_are_kept),
        cmocka_unit_test(quality_is_taken_over),
        cmocka_unit_test(what_is_no_number_becomes_missing_or_refused),
        cmocka_unit_test(missing_fields_are_named),
        cmocka_unit_test(bad_names_are_refused),
        cmocka_unit_test(a_broken_line_loses_only_itself),
        cmocka_unit_test(a_broken_element_loses_only_itself),
        cmocka_unit_test(the_first_place_is_one_even_before_any_element),
        cmocka_unit_test(a_body_that_ends_inside_an_object_keeps_what_was_complete),
        cmocka_unit_test(telegraf_json_is_read),
        cmocka_unit_test(a_line_is_a_reading_for_each_field),
        cmocka_unit_test(escapes_of_line_protocol_are_resolved),
        cmocka_unit_test(text_fields_are_skipped_without_a_fuss),
        cmocka_unit_test(a_string_may_hold_line_ends),
        cmocka_unit_test(precision_scales_whole_times),
        cmocka_unit_test(bad_lines_lose_only_what_is_bad),
        cmocka_unit_test(a_body_that_ends_inside_a_line_keeps_what_was_complete),
        cmocka_unit_test(junk_makes_no_sensors),
        cmocka_unit_test(order_and_duplicates_are_left_to_those_behind),
        cmocka_unit_test(times_before_1970_are_as_good_as_any),
        cmocka_unit_test(the_future_is_refused_where_the_sink_says_it_begins),
        cmocka_unit_test(a_line_of_ten_megabytes_loses_only_itself),
        cmocka_unit_test(hostile_names_reach_nobody_as_control_characters),
        cmocka_unit_test(an_error_of_the_sink_stops_the_source),
        cmocka_unit_test(a_full_catalogue_refuses_new_names_only),
        cmocka_unit_test(damaged_bodies_keep_their_sound_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
