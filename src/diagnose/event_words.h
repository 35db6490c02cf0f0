// What the line of an event says, and how sentences say it.
//
//     FLOW spike to 7.2 m3/h, above limit 6 m3/h, 3 times, 12:33:11 to 12:40:02
//     FLOW spiked to 7.2 m3/h, above the limit of 6 m3/h
#ifndef FETTLE_DIAGNOSE_EVENT_WORDS_H
#define FETTLE_DIAGNOSE_EVENT_WORDS_H

#include "base/buf.h"
#include "diagnose/facts.h"
#include "plant/plant.h"

enum { EVENT_PLACE_BYTES = 96 };

// Parts of the line; those it does not have are empty.
struct event_words {
    enum anomaly_kind kind;
    struct str subject, value, start;
    char place[EVENT_PLACE_BYTES]; // "above the limit of 6 m3/h", "below the expected 1-2 m"
    bool at_once;                  // it began and ended at `start`
};

const char *event_noun(enum anomaly_kind kind); // behind the subject: "level shift to"
const char *event_verb(enum anomaly_kind kind); // "shifted to", "sent no data"
bool event_has_value(enum anomaly_kind kind);   // false where it tells nothing

// False when the line is none of an event.
bool event_words_read(struct str line, struct event_words *out);

// Adds the events among lines that facts_write wrote.
void facts_read_events(struct facts *f, struct str lines);

// What an answer says of an event: a number behind its subject and verb must be its value, one
// behind "above the limit of" behind that must be its limit. True for numbers that are said of no
// event.
bool event_words_hold(struct str answer, struct str number, const struct facts *facts);

// Append alternatives of a grammar: what may be said of the events; when they began.
void event_words_grammar(const struct facts *facts, struct buf *to);
void event_words_times(const struct facts *facts, struct buf *to);

#endif
