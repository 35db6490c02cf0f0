// Scores answers to diagnostics by exact rules, with nobody's judgement in them.
//
// A case is a line of JSON as `fettle generate diagnostics` writes it; what its truth has is
// scored:
//     cause      of cases with a fault: names its causes (diagnose/causes.h) and no other
//     evidence   of the same: cites the deciding values, and each limit that they break
//     asks       of incomplete cases: asks, and for what is missing
//     no_asking  of complete cases: does not ask
//     normal     of normal cases: says that nothing is wrong, names no cause
//     supported  of all: every number, identifier and time is in the case or in what is known
//     right      of all: everything above that applies
#ifndef FETTLE_EVAL_DIAGNOSES_H
#define FETTLE_EVAL_DIAGNOSES_H

#include "eval/scores.h"

#define DIAGNOSES_METRICS(X)                                                                       \
    X(CAUSE, cause)                                                                                \
    X(EVIDENCE, evidence)                                                                          \
    X(ASKS, asks)                                                                                  \
    X(NO_ASKING, no_asking)                                                                        \
    X(NORMAL, normal)                                                                              \
    X(SUPPORTED, supported)                                                                        \
    X(RIGHT, right)

enum diagnoses_metric {
#define X(NAME, name) DIAGNOSES_##NAME,
    DIAGNOSES_METRICS(X)
#undef X
        DIAGNOSES_METRIC_COUNT
};

// Scores one answer: the set of metrics that apply, and the set of those that it failed; both
// without `right`.
void diagnoses_judge(struct str instruction, struct str input, const struct json_node *truth,
                     struct str answer, unsigned *applied, unsigned *failed);

extern const struct score_suite score_diagnostics;

#endif
