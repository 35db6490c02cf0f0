// Scoring of support: right answers pass, and each kind of mistake is caught.
#include "eval/support.h"

#include "judged.h"

static const char documents[] = "[1] Rate limits\nOn 429 wait as long as Retry-After says.\n"
                                "[2] Probes\nThe probe asks port 8080.\n";
static const char answered[] =
    "{\"state\":\"answered\",\"cite\":\"[1]\",\"terms\":[\"retry-after\",\"wait|back off\"]}";
static const char unknown[] = "{\"state\":\"unknown\"}";
static const char asks[] = "{\"state\":\"asks\",\"missing\":[\"region\",\"error\"]}";

static const char *failed(const char *truth, const char *input, const char *answer)
{
    return judged(&score_support, "Why does it answer 429?", truth, input, answer);
}

static void right_answers_fail_nothing(void **state)
{
    (void)state;
    assert_string_equal(
        failed(answered, documents, "Wait as Retry-After says: \"On 429 wait\" [1]"), "");
    assert_string_equal(
        failed(unknown, documents, "The documents do not say that: they are about Probes [2]."),
        "");
    assert_string_equal(failed(asks, "", "Which region is it, and what is the error?"), "");
}

static void each_mistake_is_caught(void **state)
{
    (void)state;
    assert_string_equal(failed(answered, documents, "Wait a little. [1]"), "terms");
    assert_string_equal(failed(answered, documents, "Wait as Retry-After says."), "cites");
    assert_string_equal(failed(answered, documents, "Wait as Retry-After says. [2]"), "cites");
    assert_string_equal(failed(answered, documents, "Wait as Retry-After says. [1] [2]"), "cites");
    assert_string_equal(failed(answered, documents, "Wait 30 s as Retry-After says. [1]"),
                        "supported");
    assert_string_equal(failed(unknown, documents, "Wait as Retry-After says."), "unknown");
    assert_string_equal(failed(asks, "", "Which region is it?"), "asks");
    assert_string_equal(failed(asks, "", "It is the region, and an error."), "asks");
}

static void a_truth_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const truths[] = {"{\"state\":\"odd\"}", "{\"state\":\"answered\"}", "{}"};
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++) {
        struct arena *arena = arena_open(0);
        struct json_node *root;
        struct err err;
        assert_ok(json_read(arena, str_of(truths[i]), "truth", &root, &err), err);
        assert_int_equal(score_support.check(root, &err), ERR_INPUT);
        arena_close(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_answers_fail_nothing),
        cmocka_unit_test(each_mistake_is_caught),
        cmocka_unit_test(a_truth_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
