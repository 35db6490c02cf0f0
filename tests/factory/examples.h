// Examples of a task for its tests, and what every task promises.
#ifndef FETTLE_TESTS_FACTORY_EXAMPLES_H
#define FETTLE_TESTS_FACTORY_EXAMPLES_H

#include "diagnose/claims.h"
#include "factory/factory.h"
#include "factory/stats.h"
#include "test.h"

static inline void each_example(const char *task, uint64_t seed, enum factory_split split,
                                int count,
                                void (*check)(void *arg, const struct factory_example *e),
                                void *arg)
{
    struct factory *f;
    struct factory_example e = {0};
    struct factory_options o = {.task = task, .seed = seed, .split = split};
    struct err err;
    assert_ok(factory_open(&f, &o, &err), err);
    for (int i = 0; i < count; i++) {
        assert_ok(factory_next(f, &e, &err), err);
        check(arg, &e);
    }
    factory_close(&f);
    factory_example_free(&e);
}

static inline void add_line(void *to, const struct factory_example *e)
{
    factory_write(e, to);
}

static inline void assert_seed_decides(const char *task)
{
    static const uint64_t seeds[] = {5, 5, 6};
    struct buf lines[3] = {0};
    for (int i = 0; i < 3; i++)
        each_example(task, seeds[i], FACTORY_TRAIN, 200, add_line, &lines[i]);
    assert_true(str_eq(buf_str(&lines[0]), buf_str(&lines[1])));
    assert_false(str_eq(buf_str(&lines[0]), buf_str(&lines[2])));
    for (int i = 0; i < 3; i++)
        buf_free(&lines[i]);
}

static inline void assert_splits_share_nothing(const char *task, uint64_t count,
                                               struct factory_stats *s)
{
    struct factory_options o = {.task = task, .seed = 3};
    struct err err;
    assert_ok(factory_stats(&o, count, NULL, s, &err), err);
    assert_int_equal(s->shared_families, 0);
    assert_int_equal(s->shared_dialects, 0);
    assert_int_equal(s->shared_phrasings, 0);
    assert_int_equal(s->shared_questions, 0);
    assert_int_equal(s->shared_inputs, 0);
    assert_int_equal(s->shared_train_valid, 0);
}

// Every number, identifier and time of the answer stands in the input or the question; returns how
// many there are.
static inline size_t assert_supported(const struct factory_example *e)
{
    struct claim claims[CLAIMS_MAX];
    const struct str texts[] = {buf_str(&e->input), buf_str(&e->instruction)};
    size_t count;
    claims_check(buf_str(&e->output), NULL, texts, 2, claims, &count);
    for (size_t k = 0; k < count; k++)
        if (!claims[k].supported)
            fail_msg("%.*s is in: %s\nnot in: %s", STR_ARG(claims[k].text), e->output.p,
                     e->input.p);
    return count;
}

#endif
