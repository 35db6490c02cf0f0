// Command-line options from tables, and the table of commands itself.
#include "test.h"

#include <string.h>

#include "cli/command.h"

static struct {
    bool flag;
    const char *text;
    int64_t whole;
    double real;
    struct option_list list;
} got;

static const struct option table[] = {{"flag", NULL, "A flag", OPTION_FLAG, &got.flag},
                                      {"text|t", "TEXT", "A text", OPTION_TEXT, &got.text},
                                      {"whole", "N", "A number", OPTION_INT, &got.whole},
                                      {"real", "X", "A number", OPTION_REAL, &got.real},
                                      {"item", "ITEM", "One of many", OPTION_LIST, &got.list},
                                      OPTIONS_END};

static enum err_code parse(int argc, const char **argv, struct option_list *operands,
                           struct err *err)
{
    memset(&got, 0, sizeof got);
    memset(operands, 0, sizeof *operands);
    return options_parse(table, argc, (char *const *)argv, operands, err);
}

static void options_and_operands_are_told_apart(void **state)
{
    (void)state;
    struct option_list operands;
    struct err err;
    const char *argv[] = {"one",  "--flag", "--text=a=b", "--whole",  "7",  "-",     "--real",
                          "-2.5", "--item", "x",          "--item=y", "--", "--flag"};
    assert_ok(parse(13, argv, &operands, &err), err);
    assert_true(got.flag);
    assert_string_equal(got.text, "a=b");
    assert_int_equal(got.whole, 7);
    assert_true(got.real == -2.5);
    assert_int_equal(got.list.count, 2);
    assert_string_equal(got.list.items[1], "y");
    assert_int_equal(operands.count, 3);
    assert_string_equal(operands.items[1], "-");
    assert_string_equal(operands.items[2], "--flag");
}

static void a_letter_stands_for_its_option(void **state)
{
    (void)state;
    struct option_list operands;
    struct err err;
    const char *argv[] = {"-t", "a", "--flag"};
    assert_ok(parse(3, argv, &operands, &err), err);
    assert_string_equal(got.text, "a");
    assert_true(got.flag);
    assert_int_equal(parse(1, argv, &operands, &err), ERR_USAGE);
    assert_non_null(strstr(err.text, "-t needs a value"));
    struct buf help = {0};
    options_help(table, &help);
    assert_non_null(strstr(help.p, "-t, --text TEXT"));
    buf_free(&help);
}

static void wrong_options_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *argv[2];
        const char *named;
    } cases[] = {{{"--whol", "7"}, "did you mean --whole"},
                 {{"--whole", "-7"}, "--whole -7"},
                 {{"--whole", "seven"}, "--whole seven"},
                 {{"--real", "x"}, "--real x"},
                 {{"x", "--text"}, "--text needs a value"},
                 {{"--flag=yes", "x"}, "--flag takes no value"},
                 {{"-f", "x"}, "-f"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct option_list operands;
        struct err err = {0};
        assert_int_equal(parse(2, (const char **)cases[i].argv, &operands, &err), ERR_USAGE);
        if (!strstr(err.text, cases[i].named))
            fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].named);
    }
}

static void every_command_can_explain_itself(void **state)
{
    (void)state;
    for (const struct command *const *c = commands; *c; c++) {
        struct buf out = {0};
        command_help(*c, &out);
        assert_non_null(strstr(out.p, (*c)->name));
        assert_non_null(strstr(out.p, "Examples:"));
        assert_ptr_equal(command_find((*c)->name), *c);
        buf_free(&out);
    }
    assert_null(command_find("no such command"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_operands_are_told_apart),
        cmocka_unit_test(a_letter_stands_for_its_option),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(every_command_can_explain_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
