// The JSON writer: every output is read back by Python's json, an independent reader.
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/rng.h"

// Reads lines of two hexadecimal columns: a JSON text, and the string that it must mean ("-": only
// that it is valid JSON without NaN and Infinity).
static const char reader[] =
    "python3 -c '\n"
    "import json, sys\n"
    "def refuse(name): raise ValueError(name)\n"
    "for line in sys.stdin:\n"
    "    text, meant = line.split(\" \")\n"
    "    got = json.loads(bytes.fromhex(text).decode(\"utf-8\"), parse_constant=refuse)\n"
    "    if meant.strip() != \"-\" and got != bytes.fromhex(meant).decode(\"utf-8\"):\n"
    "        sys.exit(line)\n"
    "'";

static FILE *python;

static void hex(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        fprintf(python, "%02x", (unsigned char)s.p[i]);
}

static void start_python(void)
{
    if (system("python3 -c 'import json'") != 0)
        skip();
    python = popen(reader, "w");
    assert_non_null(python);
}

static void finish_python(void)
{
    assert_int_equal(pclose(python), 0);
}

static void python_must_read(const struct buf *json, const struct str *meant)
{
    assert_false(json->failed);
    hex(buf_str(json));
    fputc(' ', python);
    if (meant)
        hex(*meant);
    else
        fputc('-', python);
    fputc('\n', python);
}

static void nesting_and_commas_come_out_right(void **state)
{
    (void)state;
    struct buf b = {0};
    struct json_out j;
    json_open(&j, &b);
    json_object(&j);
    json_key_int(&j, "a", INT64_MIN);
    json_key(&j, "b");
    json_array(&j);
    json_array(&j);
    json_end(&j);
    json_object(&j);
    json_end(&j);
    json_bool(&j, true);
    json_null(&j);
    json_text(&j, NULL);
    json_raw(&j, STR_LIT("[1]"));
    json_end(&j);
    json_key_bool(&j, "c", false);
    json_key_text(&j, "d", "x");
    json_key_time(&j, "e", 250000);
    json_key_time(&j, "f", TIME_NONE);
    json_key_real(&j, "g", 0.5);
    json_end(&j);
    assert_string_equal(b.p, "{\"a\":-9223372036854775808,\"b\":[[],{},true,null,null,[1]],"
                             "\"c\":false,\"d\":\"x\",\"e\":\"1970-01-01T00:00:00.250Z\","
                             "\"f\":null,\"g\":0.5}");
    start_python();
    python_must_read(&b, NULL);
    finish_python();
    buf_free(&b);
}

static void numbers_that_json_cannot_hold_become_null(void **state)
{
    (void)state;
    struct buf b = {0};
    struct json_out j;
    json_open(&j, &b);
    json_array(&j);
    json_real(&j, (double)NAN);
    json_real(&j, (double)INFINITY);
    json_real(&j, -(double)INFINITY);
    json_real(&j, -0.0);
    json_real(&j, 1e300);
    json_end(&j);
    assert_string_equal(b.p, "[null,null,null,-0,1e+300]");
    start_python();
    python_must_read(&b, NULL);
    finish_python();
    buf_free(&b);
}

// Python must read the written text as `meant`, or as itself where that is NULL.
static void check_text(struct str text, const char *meant)
{
    struct buf b = {0};
    struct json_out j;
    json_open(&j, &b);
    json_str(&j, text);
    python_must_read(&b, meant ? &(struct str){meant, strlen(meant)} : &text);
    buf_free(&b);
}

static void every_ascii_character_survives(void **state)
{
    (void)state;
    start_python();
    char all[127];
    for (int c = 1; c < 128; c++)
        all[c - 1] = (char)c;
    check_text((struct str){all, sizeof all}, NULL);
    check_text(STR_LIT("\xC2\xB0"
                       "C \xE2\x82\xAC \xF0\x9F\x8C\x8A"),
               NULL);
    check_text(STR_LIT(""), NULL);
    finish_python();
}

static void bytes_that_are_not_utf8_become_the_replacement_character(void **state)
{
    (void)state;
    start_python();
    check_text(STR_LIT("a\xFFz"), "a\xEF\xBF\xBDz");
    check_text(STR_LIT("\xC3"), "\xEF\xBF\xBD");
    check_text(STR_LIT("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");                 // overlong
    check_text(STR_LIT("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"); // a surrogate
    check_text(STR_LIT("\xF4\x90\x80\x80x"),
               "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDx"); // beyond U+10FFFF
    finish_python();
}

static void random_bytes_always_give_valid_json(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 9);
    start_python();
    for (int i = 0; i < 20000; i++) {
        unsigned char bytes[12];
        size_t n = rng_below(&rng, sizeof bytes + 1);
        for (size_t k = 0; k < n; k++)
            bytes[k] = (unsigned char)(1 + rng_below(&rng, 255));
        struct buf b = {0};
        struct json_out j;
        json_open(&j, &b);
        json_str(&j, (struct str){(char *)bytes, n});
        python_must_read(&b, NULL);
        buf_free(&b);
    }
    finish_python();
}

static void nesting_beyond_the_limit_fails_and_stays_in_bounds(void **state)
{
    (void)state;
    struct buf b = {0};
    struct json_out j;
    json_open(&j, &b);
    for (int i = 0; i < JSON_OUT_DEPTH; i++)
        json_array(&j);
    assert_false(b.failed);
    json_array(&j);
    assert_true(b.failed);
    for (int i = 0; i < JSON_OUT_DEPTH + 5; i++)
        json_end(&j);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nesting_and_commas_come_out_right),
        cmocka_unit_test(numbers_that_json_cannot_hold_become_null),
        cmocka_unit_test(every_ascii_character_survives),
        cmocka_unit_test(bytes_that_are_not_utf8_become_the_replacement_character),
        cmocka_unit_test(random_bytes_always_give_valid_json),
        cmocka_unit_test(nesting_beyond_the_limit_fails_and_stays_in_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
