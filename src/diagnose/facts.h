// A pasted log, whatever its dialect, read into facts: key, value, unit, flag, limits, trend.
//
// Facts are what a model is given to read and what its answer is checked against. Nothing here
// decides what is wrong: a fact says what the log says, whether the value lies within its limits,
// and, when a key comes several times, how the value moved. docs/data-factory.md shows the format.
//
// Dialects: pairs (`key: value`, `key=value`, with pipes, commas, semicolons or one a line), JSON,
// CSV and other tables, syslog and logfmt, alarm lists, Modbus register dumps, INI, YAML, XML,
// InfluxDB line protocol, and sentences. The reader looks at the text alone; nobody says which.
#ifndef FETTLE_DIAGNOSE_FACTS_H
#define FETTLE_DIAGNOSE_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json_out.h"
#include "base/str.h"

enum {
    FACTS_MAX = 96, // further ones are counted in `left_out`
    FACT_KEY_BYTES = 64,
    FACT_TEXT_BYTES = 96,
    FACT_NUMBER_BYTES = 24,
    FACT_UNIT_BYTES = 16,
    FACT_FLAG_BYTES = 32,
    FACTS_NOTE_BYTES = 512,
    FACTS_EVENTS_MAX = 8,
    FACT_EVENT_BYTES = 192,
    FACTS_LOG_BYTES = 1 << 20, // longer logs are refused
};

enum fact_side { FACT_UNJUDGED, FACT_WITHIN, FACT_BELOW, FACT_ABOVE };

// Where a value or a limit comes from.
enum fact_source {
    FACT_FROM_LOG,
    FACT_FROM_STORE, // what the plant knows of the asset
    FACT_FROM_TABLE, // what instruments of a kind share (facts_known.c)
};

enum fact_trend { FACT_SINGLE, FACT_CONSTANT, FACT_RISING, FACT_FALLING, FACT_VARYING };

// One key of the log. Of a key that comes several times, the value is the latest.
struct fact {
    char key[FACT_KEY_BYTES];   // as written
    char text[FACT_TEXT_BYTES]; // the value as written; of a number, with a decimal point
    char unit[FACT_UNIT_BYTES]; // as written, "" for none
    char flag[FACT_FLAG_BYTES]; // what the log says beside the value: LOW, HH, FAIL; "" for none
    bool is_number;
    double value;                       // NaN unless is_number
    double low, high;                   // limits in `unit`, NaN for none
    char low_text[FACT_NUMBER_BYTES];   // as written
    char high_text[FACT_NUMBER_BYTES];  // as written
    enum fact_source from, limits_from; // of the value, and of its limits
    enum fact_side side;                // of the value against the limits, both included
    size_t samples;                     // how often the key came with a number
    double first, least, most;          // of the samples
    char first_text[FACT_NUMBER_BYTES]; // as written
    size_t line;                        // of its latest value, from 1; 0: not from the log
};

// Plain memory: copy and drop at will. About 55 KiB, so keep it off small stacks.
struct facts {
    char device[FACT_KEY_BYTES];      // who speaks, "" when the log does not say
    char time[FACT_NUMBER_BYTES * 2]; // the first time in the log, as written
    struct fact items[FACTS_MAX];     // in the order of first mention
    size_t count, left_out;
    char events[FACTS_EVENTS_MAX][FACT_EVENT_BYTES]; // what happened to the device of late
    size_t event_count;
    char note[FACTS_NOTE_BYTES];  // sentences without a number, "; " between them
    char known[FACTS_NOTE_BYTES]; // what is known beside the log, "; " between
};

// Reads `log` and judges every value by the limits that the log itself gives. Bytes that are not
// UTF-8 are read as '?'. An empty log gives no facts and no error. ERR_LIMIT: more than
// FACTS_LOG_BYTES; ERR_INPUT: more than one byte in eight (and 16) is no text. Never fails
// otherwise: what cannot be read as a value becomes part of the note.
enum err_code facts_read(struct str log, struct facts *out, struct err *err);

// Joins the built-in table: limits that instruments of a kind share (facts_known.c), for values
// whose log gives no limits.
void facts_join_known(struct facts *f);

// Sets the limits of `key` (compared without case) where the log gives none, and judges again. NaN
// for a side without limit. False when there is no such number.
bool facts_join_limits(struct facts *f, struct str key, double low, double high,
                       enum fact_source from);

// Appends a fact and judges it. False, counting it as left out, when there is no room.
bool facts_add(struct facts *f, const struct fact *fact);

// Leaves out the fact that tells least: one within its limits before one without limits, flagged
// ones later, what is outside its limits last. False when only one is left.
bool facts_shorten(struct facts *f);

// Appends an event, cut at its bytes; false when there is no room.
bool facts_add_event(struct facts *f, const char *event);

// Adds a sentence to `known`, cut when full.
void facts_add_known(struct facts *f, const char *sentence);

const struct fact *facts_find(const struct facts *f, struct str key); // without case; or NULL
enum fact_trend fact_trend(const struct fact *fact);

const char *fact_source_name(enum fact_source source); // "log", "store", "table"
const char *fact_side_name(enum fact_side side);       // "", "within", "below", "above"

// "10-30 V", "max 85 C", "min 2 bar", "" without limits.
void fact_limit_text(const struct fact *fact, struct buf *to);

// The lines a model reads, one a fact:
//     - device: WXT536
//     - time: 2026-06-12
//     - event: FLOW spike to 7.2 m3/h, above limit 6 m3/h, open since 12:33:11
//     - V_IN: 8.4 V, below 10-30 V, flag LOW
//     - P_OUT: 5.10 bar, within 2-8 bar, constant over 6 samples
//     - LEVEL: 1.2 m, below min 1.5 m, falling from 3.4 over 5 samples
//     - REF_CHK: FAIL
//     - note: fan is loud since Monday
//     - known: heater supply 24 V
void facts_write(const struct facts *f, struct buf *to);

// The member "events" of an object: an array of texts.
void facts_events_json(const struct facts *f, struct json_out *to);

// {"device":..., "time":..., "facts":[{"key","value","unit","flag","low","high","judgement",...}]}
void facts_json(const struct facts *f, struct json_out *to);

#endif
