// Watches the sensors of one asset together: puts their readings into rows and has the drift-aware
// T-squared judge them.
//
// A row is what the asset's sensors sent between two readings of one and the same sensor; a sensor
// that is silent, or rests (0), is taken to be where it was. The first rows show which sensors are
// alive: the liveliest take part, those that rest or stand still do not. How large a ratio alarms
// is learnt from excursions of the past; see docs/detection.md.
#ifndef FETTLE_DETECT_ASSET_WATCH_H
#define FETTLE_DETECT_ASSET_WATCH_H

#include "detect/detector.h"
#include "detect/drift_t2.h"

enum { ASSET_SENSORS_MAX = 64, ASSET_LOOK_ROWS = 50 };

struct asset_watch;

struct asset_watch *asset_watch_open(void); // NULL when memory is out
void asset_watch_close(struct asset_watch **w);
size_t asset_watch_bytes(const struct asset_watch *w);

// Forgets everything.
void asset_watch_relearn(struct asset_watch *w);

// What is said of a row when it is complete, that is, with the first reading of the next one.
struct asset_row {
    int64_t time_us; // of its last reading
    uint32_t sensor; // the one that departs most
    double value;    // what it shows
    double expected_low, expected_high;
    double ratio, needed; // an alarm: ratio > needed
    bool excursion;       // the ratio is above 1
};

// The next reading of one of the asset's sensors, in order of time. True when it completed a row
// that could be judged.
bool asset_watch_push(struct asset_watch *w, uint32_t sensor, int64_t time_us, double value,
                      struct asset_row *out);

// The excursion that goes on has a cause that is known: its size teaches nothing.
void asset_watch_excuse(struct asset_watch *w);

// True if the excursion that goes on was excused.
bool asset_watch_is_excused(const struct asset_watch *w);

// Takes the present levels as normal.
void asset_watch_accept(struct asset_watch *w);

#endif
