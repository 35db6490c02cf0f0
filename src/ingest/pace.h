// Paces recorded or simulated readings: at their own speed, a multiple of it, or as they come.
#ifndef FETTLE_INGEST_PACE_H
#define FETTLE_INGEST_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace;

struct pace_options {
    double speed;       // event time per real time: 1 as recorded, 60 an hour a minute; 0: no wait
    int64_t max_gap_us; // silences in the record are waited for at most this long; 0: in full
    bool shift_to_now; // times move, so that the first reading is now; the rest keep their distance
};

struct pace *pace_open(const struct pace_options *options); // NULL: out of memory
void pace_close(struct pace **p);

// How long from now the event at `time_us` is due, in real microseconds; 0: it is due.
int64_t pace_due_us(struct pace *p, int64_t time_us);

// Waits until it is due. False when cancelled. Events from before the latest one are due at once.
bool pace_wait(struct pace *p, int64_t time_us);

// The time that a reading of `time_us` shall bear (see shift_to_now). Only after pace_due_us or
// pace_wait was called for the first reading.
int64_t pace_shifted(const struct pace *p, int64_t time_us);

// Ends waiting now and for good. From any thread; the others are for the source's thread alone.
void pace_cancel(struct pace *p);
bool pace_cancelled(struct pace *p);

#endif
