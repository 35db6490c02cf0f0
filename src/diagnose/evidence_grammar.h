// A grammar (GBNF) for answers that say nothing the evidence lacks.
//
// Words are free. Numbers, identifiers and times, as claims.h reads them, stand only as they are
// written in the evidence, a number with its unit, and "8.4 V at V_IN" only where a line of the
// evidence says "V_IN: 8.4 V".
#ifndef FETTLE_DIAGNOSE_EVIDENCE_GRAMMAR_H
#define FETTLE_DIAGNOSE_EVIDENCE_GRAMMAR_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

// Appends the grammar of answers to `texts`, for grammar_from_gbnf. It begins wherever a sentence
// may: at the start of an answer, or behind an earlier sentence.
void evidence_grammar_write(const struct str *texts, size_t count, struct buf *to);

#endif
