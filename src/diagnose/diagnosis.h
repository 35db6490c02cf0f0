// What a diagnosis says, read from an answer: its kind, causes, confidence, evidence, advice.
#ifndef FETTLE_DIAGNOSE_DIAGNOSIS_H
#define FETTLE_DIAGNOSE_DIAGNOSIS_H

#include "diagnose/causes.h"
#include "diagnose/explain.h"

enum {
    DIAGNOSIS_CAUSES_MAX = 4,
    DIAGNOSIS_EVIDENCE_MAX = 16,
    DIAGNOSIS_CHECKS_MAX = 8,
};

enum diagnosis_kind {
    DIAGNOSIS_FAULT,   // names a cause
    DIAGNOSIS_NORMAL,  // says that nothing is wrong
    DIAGNOSIS_ASKS,    // needs something before it can tell
    DIAGNOSIS_UNNAMED, // names no cause of the table
};

struct diagnosis {
    enum diagnosis_kind kind;
    const struct cause *causes[DIAGNOSIS_CAUSES_MAX]; // in the order of the table
    size_t cause_count;
    // How likely the model is to say the same (kind and causes, in any words): the share of its
    // drawn answers that do, of n of them k as (k + 1/2) / (n + 1). NaN without draws, and for
    // DIAGNOSIS_UNNAMED.
    double confidence;
    // Facts whose key or whose value with its unit the answer has.
    const struct fact *evidence[DIAGNOSIS_EVIDENCE_MAX];
    size_t evidence_count;
    struct str checks[DIAGNOSIS_CHECKS_MAX]; // sentences that tell to do something
    size_t check_count;
};

// Points into the explanation and `facts`.
void diagnosis_read(const struct explained *e, const struct facts *facts, struct diagnosis *out);

const char *diagnosis_kind_name(enum diagnosis_kind kind); // "fault", "normal", "asks", "unnamed"

#endif
