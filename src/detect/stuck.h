// Finds a sensor that stopped changing: the same value for much longer than it ever stays.
#ifndef FETTLE_DETECT_STUCK_H
#define FETTLE_DETECT_STUCK_H

#include <stdbool.h>
#include <stdint.h>

// Zero-initialise to start.
struct stuck {
    double value;
    int64_t since_us;  // when it became what it is
    uint32_t readings; // seen, up to STUCK_LEARN_READINGS
    uint32_t run;      // readings of the same value, the newest one included
    float longest;     // run that is usual, slowly forgotten
    float liveliness;  // share of readings that differ from the one before
};

enum { STUCK_LEARN_READINGS = 200, STUCK_RUN_MIN = 60 };

// The next reading (finite). True while the sensor is stuck: it has shown the same value for
// STUCK_RUN_MIN readings at least and for ten times the longest usual run, and before that it used
// to change with at least every third reading. `sensitivity` divides these lengths. Values that are
// still by nature (a valve's position, a setpoint, a thing switched off: zero) are never stuck.
bool stuck_push(struct stuck *s, int64_t time_us, double value, double sensitivity);

// Takes standing still as normal, until the value has been lively again for a while.
void stuck_accept(struct stuck *s);

#endif
