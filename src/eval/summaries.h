// Scores summaries of windows (`fettle generate summaries`):
//     worst      of windows with anomalies: names asset and parameter of the gravest
//     value      of the same: its value, with its unit or none
//     kind       of the same: what kind of anomaly it is
//     quiet      of all: calls quiet windows quiet ("no anomalies"), and no others
//     supported  of all: every number, identifier and time is in the facts or the question
//     brief      of all: at most six sentences
//     right      of all: everything above that applies
#ifndef FETTLE_EVAL_SUMMARIES_H
#define FETTLE_EVAL_SUMMARIES_H

#include "eval/scores.h"

extern const struct score_suite score_summaries;

#endif
