// Whether a summary may be shown: nothing in it that the facts lack, and what matters said.
#ifndef FETTLE_DIAGNOSE_SUMMARY_ANSWER_H
#define FETTLE_DIAGNOSE_SUMMARY_ANSWER_H

#include "base/err.h"
#include "diagnose/summary_facts.h"

// `lines`: the facts as summary_facts_write wrote them. ERR_INPUT says what is wrong: a claim
// without support (a sentence may say what holds for the whole window and what the lines of the
// assets say that it names), no word of the worst anomaly (its asset, parameter, value), "no
// anomalies" where there are some or silence where there are none, nothing at all, or bytes that
// are no text.
enum err_code summary_answer_check(const struct summary_facts *facts, struct str lines,
                                   struct str answer, struct err *err);

#endif
