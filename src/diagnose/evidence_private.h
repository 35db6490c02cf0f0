// What the files of the evidence's grammar share.
#ifndef FETTLE_DIAGNOSE_EVIDENCE_PRIVATE_H
#define FETTLE_DIAGNOSE_EVIDENCE_PRIVATE_H

#include "base/buf.h"
#include "base/str.h"
#include "diagnose/facts.h"

// Appends ` | "TEXT"`, escaped.
void evidence_literal(struct str text, struct buf *to);

// Append the rules "word", "onward" (behind a number: any word but "at") and "further" (behind what
// was said of a key), which `capitals` is part of. With
// `stated`, "above", "below" and "within" are none: on which side of its limit a fact lies is said
// by its statement only.
void evidence_words_any(bool stated, struct buf *to);
void evidence_words_taught(const struct str *texts, size_t count, bool stated, struct buf *to);

extern const char evidence_answer_words[]; // separated by blanks

// Append alternatives: "of V_IN" (a key stands elsewhere only with its value) and, with `values`,
// the words that are values; what may be said of those whose value has a unit or is a word; what
// may be said of numbers without a unit.
void evidence_fact_names(const struct facts *f, bool values, struct buf *to);
void evidence_fact_statements(const struct facts *f, struct buf *to);
void evidence_fact_counts(const struct facts *f, struct buf *to);
void evidence_fact_values(const struct facts *f, struct buf *to); // "8.4 V at V_IN"

// The rules that these need.
extern const char evidence_fact_rules[];

#endif
