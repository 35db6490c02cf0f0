// The factory's diagnostics: repeatable, read back rightly, split without overlap.
#include <stdlib.h>

#include "base/arena.h"
#include "base/json_doc.h"
#include "diagnose/causes.h"
#include "diagnose/facts.h"
#include "factory/factory.h"
#include "factory/plant_words.h"
#include "factory/stats.h"
#include "test.h"

static void add_examples(uint64_t seed, enum factory_split split, int count, struct buf *to)
{
    struct factory *f;
    struct factory_example e = {0};
    struct factory_options o = {.task = "diagnostics", .seed = seed, .split = split};
    struct err err;
    assert_ok(factory_open(&f, &o, &err), err);
    for (int i = 0; i < count; i++) {
        assert_ok(factory_next(f, &e, &err), err);
        factory_write(&e, to);
    }
    factory_close(&f);
    factory_example_free(&e);
}

static void the_same_seed_gives_the_same_bytes_and_another_seed_others(void **state)
{
    (void)state;
    struct buf a = {0}, b = {0}, c = {0};
    add_examples(5, FACTORY_TRAIN, 300, &a);
    add_examples(5, FACTORY_TRAIN, 300, &b);
    add_examples(6, FACTORY_TRAIN, 300, &c);
    assert_true(str_eq(buf_str(&a), buf_str(&b)));
    assert_false(str_eq(buf_str(&a), buf_str(&c)));
    buf_free(&a);
    buf_free(&b);
    buf_free(&c);
}

static void splits_share_nothing_and_nearly_every_log_is_read_back(void **state)
{
    (void)state;
    struct factory_options o = {.task = "diagnostics", .seed = 3};
    struct factory_stats s;
    struct err err;
    assert_ok(factory_stats(&o, 6000, NULL, &s, &err), err);
    assert_int_equal(s.shared_families, 0);
    assert_int_equal(s.shared_dialects, 0);
    assert_int_equal(s.shared_phrasings, 0);
    assert_int_equal(s.shared_questions, 0);
    assert_int_equal(s.shared_inputs, 0);
    assert_int_equal(s.shared_train_valid, 0);
    assert_true(s.splits[FACTORY_TRAIN].counts.misread * 50 < 6000);
    assert_true(s.splits[FACTORY_TRAIN].families >= 24);
    assert_true(s.splits[FACTORY_TRAIN].dialects >= 12);
    assert_true(s.splits[FACTORY_EVAL].families >= 6);
}

// What an answer quotes was in its input, and it names the causes of its truth and no others.
static void answers_name_the_causes_of_their_truth(void **state)
{
    (void)state;
    struct buf lines = {0};
    struct err err;
    add_examples(9, FACTORY_TRAIN, 3000, &lines);
    struct arena *arena = arena_open(0);
    assert_non_null(arena);
    for (struct str rest = buf_str(&lines); rest.n;) {
        struct str line = str_cut(&rest, '\n');
        struct json_node *root;
        arena_reset(arena);
        assert_ok(json_read(arena, line, "example", &root, &err), err);
        const struct json_node *truth = json_get(root, "truth");
        struct str output = str_of(json_get_text(root, "output"));
        const char *kind = json_get_text(truth, "state");
        uint64_t expected = 0;
        for (const struct json_node *c = json_get(truth, "causes")->first; c; c = c->next) {
            const struct cause *cause = cause_find(c->text);
            assert_non_null(cause);
            expected |= (uint64_t)1 << (cause - causes);
        }
        if (causes_named(output) != expected)
            fail_msg("causes %llx, expected %llx: %s", (unsigned long long)causes_named(output),
                     (unsigned long long)expected, line.p);
        if (strcmp(kind, "incomplete") == 0 && !answer_asks(output))
            fail_msg("does not ask: %.*s", STR_ARG(output));
        if (strcmp(kind, "incomplete") != 0 && answer_asks(output))
            fail_msg("asks: %.*s", STR_ARG(output));
        if ((strcmp(kind, "normal") == 0) != answer_says_normal(output))
            fail_msg("%s: %.*s", kind, STR_ARG(output));
    }
    arena_close(&arena);
    buf_free(&lines);
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
        cmocka_unit_test(every_fault_has_a_cause_and_a_family_in_both_halves),
        cmocka_unit_test(no_two_faults_leave_the_same_evidence),
        cmocka_unit_test(an_unknown_task_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
