// Grammars: what GBNF matches and refuses, limits, what a matcher tells of a place.
#include "grammar_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "llm/unicode.h"

static bool matches(struct kit *k, const char *text)
{
    struct err err;
    matcher_reset(k->m);
    return matcher_accept_bytes(k->m, str_of(text), &err) == ERR_OK && matcher_complete(k->m);
}

static void check_matches(const char *gbnf, const char *const *yes, const char *const *no)
{
    struct kit k = open_kit(gbnf);
    for (; *yes; yes++)
        if (!matches(&k, *yes))
            fail_msg("%s\ndoes not match '%s'", gbnf, *yes);
    for (; *no; no++)
        if (matches(&k, *no))
            fail_msg("%s\nmatches '%s'", gbnf, *no);
    close_kit(&k);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void every_construct_of_gbnf_matches_what_it_says(void **state)
{
    (void)state;
    check_matches("root ::= \"ab\" | \"c\"", LIST("ab", "c"), LIST("", "a", "abc", "cc"));
    check_matches("root ::= [a-c]+ [^a-c]?", LIST("a", "abc", "abcd", "a\xc3\xa9"),
                  LIST("", "d", "add"));
    check_matches("root ::= \"x\"{3}", LIST("xxx"), LIST("xx", "xxxx"));
    check_matches("root ::= \"x\"{2,}", LIST("xx", "xxxxxxx"), LIST("x", ""));
    check_matches("root ::= (\"x\" \"y\"){0,2} \"z\"", LIST("z", "xyz", "xyxyz"),
                  LIST("xz", "xyxyxyz"));
    check_matches("root ::= .*", LIST("", "a\n", "\xe2\x82\xac\xf0\x9f\x98\x80"),
                  LIST("\xff", "\xc3", "\xed\xa0\x80", "\xc0\x80"));
    check_matches("root ::= \"\\x41\\u00e9\\U0001F600\\n\\\"\\\\\"",
                  LIST("A\xc3\xa9\xf0\x9f\x98\x80\n\"\\"), LIST("A"));
    check_matches("root ::= [\\]\\\\^-]*", LIST("", "]\\^-"), LIST("a"));
    check_matches("# all\nroot ::= one-1 # here\n  | two\n\none-1 ::= (\"a\" |\n \"b\")\n"
                  "two ::=\n  \"c\"\n",
                  LIST("a", "b", "c"), LIST("", "ab"));
    check_matches("root ::= \"a\" root \"b\" | ", LIST("", "ab", "aaabbb"),
                  LIST("aab", "abb", "ba"));
    check_matches("root ::= \"a\"** \"\" (\"b\"?)*", LIST("", "aab", "bbb"), LIST("ba"));
}

// The grammar of JSON, as one would write it.
static const char json[] =
    "root ::= object\n"
    "value ::= object | array | string | number | \"true\" | \"false\" | \"null\"\n"
    "object ::= \"{\" ws (pair (\",\" ws pair)*)? \"}\" ws\n"
    "pair ::= string \":\" ws value\n"
    "array ::= \"[\" ws (value (\",\" ws value)*)? \"]\" ws\n"
    "string ::= \"\\\"\" ([^\"\\\\\\x00-\\x1f] | \"\\\\\" ([\"\\\\/bfnrt] | \"u\" "
    "[0-9a-fA-F]{4}))* "
    "\"\\\"\" ws\n"
    "number ::= \"-\"? (\"0\" | [1-9] [0-9]*) (\".\" [0-9]+)? ([eE] [-+]? [0-9]+)? ws\n"
    "ws ::= [ \\t\\n]*\n";

static void json_written_as_a_grammar_is_json(void **state)
{
    (void)state;
    check_matches(
        json,
        LIST("{}", "{\"a\": [1, -2.5e+3, \"x\\u00e9\\\"\", {\"b\": null}]}\n",
             "{ \"\": [[], [[]], {}] }"),
        LIST("", "[]", "{\"a\"}", "{\"a\": 01}", "{\"a\": \"\n\"}", "{} {}", "{\"a\":1,}"));
}

static void check_error(const char *gbnf, enum err_code code, const char *words)
{
    struct grammar *g;
    struct err err;
    clock_t start = clock();
    assert_int_equal(grammar_from_gbnf(str_of(gbnf), "g", &g, &err), code);
    if (!strstr(err.text, words))
        fail_msg("'%s' says '%s', expected '%s'", gbnf, err.text, words);
    assert_null(g);
    assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
}

static void errors_name_line_and_column(void **state)
{
    (void)state;
    check_error("", ERR_INPUT, "g: there is no rule 'root'");
    check_error("x ::= \"a\"", ERR_INPUT, "there is no rule 'root'");
    check_error("root ::= \"a\"\n  b", ERR_INPUT, "line 2, column 4: '::=' expected");
    check_error("root ::= \"\xc3\xa9\" b", ERR_INPUT,
                "line 1, column 14: the rule 'b' is not defined");
    check_error("root ::= \"a", ERR_INPUT, "line 1, column 12: the literal or class is not closed");
    check_error("root ::= [a\nb]", ERR_INPUT, "line 1, column 12: the literal or class");
    check_error("root ::= (\"a\"", ERR_INPUT, "line 1, column 10: the group that begins here");
    check_error("root ::= [z-a]", ERR_INPUT, "line 1, column 13: the range ends before it begins");
    check_error("root ::= \"a\"{3,2}", ERR_INPUT, "column 14: the repetition ends before");
    check_error("root ::= \"a\"{x}", ERR_INPUT, "column 14: a number expected");
    check_error("root ::= \"a\"{1000000}", ERR_INPUT, "more than 65536 repetitions");
    check_error("root ::= \"\\q\"", ERR_INPUT, "column 12: an escape expected");
    check_error("root ::= \"\\uD800\"", ERR_INPUT, "there is no such character");
    check_error("root ::= \"\\U00110000\"", ERR_INPUT, "there is no such character");
    check_error("root ::= \"\xff\"", ERR_INPUT, "column 11: bytes that are no UTF-8");
    check_error("root ::= \"a\"\nroot ::= \"b\"", ERR_INPUT,
                "line 2, column 1: the rule is defined");
    check_error("root ::= \"a\" = b", ERR_INPUT, "column 14: a literal, class, group, name");
    check_error("root = \"a\"", ERR_INPUT, "column 6: '::=' expected");
    check_error("root ::= <[12]>", ERR_INPUT, "column 10: a literal, class");
}

static void rules_that_begin_with_themselves_are_refused(void **state)
{
    (void)state;
    check_error("root ::= root \"a\" | \"b\"", ERR_INPUT,
                "line 1, column 1: the rule 'root' begins");
    check_error("root ::= a\na ::= b \"x\"\nb ::= \"y\"? a", ERR_INPUT, "begins with itself");
    check_error("root ::= n a\nn ::= \"\"\na ::= n n a | \"x\"", ERR_INPUT,
                "line 3, column 1: the rule 'a'");
    check_error("root ::= a\na ::= \"x\" a", ERR_INPUT, "no text can ever match");
    check_error("root ::= []", ERR_INPUT, "no text can ever match");
}

static void hostile_grammars_fail_soon(void **state)
{
    (void)state;
    check_error("root ::= (((\"a\"{60000}){60000}){60000}){60000}", ERR_LIMIT, "too large");
    check_error("root ::= [ab]* \"a\" [ab]{40}", ERR_LIMIT, "too large: rule 'root'");
    struct buf text = {0};
    buf_add_z(&text, "root ::= ");
    for (int i = 0; i < 200000; i++)
        buf_add_char(&text, '(');
    check_error(text.p, ERR_INPUT, "more than 100 groups");
    buf_reset(&text);
    buf_add_z(&text, "root ::= r0\n");
    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "r%d ::= r%d\n", i, i + 1);
    check_error(text.p, ERR_LIMIT, "too large");
    buf_reset(&text); // nullable through 8,000 rules, in the wrong order, to a left recursion
    buf_add_z(&text, "root ::= r0 root\n");
    for (int i = 0; i < 8000; i++)
        buf_printf(&text, "r%d ::= r%d\n", i, i + 1);
    buf_add_z(&text, "r8000 ::= \"\"\n");
    check_error(text.p, ERR_INPUT, "the rule 'root' begins with itself");
    buf_free(&text);
    char *big = calloc(GRAMMAR_TEXT_MAX + 2, 1);
    memset(big, '#', GRAMMAR_TEXT_MAX + 1);
    check_error(big, ERR_LIMIT, "at most 1048576 are allowed");
    free(big);
}

// Follows a grammar that is harmless to compile; true if it fails with ERR_LIMIT in the end.
static bool fails_while_followed(const char *gbnf, const char *piece, int times)
{
    struct kit k = open_kit(gbnf);
    struct err err;
    enum err_code code = ERR_OK;
    const uint64_t *mask;
    clock_t start = clock();
    for (int i = 0; i < times && !code; i++)
        if ((code = matcher_accept_bytes(k.m, str_of(piece), &err)) == ERR_OK && i % 64 == 0)
            code = matcher_mask(k.m, &mask, &err);
    assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
    close_kit(&k);
    return code == ERR_LIMIT;
}

static void answers_that_cannot_be_followed_end_in_an_error(void **state)
{
    (void)state;
    assert_true(fails_while_followed("root ::= \"(\" root \")\" root | \"\"", "(", 200000));
    assert_true(fails_while_followed("root ::= x root \"b\" | y root \"c\" | \"q\"\nx ::= \"a\"\n"
                                     "y ::= \"a\"",
                                     "a", 100));
    // Lists that call themselves at their end take no room.
    assert_false(fails_while_followed("root ::= \"a\" root | \"b\"", "a", 200000));
    assert_false(fails_while_followed("root ::= l*\nl ::= \"(\" l* \")\"", "(())", 200000));
}

// Any two code points as a range: exactly its characters match.
static void classes_match_exactly_their_characters(void **state)
{
    (void)state;
    static const uint32_t edges[] = {0x01,   0x7f,   0x80,   0x7ff,   0x800,   0xfff,   0x1000,
                                     0xd7ff, 0xe000, 0xffff, 0x10000, 0x3ffff, 0x40000, 0x10ffff};
    struct rng rng;
    rng_seed(&rng, 4);
    for (int round = 0; round < 150; round++) {
        uint32_t a = (uint32_t)rng_below(&rng, 0x110000), b = (uint32_t)rng_below(&rng, 0x110000);
        if (round % 2) {
            a = edges[rng_below(&rng, 14)];
            b = edges[rng_below(&rng, 14)] + (uint32_t)rng_below(&rng, 3) - 1;
        }
        a = a ? a : 1;
        b = b < a ? a : b > 0x10ffff ? 0x10ffff : b;
        if ((a >= 0xd800 && a < 0xe000) || (b >= 0xd800 && b < 0xe000))
            continue;
        char text[64];
        snprintf(text, sizeof text, "root ::= [%s\\U%08X-\\U%08X]", round % 3 ? "" : "^", a, b);
        struct kit k = open_kit(text);
        for (int i = 0; i < 400; i++) {
            uint32_t cp = i < 8 ? (i < 4 ? a : b) + (uint32_t)(i % 4) - 2
                                : (uint32_t)rng_below(&rng, 0x110000);
            if (cp == 0 || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
                continue;
            char utf8[5] = {0};
            unicode_encode(cp, utf8);
            if (matches(&k, utf8) != ((cp >= a && cp <= b) == (round % 3 != 0)))
                fail_msg("%s and U+%X", text, cp);
        }
        close_kit(&k);
    }
}

static void forced_bytes_are_those_without_a_choice(void **state)
{
    (void)state;
    struct kit k = open_kit("root ::= \"{\\\"name\\\": \" (\"true\" | \"trust\")");
    struct buf out = {0};
    struct err err;
    assert_ok(matcher_forced(k.m, 100, &out, &err), err);
    assert_string_equal(out.p, "{\"name\": tru");
    buf_reset(&out);
    assert_ok(matcher_forced(k.m, 3, &out, &err), err);
    assert_string_equal(out.p, "{\"n");
    assert_ok(matcher_accept_bytes(k.m, STR_LIT("{\"name\": true"), &err), err);
    assert_true(matcher_complete(k.m));
    buf_reset(&out);
    assert_ok(matcher_forced(k.m, 100, &out, &err), err);
    assert_int_equal(out.n, 0);
    buf_free(&out);
    close_kit(&k);
}

static void few_tokens_are_listed_and_the_end_is_a_token(void **state)
{
    (void)state;
    struct kit k = open_kit("root ::= \"a\" \"b\"?");
    const uint64_t *mask;
    struct err err;
    size_t n;
    assert_ok(matcher_mask(k.m, &mask, &err), err);
    const int32_t *few = matcher_few(k.m, &n);
    assert_non_null(few);
    assert_int_equal(few[0], 'a');
    for (size_t i = 1; i < n; i++)
        assert_true(str_is(pieces[few[i] - LLM_VOCAB_BYTES], "ab"));
    assert_int_equal(matcher_accept(k.m, EOS, &err), ERR_INPUT);
    assert_int_equal(matcher_accept(k.m, 'c', &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "does not allow 'c' here"));
    assert_int_equal(matcher_accept(k.m, V, &err), ERR_INPUT);
    assert_ok(matcher_accept(k.m, 'a', &err), err);
    assert_ok(matcher_mask(k.m, &mask, &err), err);
    few = matcher_few(k.m, &n);
    assert_int_equal(n, 2);
    assert_int_equal(few[0], 'b');
    assert_int_equal(few[1], EOS);
    assert_int_equal(matcher_allowed(k.m), 2);
    assert_ok(matcher_accept(k.m, EOS, &err), err);
    assert_true(matcher_ended(k.m));
    assert_int_equal(matcher_accept(k.m, 'b', &err), ERR_INPUT);
    close_kit(&k);
    k = open_kit("root ::= .*");
    assert_ok(matcher_mask(k.m, &mask, &err), err);
    assert_true(matcher_allowed(k.m) > 200);
    close_kit(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_construct_of_gbnf_matches_what_it_says),
        cmocka_unit_test(json_written_as_a_grammar_is_json),
        cmocka_unit_test(errors_name_line_and_column),
        cmocka_unit_test(rules_that_begin_with_themselves_are_refused),
        cmocka_unit_test(hostile_grammars_fail_soon),
        cmocka_unit_test(answers_that_cannot_be_followed_end_in_an_error),
        cmocka_unit_test(classes_match_exactly_their_characters),
        cmocka_unit_test(forced_bytes_are_those_without_a_choice),
        cmocka_unit_test(few_tokens_are_listed_and_the_end_is_a_token),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
