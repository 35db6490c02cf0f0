// The factory's incidents: repeatable, split without overlap, answers that say what their truth
// says and nothing that their input lacks.
#include "base/arena.h"
#include "base/json_doc.h"
#include "diagnose/causes.h"
#include "diagnose/claims.h"
#include "factory/factory.h"
#include "factory/made_asset.h"
#include "factory/stats.h"
#include "test.h"

static void open_factory(struct factory **f, uint64_t seed, enum factory_split split)
{
    struct factory_options o = {.task = "incidents", .seed = seed, .split = split};
    struct err err;
    assert_ok(factory_open(f, &o, &err), err);
}

// Calls `check` with examples of training and of evaluation.
static void with_examples(int count, void (*check)(const struct factory_example *e))
{
    for (int split = FACTORY_TRAIN; split <= FACTORY_EVAL; split += FACTORY_EVAL) {
        struct factory *f;
        struct factory_example e = {0};
        struct err err;
        open_factory(&f, 9, (enum factory_split)split);
        for (int i = 0; i < count; i++) {
            assert_ok(factory_next(f, &e, &err), err);
            check(&e);
        }
        factory_close(&f);
        factory_example_free(&e);
    }
}

static void the_same_seed_gives_the_same_bytes_and_another_seed_others(void **state)
{
    (void)state;
    struct buf lines[3] = {0};
    for (int i = 0; i < 3; i++) {
        struct factory *f;
        struct factory_example e = {0};
        struct err err;
        open_factory(&f, i == 2 ? 6 : 5, FACTORY_TRAIN);
        for (int k = 0; k < 200; k++) {
            assert_ok(factory_next(f, &e, &err), err);
            factory_write(&e, &lines[i]);
        }
        factory_close(&f);
        factory_example_free(&e);
    }
    assert_true(str_eq(buf_str(&lines[0]), buf_str(&lines[1])));
    assert_false(str_eq(buf_str(&lines[0]), buf_str(&lines[2])));
    for (int i = 0; i < 3; i++)
        buf_free(&lines[i]);
}

static void splits_share_nothing(void **state)
{
    (void)state;
    struct factory_options o = {.task = "incidents", .seed = 3};
    struct factory_stats s;
    struct err err;
    assert_ok(factory_stats(&o, 3000, NULL, &s, &err), err);
    assert_int_equal(s.shared_families, 0);
    assert_int_equal(s.shared_dialects, 0);
    assert_int_equal(s.shared_phrasings, 0);
    assert_int_equal(s.shared_questions, 0);
    assert_int_equal(s.shared_inputs, 0);
    assert_int_equal(s.shared_train_valid, 0);
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

static void says_nothing_that_the_input_lacks(const struct factory_example *e)
{
    struct claim claims[CLAIMS_MAX];
    struct str texts[] = {buf_str(&e->input), buf_str(&e->instruction)};
    size_t count;
    claims_check(buf_str(&e->output), NULL, texts, 2, claims, &count);
    for (size_t k = 0; k < count; k++)
        if (!claims[k].supported)
            fail_msg("%.*s is in: %s\nnot in: %s", STR_ARG(claims[k].text), e->output.p,
                     e->input.p);
}

static void answers_say_nothing_that_their_input_lacks(void **state)
{
    (void)state;
    with_examples(800, says_nothing_that_the_input_lacks);
}

static void names_its_causes(const struct factory_example *e)
{
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
    with_examples(800, names_its_causes);
}

// Healthy values stay within their limits: only events and what they moved lie outside.
static void normal_values_are_within_their_limits(const struct factory_example *e)
{
    if (!strstr(e->input.p, "- event: ")) {
        assert_null(strstr(e->input.p, ", below "));
        assert_null(strstr(e->input.p, ", above "));
    }
}

static void an_asset_without_events_is_within_its_limits(void **state)
{
    (void)state;
    with_examples(800, normal_values_are_within_their_limits);
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
