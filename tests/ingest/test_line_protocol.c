// Bodies in line protocol: what is read of them, and what is refused by its place.
#include "bodies.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_a_reading_for_each_field),
        cmocka_unit_test(escapes_of_line_protocol_are_resolved),
        cmocka_unit_test(text_fields_are_skipped_without_a_fuss),
        cmocka_unit_test(a_string_may_hold_line_ends),
        cmocka_unit_test(precision_scales_whole_times),
        cmocka_unit_test(bad_lines_lose_only_what_is_bad),
        cmocka_unit_test(a_body_that_ends_inside_a_line_keeps_what_was_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
