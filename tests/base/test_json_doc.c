// JSON texts read into trees.
#include "test.h"

#include <math.h>

#include "base/buf.h"

#include "base/json_doc.h"

static struct json_node *read_text(struct arena *arena, const char *text, struct err *err)
{
    struct json_node *root = NULL;
    return json_read(arena, str_of(text), "text", &root, err) == ERR_OK ? root : NULL;
}

static void values_are_found_by_key(void **state)
{
    (void)state;
    struct arena *arena = arena_open(0);
    struct err err;
    struct json_node *root = read_text(
        arena, "{\"a\":1.5,\"b\":\"x\\u00e9\\n\",\"c\":[1,2,{\"d\":true}],\"n\":null}", &err);
    assert_non_null(root);
    assert_true(json_get_number(root, "a") == 1.5);
    assert_string_equal(json_get_text(root, "b"), "x\xC3\xA9\n");
    assert_int_equal(json_get(root, "c")->count, 3);
    assert_true(json_get_bool(json_get(root, "c")->first->next->next, "d"));
    assert_int_equal(json_get(root, "n")->type, JSON_NULL);
    assert_true(isnan(json_get_number(root, "zzz")));
    assert_string_equal(json_get_text(json_get(root, "zzz"), "y"), "");
    arena_close(&arena);
}

static void wrong_texts_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "{", "[1,]", "{\"a\":1,\"a\":2}", "1 2", "{a:1}", "[\"\x01\"]", "nul", "[1}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arena *arena = arena_open(0);
        struct err err = {0};
        assert_null(read_text(arena, texts[i], &err));
        assert_int_equal(err.code, ERR_INPUT);
        arena_close(&arena);
    }
}

static void whole_numbers_keep_all_their_digits(void **state)
{
    (void)state;
    struct arena *arena = arena_open(0);
    struct err err;
    struct json_node *root = read_text(arena, "{\"id\":9007199254740993}", &err);
    assert_true(json_get_int(root, "id") == INT64_C(9007199254740993));
    arena_close(&arena);
}

static void the_arena_bounds_a_document(void **state)
{
    (void)state;
    struct arena *arena = arena_open(20000);
    struct buf text = {0};
    struct err err;
    struct json_node *root;
    buf_add_z(&text, "[0");
    for (int i = 0; i < 10000; i++)
        buf_add_z(&text, ",0");
    buf_add_z(&text, "]");
    assert_int_equal(json_read(arena, buf_str(&text), "text", &root, &err), ERR_LIMIT);
    buf_free(&text);
    arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found_by_key),
        cmocka_unit_test(wrong_texts_are_refused),
        cmocka_unit_test(whole_numbers_keep_all_their_digits),
        cmocka_unit_test(the_arena_bounds_a_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
