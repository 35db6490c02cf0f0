// JSON Schema as a grammar: what each keyword takes and refuses, errors with places.
//
// That random answers are valid is checked by tests/llm/schema_answers.py with Python's jsonschema.
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "llm/grammar/grammar.h"
#include "llm_vocab.h"

static struct tokenizer *tokenizer;
static struct token_trie *trie;

static int open_all(void **state)
{
    (void)state;
    static const char *const controls[] = {"<s>", "</s>"};
    struct gguf *g = llm_vocab_open(
        &(struct llm_vocab){.arch = "llama", .controls = controls, .control_count = 2});
    struct err err;
    assert_ok(tokenizer_open(g, &tokenizer, &err), err);
    assert_ok(token_trie_open(tokenizer, tokenizer_count(tokenizer), &trie, &err), err);
    gguf_close(&g);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    token_trie_close(&trie);
    tokenizer_close(&tokenizer);
    return 0;
}

static bool matches(struct matcher *m, const char *text)
{
    struct err err;
    matcher_reset(m);
    return matcher_accept_bytes(m, str_of(text), &err) == ERR_OK && matcher_complete(m);
}

// Quotes are written as ' in schemas and texts.
static char *quoted(const char *text)
{
    char *copy = strdup(text);
    for (char *p = copy; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    return copy;
}

static void check(const char *schema, const char *const *yes, const char *const *no)
{
    struct grammar *g;
    struct grammar_masks *masks;
    struct matcher *m;
    struct err err;
    char *text = quoted(schema);
    assert_ok(grammar_from_schema(str_of(text), &g, &err), err);
    assert_ok(grammar_masks_open(g, trie, 0, &masks, &err), err);
    assert_ok(matcher_open(masks, &m, &err), err);
    for (int k = 0; k < 2; k++)
        for (const char *const *p = k ? no : yes; *p; p++) {
            char *answer = quoted(*p);
            if (matches(m, answer) == (k == 1))
                fail_msg("%s %s %s", text, k ? "allows" : "does not allow", answer);
            free(answer);
        }
    free(text);
    matcher_close(&m);
    grammar_masks_close(&masks);
    grammar_close(&g);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void objects_have_their_members_in_order(void **state)
{
    (void)state;
    check("{'type':'object','properties':{'a':{'type':'integer'},'b':{'type':'boolean'},"
          "'c':{'type':'null'}},'required':['b']}",
          LIST("{'b':true}", "{'a':1,'b':true,'c':null}", "{ 'a': 1, 'b': false }",
               "{\n  'b': true,\n  'c': null\n}"),
          LIST("{}", "{'a':1}", "{'b':true,'a':1}", "{'b':true,}", "{,'b':true}", "{'b':1}",
               "{'b':true,'d':1}", "{'b':true,'b':true}", "{'a':1 'b':true}"));
    check("{'properties':{'a':{'const':1},'b':{'const':2}}}",
          LIST("{}", "{ }", "{'a':1}", "{'b':2}", "{'a':1,'b':2}"), LIST("{'a':1,}", "{,}"));
    check("{'type':'object','additionalProperties':false}", LIST("{}"), LIST("{'a':1}"));
    check("{'properties':{},'additionalProperties':{'type':'null'}}",
          LIST("{}", "{'x':null}", "{'x':null, 'y':null}"), LIST("{'x':1}"));
    check(
        "{'required':['z'],'properties':{'a':{'type':'null'}},'additionalProperties':{'const':3}}",
        LIST("{'z':3}", "{'a':null,'z':3,'zz':3}", "{'z':3,'y':3}"),
        LIST("{}", "{'a':null}", "{'z':4}", "{'z':3,'z':3}", "{'z':3,'a':3}"));
}

static void other_members_never_take_a_name_that_is_taken(void **state)
{
    (void)state;
    check("{'properties':{'ab':{'const':1},'abc':{'const':2},'\xc3\xa9':{'const':5}},"
          "'additionalProperties':true}",
          LIST("{'a':0}", "{'abd':0}", "{'abcd':0}", "{'':0}", "{'b':0}", "{'x\\n':[]}",
               "{'ab':1,'abb':{}}"),
          LIST("{'ab':0}", "{'abc':1}", "{'\\u0061b':0}", "{'a\\u0062':0}", "{'\xc3\xa9':0}",
               "{'abc':2,'ab':1}"));
}

static void arrays_have_as_many_items_as_allowed(void **state)
{
    (void)state;
    check("{'type':'array','items':{'type':'integer'},'minItems':1,'maxItems':3}",
          LIST("[1]", "[1,2]", "[1, 2, 3]", "[ 1 ]"), LIST("[]", "[1,2,3,4]", "[1,]", "['a']"));
    check("{'items':{'const':1},'maxItems':0}", LIST("[]"), LIST("[1]"));
    check("{'items':{'const':1},'maxItems':1}", LIST("[]", "[1]"), LIST("[1,1]"));
    check("{'type':'array'}", LIST("[]", "[1,'a',{}]"), LIST("{}", "[,]"));
    check("{'prefixItems':[{'const':1},{'const':2}],'items':{'const':3}}",
          LIST("[]", "[1]", "[1,2]", "[1,2,3,3]"), LIST("[2]", "[1,3]", "[1,2,2]"));
    check("{'prefixItems':[{'const':1},{'const':2}],'items':false,'minItems':1}",
          LIST("[1]", "[1,2]"), LIST("[]", "[1,2,3]"));
    check("{'prefixItems':[{'const':1}],'items':{'const':3},'minItems':3,'maxItems':4}",
          LIST("[1,3,3]", "[1,3,3,3]"), LIST("[1,3]", "[1,3,3,3,3]"));
}

static void strings_have_lengths_in_characters(void **state)
{
    (void)state;
    check("{'type':'string'}", LIST("''", "'a\\n\\u00e9\\ud83d\\ude00'", "'\xe2\x82\xac'"),
          LIST("'\n'", "'\\x'", "'\\ud83d'", "'\\ude00'", "'\xff'", "a", "'"));
    check("{'minLength':2,'maxLength':3}",
          LIST("'ab'", "'abc'", "'\xe2\x82\xac\xf0\x9f\x98\x80'", "'\\n\\u00e9'",
               "'\\ud83d\\ude00x'"),
          LIST("'a'", "'abcd'", "'\\ud83d\\ude00'", "''"));
}

static void patterns_are_regular_expressions_of_what_the_string_means(void **state)
{
    (void)state;
    check("{'pattern':'^[a-c]+\\\\d{2}(x|yz)?$'}", LIST("'a12'", "'abc99yz'"),
          LIST("'12'", "'a1'", "'a12z'", "'a123'"));
    check("{'pattern':'b'}", LIST("'b'", "'abc'", "'bb'"), LIST("''", "'ac'"));
    check("{'pattern':'^a|c$'}", LIST("'a'", "'ax'", "'xc'", "'c'"), LIST("'xa'", "'cx'"));
    check("{'pattern':'^\\\\n\\\\t\\\\x22\\\\\\\\\\\\u0001$'}", LIST("'\\n\\t\\\"\\\\\\u0001'"),
          LIST("'n'"));
    check("{'pattern':'^[^a]$'}", LIST("'b'", "'\\\"'", "'\\\\'", "'\\n'", "'\xc3\xa9'"),
          LIST("'a'", "'\n'", "''"));
    check("{'pattern':'^.$'}", LIST("'b'", "'\\t'"), LIST("'\\n'"));
    check("{'pattern':'^(?:ab)*?$'}", LIST("''", "'abab'"), LIST("'a'"));
    check("{'pattern':'^[\\\\w.-]+$'}", LIST("'a_9.-'"), LIST("'a b'"));
}

static void formats_take_valid_values_only(void **state)
{
    (void)state;
    check("{'format':'date'}", LIST("'2024-02-29'", "'2025-12-31'", "'2000-02-29'", "'2025-04-30'"),
          LIST("'2025-02-29'", "'1900-02-29'", "'2025-13-01'", "'2025-04-31'", "'2025-1-1'"));
    check("{'format':'time'}", LIST("'23:59:59Z'", "'00:00:00.5+01:30'"),
          LIST("'24:00:00Z'", "'12:00:00'", "'12:60:00Z'"));
    check("{'format':'date-time'}", LIST("'2025-11-21T12:00:00Z'"), LIST("'2025-11-21 12:00:00Z'"));
    check("{'format':'uuid'}", LIST("'123e4567-e89b-12d3-a456-426614174000'"),
          LIST("'123e4567e89b12d3a456426614174000'"));
    check("{'format':'ipv4'}", LIST("'192.168.0.255'"),
          LIST("'256.0.0.1'", "'01.2.3.4'", "'1.2.3'"));
    check("{'format':'email'}", LIST("'a.b@c-d.org'"), LIST("'a@b'", "'a b@c.d'", "'.a@b.c'"));
}

static void integers_stay_between_their_bounds(void **state)
{
    (void)state;
    check("{'type':'integer'}", LIST("0", "-1", "10", "999999999999999999"),
          LIST("01", "1.0", "-", "+1", "1e3"));
    // Every number around the bounds.
    static const int64_t bounds[][2] = {{0, 0},    {5, 7},      {9, 10},     {-3, 4},  {-12, -9},
                                        {99, 101}, {-100, 100}, {107, 1093}, {-1, -1}, {250, 255}};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        struct buf schema = {0};
        struct grammar *g;
        struct grammar_masks *masks;
        struct matcher *m;
        struct err err;
        buf_printf(&schema, "{\"type\":\"integer\",\"minimum\":%lld,\"exclusiveMaximum\":%lld}",
                   (long long)bounds[i][0], (long long)bounds[i][1] + 1);
        assert_ok(grammar_from_schema(buf_str(&schema), &g, &err), err);
        assert_ok(grammar_masks_open(g, trie, 0, &masks, &err), err);
        assert_ok(matcher_open(masks, &m, &err), err);
        for (int64_t v = -1300; v <= 1300; v++) {
            buf_reset(&schema);
            buf_add_i64(&schema, v);
            if (matches(m, schema.p) != (v >= bounds[i][0] && v <= bounds[i][1]))
                fail_msg("%lld with bounds %lld, %lld", (long long)v, (long long)bounds[i][0],
                         (long long)bounds[i][1]);
        }
        buf_free(&schema);
        matcher_close(&m);
        grammar_masks_close(&masks);
        grammar_close(&g);
    }
    check("{'type':'integer','minimum':2.5,'maximum':4.5}", LIST("3", "4"), LIST("2", "5"));
}

static void numbers_stay_between_their_bounds(void **state)
{
    (void)state;
    check("{'type':'number'}", LIST("0", "-0.5", "1e10", "12.25E-3"), LIST(".5", "1.", "00", "1e"));
    check("{'type':'number','minimum':0,'maximum':1}", LIST("0", "0.5", "1", "1.0", "0.000"),
          LIST("1.5", "-0.1", "2", "1.01", "1e1"));
    check("{'type':'number','exclusiveMinimum':-2,'exclusiveMaximum':0}",
          LIST("-1", "-1.99", "-0.5", "-1.0"), LIST("0", "-2", "-2.0", "0.5", "-0.0", "-0"));
    check("{'type':'number','minimum':10}", LIST("10", "10.5", "123.456"), LIST("9.99", "-10"));
}

static void numbers_are_the_same_value_however_they_are_written(void **state)
{
    (void)state;
    check("{'allOf':[{'enum':[2,3]},{'enum':[2.0,3]}]}", LIST("2", "3"), LIST("1"));
}

static void values_are_listed_or_chosen(void **state)
{
    (void)state;
    check("{'enum':['a',1,null,{'b':[true]}]}", LIST("'a'", "1", "null", "{'b': [true]}"),
          LIST("a", "2", "'b'"));
    check("{'type':'string','enum':['a',1]}", LIST("'a'"), LIST("1"));
    check("{'anyOf':[{'type':'boolean'},{'const':'x'}]}", LIST("true", "false", "'x'"),
          LIST("'y'"));
    check("{'type':['null','integer']}", LIST("null", "3"), LIST("'3'"));
    check("{'oneOf':[{'type':'string'},{'type':'integer'}]}", LIST("'a'", "1"), LIST("null"));
    check("{'type':'object','properties':{'a':{'type':'integer'}},'anyOf':[{'required':['a']},"
          "{'properties':{'b':{'const':1}},'required':['b']}]}",
          LIST("{'a':1}", "{'b':1}", "{'a':1,'b':1}"), LIST("{}", "{'a':'x'}"));
    check("{'allOf':[{'type':'integer','minimum':3},{'maximum':5},{'type':'number','maximum':9}]}",
          LIST("3", "5"), LIST("2", "6", "3.5"));
    check("true", LIST("1", "[{}]"), LIST("", "x"));
}

static void references_lead_to_other_places_and_to_themselves(void **state)
{
    (void)state;
    check("{'$defs':{'n':{'type':'object','properties':{'v':{'type':'integer'},'next':{'anyOf':"
          "[{'$ref':'#/$defs/n'},{'type':'null'}]}},'required':['v','next']}},'$ref':'#/$defs/n'}",
          LIST("{'v':1,'next':null}", "{'v':1,'next':{'v':2,'next':null}}"),
          LIST("{'v':1}", "null"));
    check("{'type':'array','items':{'$ref':'#'}}", LIST("[]", "[[],[[]]]"), LIST("[1]"));
    check("{'definitions':{'a/b':[0,{'const':7}]},'$ref':'#/definitions/a~1b/1'}", LIST("7"),
          LIST("0"));
}

static void check_error(const char *schema, enum err_code code, const char *words)
{
    struct grammar *g;
    struct err err;
    char *text = quoted(schema);
    clock_t start = clock();
    assert_int_equal(grammar_from_schema(str_of(text), &g, &err), code);
    if (!strstr(err.text, words))
        fail_msg("%s says '%s', expected '%s'", text, err.text, words);
    assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
    free(text);
}

static void errors_name_the_place_as_a_pointer(void **state)
{
    (void)state;
    check_error("", ERR_INPUT, "schema: ");
    check_error("{'type':", ERR_INPUT, "schema: byte 8");
    check_error("3", ERR_INPUT, "#: expected a schema");
    check_error("{'properties':{'a':{'not':{}}}}", ERR_UNSUPPORTED,
                "#/properties/a/not: this keyword is not supported");
    check_error("{'properties':{'a/b~':{'type':'int'}}}", ERR_INPUT,
                "#/properties/a~1b~0/type: expected string, number");
    check_error("{'items':{'format':'color'}}", ERR_UNSUPPORTED, "#/items/format: known are date");
    check_error("{'pattern':'a(?=b)'}", ERR_UNSUPPORTED, "#/pattern: character 4 of the pattern");
    check_error("{'pattern':'a(b'}", ERR_INPUT, "#/pattern: character 4 of the pattern: ')'");
    check_error("{'pattern':'*'}", ERR_INPUT, "nothing to repeat");
    check_error("{'$ref':'http://x'}", ERR_UNSUPPORTED, "#/$ref: only places of this schema");
    check_error("{'$ref':'#/$defs/x'}", ERR_INPUT, "#/$ref: there is no such place");
    check_error("{'$ref':'#'}", ERR_INPUT, "contains itself");
    check_error("{'$defs':{'a':{'anyOf':[{'$ref':'#/$defs/a'},{'type':'null'}]}},'$ref':"
                "'#/$defs/a'}",
                ERR_INPUT, "'#/$defs/a' contains itself");
    check_error("{'$defs':{'a':{'properties':{'x':{'uniqueItems':true}}}},'items':{'$ref':"
                "'#/$defs/a'}}",
                ERR_UNSUPPORTED, "#/$defs/a/properties/x/uniqueItems: this keyword");
    check_error("{'type':'integer','minimum':3,'maximum':2}", ERR_INPUT, "#: there is no number");
    check_error("{'type':'number','minimum':0.5}", ERR_UNSUPPORTED, "must be whole numbers");
    check_error("{'minLength':3,'maxLength':2}", ERR_INPUT, "#/minLength: more than maxLength");
    check_error("{'minItems':-1}", ERR_INPUT, "#/minItems: expected a count");
    check_error("{'required':['a'],'additionalProperties':false}", ERR_INPUT, "#/required: a name");
    check_error("{'oneOf':[{'type':'integer'},{'minimum':3,'type':'integer'}]}", ERR_UNSUPPORTED,
                "#/oneOf: the alternatives must differ");
    check_error("{'allOf':[{'type':'string'},{'type':'integer'}]}", ERR_UNSUPPORTED,
                "#/allOf/type: schemas that must hold together");
    check_error("{'anyOf':[]}", ERR_INPUT, "#/anyOf: expected a list of schemas");
    check_error("{'anyOf':[false]}", ERR_INPUT, "#/anyOf/0: 'false' allows no value");
    check_error("{'type':'object','properties':{'a':{'$ref':'#'}},'required':['a'],"
                "'additionalProperties':false}",
                ERR_INPUT, "no text can ever match");
}

static void hostile_schemas_fail_soon(void **state)
{
    (void)state;
    check_error("{'maxLength':60000}", ERR_LIMIT, "too large");
    check_error("{'minItems':1000000}", ERR_LIMIT, "#/minItems: more than 65536");
    check_error("{'pattern':'((a{1000}){1000}){1000}'}", ERR_LIMIT, "too large");
    check_error("{'pattern':'^(a|b)*a(a|b){40}$'}", ERR_LIMIT, "too large");
    check_error("{'type':'array','items':{'minLength':1000,'maxLength':9000}}", ERR_LIMIT,
                "too large");
    struct buf schema = {0};
    for (int i = 0; i < 40; i++)
        buf_add_z(&schema, "{'items':");
    check_error(schema.p, ERR_INPUT, "schema: byte");
    buf_reset(&schema); // each definition twice the one before
    buf_add_z(&schema, "{'$ref':'#/$defs/d0','$defs':{");
    for (int i = 0; i < 25; i++)
        buf_printf(&schema,
                   "'d%d':{'prefixItems':[{'$ref':'#/$defs/d%d'},{'$ref':'#/$defs/d%d'}]},", i,
                   i + 1, i + 1);
    buf_add_z(&schema, "'d25':{'type':'null'}}}");
    struct grammar *g;
    struct err err;
    char *text = quoted(schema.p);
    assert_ok(grammar_from_schema(str_of(text), &g, &err), err);
    assert_true(grammar_states(g) < 5000);
    grammar_close(&g);
    free(text);
    buf_reset(&schema);
    buf_add_z(&schema, "{'properties':{");
    for (int i = 0; i < 300; i++)
        buf_printf(&schema, "'property number %d':{},", i);
    buf_add_z(&schema, "'z':{}},'additionalProperties':true}");
    text = quoted(schema.p);
    clock_t start = clock();
    assert_ok(grammar_from_schema(str_of(text), &g, &err), err);
    assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
    grammar_close(&g);
    free(text);
    buf_free(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_have_their_members_in_order),
        cmocka_unit_test(other_members_never_take_a_name_that_is_taken),
        cmocka_unit_test(arrays_have_as_many_items_as_allowed),
        cmocka_unit_test(strings_have_lengths_in_characters),
        cmocka_unit_test(patterns_are_regular_expressions_of_what_the_string_means),
        cmocka_unit_test(formats_take_valid_values_only),
        cmocka_unit_test(integers_stay_between_their_bounds),
        cmocka_unit_test(numbers_stay_between_their_bounds),
        cmocka_unit_test(numbers_are_the_same_value_however_they_are_written),
        cmocka_unit_test(values_are_listed_or_chosen),
        cmocka_unit_test(references_lead_to_other_places_and_to_themselves),
        cmocka_unit_test(errors_name_the_place_as_a_pointer),
        cmocka_unit_test(hostile_schemas_fail_soon),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
