// The causes that diagnoses name, and which of them a text names.
//
// This table decides nothing: it gives each cause of the field an identifier, so that an answer's
// words become a field that programs can use, and so that answers can be scored.
#ifndef FETTLE_DIAGNOSE_CAUSES_H
#define FETTLE_DIAGNOSE_CAUSES_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct cause {
    const char *id;      // "heating_element"
    const char *article; // before the title: "a", "an" or ""
    const char *title;   // "heating element failure"
    // How texts name it: alternatives separated by '|', each some words that must stand within one
    // sentence in this order, '*' at the end of a word for any ending: "heat* element|heater
    // fail*".
    const char *named;
    const char *covers; // another cause that these words seem to name, too; or NULL
};

extern const struct cause causes[];
extern const size_t cause_count; // at most 64

const struct cause *cause_find(struct str id); // or NULL

// Bit i is set if `text` names causes[i]. A cause that a sentence denies ("not the bearing", "no
// sign of cavitation", "rules out a leak") is not named by it.
uint64_t causes_named(struct str text);

// True if the pattern of struct cause's form matches a sentence of `text`.
bool cause_words_match(struct str text, const char *named);

// Cuts the next sentence off `*text`: up to ". ", ";", "?", "!" or a newline, which it keeps.
struct str answer_next_sentence(struct str *text);

// True if the sentence tells to do something: "Check the charger". It names no cause.
bool sentence_is_advice(struct str sentence);

// True if the text says that nothing is wrong, or that it needs something before it can tell.
bool answer_says_normal(struct str text);
bool answer_asks(struct str text);

#endif
