// What the files of the evidence's grammar share.
#ifndef FETTLE_DIAGNOSE_EVIDENCE_PRIVATE_H
#define FETTLE_DIAGNOSE_EVIDENCE_PRIVATE_H

#include "base/buf.h"
#include "base/str.h"
#include "diagnose/facts.h"

// Appends ` | "TEXT"`, escaped.
void evidence_literal(struct str text, struct buf *to);

// Append alternatives: "of V_IN" (a key stands elsewhere only with its value) and the words that
// are values; what may be said of those whose value has a unit or is a word; what may be said of
// numbers without a unit.
void evidence_fact_names(const struct facts *f, struct buf *to);
void evidence_fact_statements(const struct facts *f, struct buf *to);
void evidence_fact_counts(const struct facts *f, struct buf *to);
void evidence_fact_values(const struct facts *f, struct buf *to); // "8.4 V at V_IN"

// The rules that these need.
extern const char evidence_fact_rules[];

#endif
