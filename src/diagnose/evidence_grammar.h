// A grammar (GBNF) for answers that say nothing the evidence lacks.
//
// Words are free, or those of a diagnosis only. Numbers, identifiers and times, as claims.h reads
// them, stand only as they are written in the evidence, a number with its unit, and "8.4 V at V_IN"
// only where a line of the evidence says "V_IN: 8.4 V". The numbers of facts stand only with their
// key: "V_IN is 8.4 V, below the operating range of 10-30 V", and those of events with their
// sensor: "FLOW spiked to 7.2 m3/h, above the limit of 6 m3/h".
#ifndef FETTLE_DIAGNOSE_EVIDENCE_GRAMMAR_H
#define FETTLE_DIAGNOSE_EVIDENCE_GRAMMAR_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "diagnose/facts.h"

enum evidence_words {
    EVIDENCE_ANY_WORDS,
    // Those that the data factory's answers have (answer_words.c) and those of the texts, so that a
    // small model cannot lose itself in parts of words.
    EVIDENCE_TAUGHT_WORDS,
};

// Appends the grammar of answers to `texts` and `facts` (may be NULL), for grammar_from_gbnf. It
// begins wherever a sentence may: at the start of an answer, or behind an earlier sentence.
void evidence_grammar_write(const struct str *texts, size_t count, const struct facts *facts,
                            enum evidence_words words, struct buf *to);

#endif
