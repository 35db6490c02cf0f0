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

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json_doc.h"
#include "base/json_out.h"

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

enum { DIAGNOSES_FAILURES_MAX = 50, DIAGNOSES_TEXT_BYTES = 400 };

struct diagnoses_report {
    uint64_t cases;
    struct {
        uint64_t of, good;
    } metrics[DIAGNOSES_METRIC_COUNT];
    // The first answers that are not right.
    struct diagnoses_failure {
        uint64_t line;
        unsigned failed; // bit m: metric m
        char answer[DIAGNOSES_TEXT_BYTES];
    } failures[DIAGNOSES_FAILURES_MAX];
    size_t failure_count;
};

// `answers` is a file of JSON lines with `answer`, one for each case in order; NULL scores the
// cases' own `output`, which shows what the rules hold of the reference. ERR_INPUT names file and
// line. About 30 KiB: keep the report off small stacks.
enum err_code diagnoses_score(const char *cases, const char *answers, struct diagnoses_report *out,
                              struct err *err);

// The same with the answers' lines in memory.
enum err_code diagnoses_score_lines(const char *cases, struct str answers,
                                    struct diagnoses_report *out, struct err *err);

// Scores one answer: the set of metrics that apply, and the set of those that it failed.
void diagnoses_judge(struct str instruction, struct str input, const struct json_node *truth,
                     struct str answer, unsigned *applied, unsigned *failed);

void diagnoses_text(const struct diagnoses_report *r, struct buf *to);
void diagnoses_json(const struct diagnoses_report *r, struct json_out *to); // within an object

#endif
