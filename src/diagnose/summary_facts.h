// The facts of a window of time: what a model is given to write a summary from.
//
//     - window: 09:12:00 to 09:15:00 (3 min)
//     - watched: 24 sensors on 6 assets, 14400 readings
//     - data: 12 readings late, 3 readings without a value
//     - anomalies: 9, 2 open, 6 new, 7 ended
//     - pipe-1 temperature: spike, 47.2 °C, above limit 45 °C, ended 09:13:12 after 7 s, critical
//     - pump-2 flow: drift 3 times, 1.9 L/min, below expected 2 to 4 L/min, open since 09:13:20 for
//     100 s, new, warning
//     - pump-2 pressure: dropout, no data for 95 s, limit 10 s, open since 09:13:25, new, warning
//     - and 4 more
//     - incidents: 1 opened, 1 closed, 1 active
//     - quiet: 4 of 6 assets
//
// One line (the second one is broken here only) for all anomalies of a sensor that are of one kind
// and side, the gravest first. "limit" is a rule's, "expected" what a detector learnt. What is
// unknown, and whatever would say 0, is left out; a window without anomalies says
// "anomalies: none". Times are UTC, with the date when it is not the day on which the window ends.
//
// The running system and the data factory both write these lines through this header.
#ifndef FETTLE_DIAGNOSE_SUMMARY_FACTS_H
#define FETTLE_DIAGNOSE_SUMMARY_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "plant/plant.h"

// What a model is asked beside the facts.
#define SUMMARY_INSTRUCTION "Summarise this window for the operator."

enum {
    SUMMARY_LINES_MAX = 256, // anomalies that make further lines are counted only
    SUMMARY_SHOWN_MAX = 4,   // lines written
    SUMMARY_UNKNOWN = -1,
    SUMMARY_PHRASE_BYTES = 128,
};

struct summary_line {
    const struct sensor *sensor; // borrowed
    enum anomaly_kind kind;
    enum anomaly_side side;
    enum severity severity;   // the highest
    double value;             // the farthest beyond; NaN for none
    double limit;             // of that value; NaN for none; of a dropout in seconds
    double low, high;         // the band it should have been in; NaN for none
    double score;             // the highest
    size_t count;             // anomalies
    int64_t start_us, end_us; // of the first, of the last; TIME_NONE while one is open
    int64_t silent_us;        // of a dropout: the longest one
    bool is_new;              // the first began in the window
};

// Set the first two groups, then add the anomalies, then rank.
struct summary_facts {
    int64_t from_us, to_us;
    int64_t sensors, assets, readings, late, missing; // of the window; SUMMARY_UNKNOWN
    int64_t incidents_opened, incidents_closed, incidents_active;

    bool more; // there were further anomalies that nobody added
    size_t anomalies, open, begun, ended;
    struct summary_line lines[SUMMARY_LINES_MAX];
    size_t line_count;
};

// Everything unknown, no anomalies.
void summary_facts_begin(struct summary_facts *f, int64_t from_us, int64_t to_us);

// An anomaly that touches the window; its sensor must outlive the facts.
void summary_facts_add(struct summary_facts *f, const struct sensor *sensor,
                       const struct anomaly *anomaly);

// Puts the gravest line first: by severity, open ones first, score, duration, start.
void summary_facts_rank(struct summary_facts *f);

size_t summary_facts_shown(const struct summary_facts *f);        // lines that are written
size_t summary_facts_quiet_assets(const struct summary_facts *f); // without any anomaly

void summary_facts_write(const struct summary_facts *f, struct buf *to);

// ---- the phrases of the lines, for whoever speaks about them ----

// "47.2 °C" with as many digits as tell it from `other` (NaN: none); "" for NaN.
void summary_value_text(double value, double other, const char *unit,
                        char out[SUMMARY_PHRASE_BYTES]);
void summary_band_text(double low, double high, const char *unit, char out[SUMMARY_PHRASE_BYTES]);

// "09:13:05", with the date when it is not the day of `near_us`.
void summary_time_text(int64_t time_us, int64_t near_us, char out[SUMMARY_PHRASE_BYTES]);
void summary_duration_text(int64_t us, char out[SUMMARY_PHRASE_BYTES]); // "95 s", "3 h 20 min"

// What the value of a line is told apart from: its limit, or the end of the band on its side.
double summary_line_edge(const struct summary_line *l);

#endif
