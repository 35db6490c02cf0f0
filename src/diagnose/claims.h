// The claims of an answer (numbers with units, identifiers, times), checked against the evidence.
//
// A number is supported when the evidence has the same value: rounding is a claim of its own. With
// a unit, the value must be there in that unit or convert to it; a time with a unit ("12:33 V")
// must stand there with it. An identifier (V_IN, P-101, heatCurrent) or a time must stand in the
// evidence, and what is said of a fact must be true of it (bound.h). Words are not checked.
#ifndef FETTLE_DIAGNOSE_CLAIMS_H
#define FETTLE_DIAGNOSE_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "diagnose/facts.h"

enum claim_kind { CLAIM_NUMBER, CLAIM_IDENTIFIER, CLAIM_TIME };

struct claim {
    enum claim_kind kind;
    struct str text; // in the answer
    double value;    // of a number
    struct str unit; // of a number, as written; of a range's first number, the range's unit
    bool supported;  // set by claims_check
};

enum { CLAIMS_MAX = 64 };

// The claims of `text` in order, at most `cap`; returns how many there are (which may be more).
size_t claims_read(struct str text, struct claim *out, size_t cap);

// Reads the claims of `answer` into `out`, room for CLAIMS_MAX, and checks each against `facts`
// (may be NULL) and the texts it was made from. `*count` gets how many claims were read. Returns
// how many are not supported; claims beyond CLAIMS_MAX are not supported.
size_t claims_check(struct str answer, const struct facts *facts, const struct str *texts,
                    size_t text_count, struct claim out[CLAIMS_MAX], size_t *count);

#endif
