// The factory's diagnostics: repeatable, read back rightly, split without overlap.
#include "base/arena.h"
#include "base/json_doc.h"
#include "diagnose/causes.h"
#include "examples.h"
#include "factory/plant_words.h"

static void the_same_seed_gives_the_same_bytes_and_another_seed_others(void **state)
{
    (void)state;
    assert_seed_decides("diagnostics");
}

static void splits_share_nothing_and_nearly_every_log_is_read_back(void **state)
{
    (void)state;
    struct factory_stats s;
    assert_splits_share_nothing("diagnostics", 6000, &s);
    assert_true(s.splits[FACTORY_TRAIN].counts.misread * 50 < 6000);
    assert_true(s.splits[FACTORY_TRAIN].families >= 24);
    assert_true(s.splits[FACTORY_TRAIN].dialects >= 12);
    assert_true(s.splits[FACTORY_EVAL].families >= 6);
}

static void names_its_causes_and_asks_for_what_is_missing(void *arg,
                                                          const struct factory_example *e)
{
    struct arena *arena = arg;
    struct json_node *truth;
    struct err err;
    uint64_t expected = 0;
    arena_reset(arena);
    assert_ok(json_read(arena, buf_str(&e->truth), "truth", &truth, &err), err);
    struct str answer = buf_str(&e->output);
    const char *kind = json_get_text(truth, "state");
    for (const struct json_node *c = json_get(truth, "causes")->first; c; c = c->next) {
        const struct cause *cause = cause_find(c->text);
        assert_non_null(cause);
        expected |= (uint64_t)1 << (cause - causes);
    }
    if (causes_named(answer) != expected)
        fail_msg("causes %llx, expected %llx: %s", (unsigned long long)causes_named(answer),
                 (unsigned long long)expected, e->output.p);
    if ((strcmp(kind, "incomplete") == 0) != answer_asks(answer) ||
        (strcmp(kind, "normal") == 0) != answer_says_normal(answer))
        fail_msg("%s: %s", kind, e->output.p);
}

static void answers_name_the_causes_of_their_truth(void **state)
{
    (void)state;
    struct arena *arena = arena_open(0);
    assert_non_null(arena);
    each_example("diagnostics", 9, FACTORY_TRAIN, 3000,
                 names_its_causes_and_asks_for_what_is_missing, arena);
    arena_close(&arena);
}

static void begins_with_a_letter(void *arg, const struct factory_example *e)
{
    (void)arg;
    if (e->output.p[0] < 'A' || e->output.p[0] > 'z' || strstr(e->output.p, "  "))
        fail_msg("'%s'", e->output.p);
}

static void answers_are_whole_sentences(void **state)
{
    (void)state;
    for (int split = FACTORY_TRAIN; split <= FACTORY_EVAL; split += FACTORY_EVAL)
        each_example("diagnostics", 4, (enum factory_split)split, 2000, begins_with_a_letter, NULL);
}

static void every_fault_has_a_cause_and_a_family_in_both_halves(void **state)
{
    (void)state;
    assert_true(fault_count >= 30);
    for (size_t i = 0; i < fault_count; i++) {
        struct evidence e[EVIDENCE_MAX];
        size_t open = 0;
        assert_non_null(cause_find(str_of(faults[i].cause)));
        assert_true(evidence_read(faults[i].evidence, e) > 0);
        assert_non_null(quantity_find(faults[i].ask, strlen(faults[i].ask)));
        for (size_t k = 0; k < family_count; k++)
            open += !families[k].held_out && fault_fits(&faults[i], &families[k]);
        if (open == 0)
            fail_msg("no family to learn %s from", faults[i].cause);
    }
}

static void no_two_faults_leave_the_same_evidence(void **state)
{
    (void)state;
    for (size_t i = 0; i < fault_count; i++)
        for (size_t k = i + 1; k < fault_count; k++)
            assert_string_not_equal(faults[i].evidence, faults[k].evidence);
}

static void an_unknown_task_is_refused(void **state)
{
    (void)state;
    struct factory *f;
    struct err err;
    struct factory_options o = {.task = "poems"};
    assert_int_equal(factory_open(&f, &o, &err), ERR_USAGE);
    assert_null(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_bytes_and_another_seed_others),
        cmocka_unit_test(splits_share_nothing_and_nearly_every_log_is_read_back),
        cmocka_unit_test(answers_name_the_causes_of_their_truth),
        cmocka_unit_test(answers_are_whole_sentences),
        cmocka_unit_test(every_fault_has_a_cause_and_a_family_in_both_halves),
        cmocka_unit_test(no_two_faults_leave_the_same_evidence),
        cmocka_unit_test(an_unknown_task_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
