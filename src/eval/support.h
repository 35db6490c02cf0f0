// Scores answers to support questions (`fettle generate support`):
//     terms      of answered ones: mentions what the answer must have
//     cites      of the same: cites the document that it is from, and no other
//     unknown    of those that the documents do not answer: says so
//     asks       of questions with nothing to go by: asks, and for what is needed
//     supported  of all: every number and identifier is in the question or the documents
//     right      of all: everything above that applies
#ifndef FETTLE_EVAL_SUPPORT_H
#define FETTLE_EVAL_SUPPORT_H

#include "eval/scores.h"

extern const struct score_suite score_support;

#endif
