// Bodies in JSON: what is read of them, and what is refused by its place.
#include "bodies.h"

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
