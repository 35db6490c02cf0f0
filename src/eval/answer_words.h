// What an answer says: values, and words.
#ifndef FETTLE_EVAL_ANSWER_WORDS_H
#define FETTLE_EVAL_ANSWER_WORDS_H

#include <stdbool.h>

#include "base/str.h"

// The value in this unit, or in one that converts to it. An answer may leave the unit out.
bool answer_cites(struct str answer, double value, struct str unit);

// One of "supply voltage|input volt*" has all its words in the answer, without case; '*' at the end
// of a word is any ending.
bool answer_mentions(struct str answer, struct str ways);

// The bytes stand in the answer, without case, and no letter or digit goes on before or behind.
bool answer_names(struct str answer, struct str name);

// Every number, identifier and time of it is in the question or the input.
bool answer_is_supported(struct str question, struct str input, struct str answer);

#endif
