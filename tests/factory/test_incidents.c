// The factory's incidents: repeatable, split without overlap, answers that say what their truth
// says and nothing that their input lacks.
#include "base/arena.h"
#include "base/json_doc.h"
#include "diagnose/causes.h"
#include "examples.h"
#include "factory/made_asset.h"

// Calls `check` with examples of training and of evaluation.
static void with_examples(void (*check)(void *arg, const struct factory_example *e))
{
    each_example("incidents", 9, FACTORY_TRAIN, 800, check, NULL);
    each_example("incidents", 9, FACTORY_EVAL, 800, check, NULL);
}

static void the_same_seed_gives_the_same_bytes_and_another_seed_others(void **state)
{
    (void)state;
    assert_seed_decides("incidents");
}

static void splits_share_nothing(void **state)
{
    (void)state;
    struct factory_stats s;
    assert_splits_share_nothing("incidents", 3000, &s);
    assert_true(s.splits[FACTORY_TRAIN].families >= 20);
    assert_true(s.splits[FACTORY_EVAL].families >= 6);
    assert_true(s.splits[FACTORY_TRAIN].counts.misread * 30 < 3000);
}

static int64_t count_bytes(void *arg, struct str text)
{
    (void)arg;
    return (int64_t)text.n;
}

static int64_t count_nothing(void *arg, struct str text)
{
    (void)arg, (void)text;
    return -1;
}

static void statistics_count_what_they_are_given_to_count(void **state)
{
    (void)state;
    struct factory_options o = {.task = "incidents", .seed = 3};
    struct factory_tokens bytes = {count_bytes, NULL}, nothing = {count_nothing, NULL};
    struct factory_stats s;
    struct err err;
    assert_ok(factory_stats(&o, 100, &bytes, &s, &err), err);
    assert_true(s.has_tokens);
    assert_int_equal(s.splits[FACTORY_TRAIN].words, s.splits[FACTORY_TRAIN].bytes);
    assert_int_equal(factory_stats(&o, 100, &nothing, &s, &err), ERR_NO_MEMORY);
}

static void says_nothing_that_the_input_lacks(void *arg, const struct factory_example *e)
{
    (void)arg;
    assert_supported(e);
}

static void answers_say_nothing_that_their_input_lacks(void **state)
{
    (void)state;
    with_examples(says_nothing_that_the_input_lacks);
}

static void names_its_causes(void *arg, const struct factory_example *e)
{
    (void)arg;
    struct arena *arena = arena_open(0);
    struct json_node *truth;
    struct err err;
    assert_non_null(arena);
    assert_ok(json_read(arena, buf_str(&e->truth), "truth", &truth, &err), err);
    struct str answer = buf_str(&e->output);
    bool normal = strcmp(json_get_text(truth, "state"), "normal") == 0;
    const struct json_node *named = json_get(truth, "causes")->first;
    const struct cause *cause = named ? cause_find(named->text) : NULL;
    uint64_t expected = cause ? (uint64_t)1 << (cause - causes) : 0;
    if (causes_named(answer) != expected)
        fail_msg("causes %llx, expected %llx: %s", (unsigned long long)causes_named(answer),
                 (unsigned long long)expected, e->output.p);
    if (answer_says_normal(answer) != normal || answer_asks(answer))
        fail_msg("%s: %s", json_get_text(truth, "state"), e->output.p);
    assert_true((cause == NULL) == normal);
    assert_true((strstr(e->input.p, "- event: ") == NULL) == normal);
    arena_close(&arena);
}

static void answers_name_the_causes_of_their_truth(void **state)
{
    (void)state;
    with_examples(names_its_causes);
}

// Healthy values stay within their limits: only events and what they moved lie outside.
static void normal_values_are_within_their_limits(void *arg, const struct factory_example *e)
{
    (void)arg;
    if (!strstr(e->input.p, "- event: ")) {
        assert_null(strstr(e->input.p, ", below "));
        assert_null(strstr(e->input.p, ", above "));
    }
}

static void an_asset_without_events_is_within_its_limits(void **state)
{
    (void)state;
    with_examples(normal_values_are_within_their_limits);
}

static void every_fault_has_a_cause_and_signs_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < asset_fault_count; i++) {
        assert_non_null(cause_find(str_of(asset_faults[i].cause)));
        for (size_t k = i + 1; k < asset_fault_count; k++)
            assert_string_not_equal(asset_faults[i].signs, asset_faults[k].signs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_bytes_and_another_seed_others),
        cmocka_unit_test(splits_share_nothing),
        cmocka_unit_test(statistics_count_what_they_are_given_to_count),
        cmocka_unit_test(answers_say_nothing_that_their_input_lacks),
        cmocka_unit_test(answers_name_the_causes_of_their_truth),
        cmocka_unit_test(an_asset_without_events_is_within_its_limits),
        cmocka_unit_test(every_fault_has_a_cause_and_signs_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
