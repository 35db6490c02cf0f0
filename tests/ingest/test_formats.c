// Bodies of whatever format: junk, times, names, sinks that fail; each rule of docs/ingest.md.
#include "bodies.h"

#include "base/rng.h"

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
