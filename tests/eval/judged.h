// One answer judged by a suite, told by the metrics it fails.
#ifndef FETTLE_TESTS_EVAL_JUDGED_H
#define FETTLE_TESTS_EVAL_JUDGED_H

#include "base/arena.h"
#include "eval/scores.h"
#include "test.h"

// The names of the metrics that the answer fails, blanks between. Valid until the next call.
static inline const char *judged(const struct score_suite *suite, const char *question,
                                 const char *truth, const char *input, const char *answer)
{
    static char names[160];
    struct arena *arena = arena_open(0);
    struct json_node *root;
    struct err err;
    unsigned applied = 0, bad = 0;
    names[0] = '\0';
    assert_ok(json_read(arena, str_of(truth), "truth", &root, &err), err);
    assert_ok(suite->check(root, &err), err);
    suite->judge(str_of(question), str_of(input), root, str_of(answer), &applied, &bad);
    for (size_t m = 0; m < suite->count; m++)
        if (bad >> m & 1) {
            strcat(names, names[0] ? " " : "");
            strcat(names, suite->metrics[m]);
        }
    arena_close(&arena);
    return names;
}

#endif
