// Adapters as they are written in settings and options.
#include "test.h"

#include <string.h>

#include "llm/adapter_choice.h"

static void reads(const char *text, bool named, const char *name, const char *path, float scale)
{
    struct adapter_choice c;
    struct err err;
    assert_ok(adapter_choice_read(str_of(text), named, &c, &err), err);
    assert_string_equal(c.name, name);
    assert_string_equal(c.path, path);
    assert_float_equal(c.scale, scale, 1e-6);
}

static void a_scale_follows_the_last_colon(void **state)
{
    (void)state;
    reads("a.gguf", false, "", "a.gguf", 1);
    reads("a.gguf:0.5", false, "", "a.gguf", 0.5f);
    reads(" /x/a=b.gguf:-2 ", false, "", "/x/a=b.gguf", -2);
    reads("C:model.gguf", false, "", "C:model.gguf", 1); // no number: part of the name
    reads("pump=/x/a.gguf", true, "pump", "/x/a.gguf", 1);
    reads("pump-2.b_c=/x/a.gguf:1e-1", true, "pump-2.b_c", "/x/a.gguf", 0.1f);
}

static void what_is_wrong_is_refused_with_the_form(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "a.gguf", "=a.gguf", "pump=", "p p=a", "p:q=a", "pump=:2"};
    struct adapter_choice c;
    struct err err;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(adapter_choice_read(str_of(wrong[i]), true, &c, &err), ERR_USAGE);
        assert_non_null(strstr(err.text, "NAME=FILE"));
    }
    assert_int_equal(adapter_choice_read(str_of(":2"), false, &c, &err), ERR_USAGE);
    char longest[ADAPTER_PATH_BYTES + 1];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(adapter_choice_read(str_of(longest), false, &c, &err), ERR_USAGE);
}

static void a_list_is_separated_by_commas_and_names_are_unique(void **state)
{
    (void)state;
    struct adapter_choice c[2];
    struct err err;
    size_t count;
    assert_ok(adapter_choices_read(str_of(""), c, 2, &count, &err), err);
    assert_int_equal(count, 0);
    assert_ok(adapter_choices_read(str_of("a=x:2, b=y"), c, 2, &count, &err), err);
    assert_int_equal(count, 2);
    assert_string_equal(c[1].name, "b");
    assert_string_equal(c[1].path, "y");
    assert_int_equal(adapter_choices_read(str_of("a=x,a=y"), c, 2, &count, &err), ERR_USAGE);
    assert_non_null(strstr(err.text, "twice"));
    assert_int_equal(adapter_choices_read(str_of("a=x,b=y,c=z"), c, 2, &count, &err), ERR_USAGE);
    assert_int_equal(adapter_choices_read(str_of("a=x,,b=y"), c, 2, &count, &err), ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scale_follows_the_last_colon),
        cmocka_unit_test(what_is_wrong_is_refused_with_the_form),
        cmocka_unit_test(a_list_is_separated_by_commas_and_names_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
