// The JSON pull parser: tokens, strictness, places of errors, recovery.
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_scan.h"

// A line per token: enough to compare a whole parse with one string.
static void dump(struct json_scan *s, struct buf *out)
{
    for (;;) {
        enum json_token t = json_scan_next(s);
        static const char *const names[] = {"!", ".", "{", "}", "[", "]",
                                            "k", "s", "n", "T", "F", "0"};
        buf_printf(out, "%s", names[t]);
        if (t == JSON_TOKEN_KEY || t == JSON_TOKEN_STRING || t == JSON_TOKEN_NUMBER)
            buf_printf(out, "<%.*s>", STR_ARG(s->text));
        if (t <= JSON_TOKEN_END)
            return;
    }
}

static void assert_tokens(const char *text, unsigned flags, const char *expected)
{
    struct json_scan s;
    struct buf out = {0};
    json_scan_open(&s, str_of(text), 0, flags);
    dump(&s, &out);
    assert_string_equal(out.p, expected);
    buf_free(&out);
}

static void every_kind_of_value_is_read(void **state)
{
    (void)state;
    assert_tokens(" { \"a\" : [1, -2.5e+3 ,true,false,null,\"x\"] , \"b\":{}, \"c\":[] } ", 0,
                  "{k<a>[n<1>n<-2.5e+3>TF0s<x>]k<b>{}k<c>[]}.");
    assert_tokens("0", 0, "n<0>.");
    assert_tokens("\"\"", 0, "s<>.");
}

static void what_the_grammar_forbids_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        " ",
                                        "{",
                                        "[",
                                        "}",
                                        "]",
                                        "[1,]",
                                        "{,}",
                                        "[,1]",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{a:1}",
                                        "{\"a\":1,}",
                                        "01",
                                        "+1",
                                        ".5",
                                        "5.",
                                        "1e",
                                        "1e+",
                                        "-",
                                        "--1",
                                        "0x10",
                                        "NaN",
                                        "Infinity",
                                        "-Infinity",
                                        "nul",
                                        "truefalse",
                                        "True",
                                        "'a'",
                                        "\"a",
                                        "\"\\x\"",
                                        "\"\\u12\"",
                                        "\"\t\"",
                                        "\"\n\"",
                                        "1 2",
                                        "[1 2]",
                                        "[1}",
                                        "{]",
                                        "[1:2]",
                                        "\"\\u12g4\"",
                                        "\xef\xbb\xbf[]",
                                        "/**/1",
                                        "\"\xff\"",
                                        "\"\xc0\x80\"",
                                        "\"\xed\xa0\x80\""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct json_scan s;
        json_scan_open(&s, str_of(texts[i]), 0, 0);
        enum json_token t;
        while ((t = json_scan_next(&s)) > JSON_TOKEN_END)
            ;
        if (t != JSON_TOKEN_ERROR || !s.why)
            fail_msg("accepted: %s", texts[i]);
        assert_int_equal(json_scan_next(&s), JSON_TOKEN_ERROR);
    }
}

static void an_error_names_its_byte(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t byte;
    } cases[] = {{"{\"a\":1.2.3}", 8}, {"[1,2,x]", 5}, {"{\"a\" 1}", 5}, {"[1,\"ab", 6},
                 {"[\"a\\q\"]", 3},    {"[01]", 2},    {"[1] x", 4}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_scan s;
        json_scan_open(&s, str_of(cases[i].text), 0, 0);
        while (json_scan_next(&s) > JSON_TOKEN_END)
            ;
        assert_int_equal(json_scan_byte(&s), cases[i].byte);
    }
    struct json_scan s;
    struct err err;
    json_scan_open(&s, STR_LIT("[1;2]"), 0, 0);
    while (json_scan_next(&s) > JSON_TOKEN_END)
        ;
    assert_int_equal(json_scan_error(&s, "body", &err), ERR_INPUT);
    assert_string_equal(err.text, "body: byte 2: ',' or ']' expected");
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    char text[101];
    memset(text, '[', 100);
    text[100] = 0;
    struct json_scan s;
    json_scan_open(&s, str_of(text), 0, 0);
    int depth = 0;
    while (json_scan_next(&s) == JSON_TOKEN_ARRAY)
        depth++;
    assert_int_equal(depth, JSON_SCAN_DEPTH_DEFAULT);
    assert_string_equal(s.why, "nested too deeply");
    json_scan_open(&s, str_of(text), 1000, 0);
    for (depth = 0; json_scan_next(&s) == JSON_TOKEN_ARRAY;)
        depth++;
    assert_int_equal(depth, JSON_SCAN_DEPTH_MAX);
}

static void mixed_nesting_closes_with_the_right_brackets(void **state)
{
    (void)state;
    char open[256] = "", close[256] = "";
    for (int i = 0; i < 32; i++) {
        strcat(open, i % 3 ? "{\"k\":" : "[");
        memmove(close + 1, close, strlen(close) + 1);
        close[0] = i % 3 ? '}' : ']';
    }
    char text[600];
    snprintf(text, sizeof text, "%s1%s", open, close);
    struct json_scan s;
    json_scan_open(&s, str_of(text), 0, 0);
    enum json_token t;
    while ((t = json_scan_next(&s)) > JSON_TOKEN_END)
        ;
    assert_int_equal(t, JSON_TOKEN_END);
    text[strlen(text) - 1] = text[strlen(text) - 1] == '}' ? ']' : '}';
    json_scan_open(&s, str_of(text), 0, 0);
    while ((t = json_scan_next(&s)) > JSON_TOKEN_END)
        ;
    assert_int_equal(t, JSON_TOKEN_ERROR);
}

static void flags_widen_the_grammar_only_when_set(void **state)
{
    (void)state;
    assert_tokens("{\"a\":1}\n[2] 3", JSON_SCAN_MANY, "{k<a>n<1>}[n<2>]n<3>.");
    assert_tokens("", JSON_SCAN_MANY, ".");
    assert_tokens("[NaN,Infinity,-Infinity,-1]", JSON_SCAN_NAN, "[000n<-1>].");
    assert_tokens("[Nan]", JSON_SCAN_NAN, "[!");
}

static void values_are_skipped_whole(void **state)
{
    (void)state;
    struct json_scan s;
    json_scan_open(&s, STR_LIT("[{\"a\":[1,{\"b\":2}]},7]"), 0, 0);
    assert_int_equal(json_scan_next(&s), JSON_TOKEN_ARRAY);
    assert_true(json_scan_skip(&s, json_scan_next(&s)));
    assert_int_equal(json_scan_next(&s), JSON_TOKEN_NUMBER);
    assert_true(str_is(s.text, "7"));
}

static void escapes_are_resolved_on_demand(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *plain;
    } cases[] = {{"a\\\"\\\\\\/\\b\\f\\n\\r\\tz", "a\"\\/\b\f\n\r\tz"},
                 {"\\u00e9\\u20AC", "\xc3\xa9\xe2\x82\xac"},
                 {"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
                 {"\\ud83dx", "\xef\xbf\xbdx"},
                 {"\\ude00\\ud83d", "\xef\xbf\xbd\xef\xbf\xbd"},
                 {"\\ud83d\\u0041", "\xef\xbf\xbd"
                                    "A"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[64];
        size_t n = json_unescape(str_of(cases[i].raw), out);
        assert_true(n <= strlen(cases[i].raw));
        assert_true(str_is((struct str){out, n}, cases[i].plain));
    }
    struct json_scan s;
    json_scan_open(&s, STR_LIT("[\"plain\",\"\\n\"]"), 0, 0);
    json_scan_next(&s);
    json_scan_next(&s);
    assert_false(s.escaped);
    json_scan_next(&s);
    assert_true(s.escaped);
}

static void a_broken_element_is_left_behind(void **state)
{
    (void)state;
    struct json_scan s, before;
    json_scan_open(&s, STR_LIT("[{\"v\":1,5},{\"v\":\"]}\" 2},3,4 4,[],"), 0, 0);
    assert_int_equal(json_scan_next(&s), JSON_TOKEN_ARRAY);
    struct buf out = {0};
    for (int i = 0; i < 10; i++) {
        before = s;
        enum json_token t = json_scan_next(&s);
        if (t != JSON_TOKEN_ERROR && json_scan_skip(&s, t)) {
            buf_add_z(&out, "ok ");
        } else if (json_scan_recover(&s, &before)) {
            buf_add_z(&out, "bad ");
        } else {
            buf_add_z(&out, "lost");
            break;
        }
    }
    // "4 4": the first 4 is a value, then a comma is missing: that place cannot be told apart from
    // an element, so the second 4 counts as one that is broken.
    assert_string_equal(out.p, "bad bad ok ok bad ok lost");
    buf_free(&out);
}

static void recovery_never_stands_still(void **state)
{
    (void)state;
    static const char *const texts[] = {"[}", "[1}",   "[]]", "}",        "a",
                                        ",",  "[,,,]", "[{]", "{\"a\":]}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct json_scan s;
        json_scan_open(&s, str_of(texts[i]), 0, JSON_SCAN_MANY);
        int calls = 0;
        for (;; calls++) {
            assert_true(calls < 20);
            struct json_scan before = s;
            enum json_token t = json_scan_next(&s);
            if (t == JSON_TOKEN_END || (t == JSON_TOKEN_ERROR && !json_scan_recover(&s, &before)))
                break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_value_is_read),
        cmocka_unit_test(what_the_grammar_forbids_is_refused),
        cmocka_unit_test(an_error_names_its_byte),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(mixed_nesting_closes_with_the_right_brackets),
        cmocka_unit_test(flags_widen_the_grammar_only_when_set),
        cmocka_unit_test(values_are_skipped_whole),
        cmocka_unit_test(escapes_are_resolved_on_demand),
        cmocka_unit_test(a_broken_element_is_left_behind),
        cmocka_unit_test(recovery_never_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
