// Finds a thing that is at rest (zero) when it is usually at work.
//
// A heater, a pump, a motor: its reading is 0 when it is switched off, and when it is off depends
// on the hour. For each half hour of working days and of weekend days it is remembered on how many
// days in a row the thing was at work without a pause.
#ifndef FETTLE_DETECT_IDLE_H
#define FETTLE_DETECT_IDLE_H

#include <stdbool.h>
#include <stdint.h>

enum { IDLE_SLOTS = 48, IDLE_KNOWN_DAYS = 1 };
enum { IDLE_UNKNOWN, IDLE_RESTED }; // a slot; above: that many days of work less 1

// Zero-initialise to start.
struct idle {
    uint8_t worked[2][IDLE_SLOTS]; // days in a row without rest
    int64_t begun_us;              // first reading
    int64_t zero_us;               // since when it rests
    uint32_t zeros;                // readings in a row at rest
    uint32_t readings;             // up to now, saturating
    uint8_t slot;                  // of the reading before; weekends after working days
    bool rested;                   // within this slot
    bool ever_rested;              // so long that it counts as off
    bool outside;
    float low, high; // of the values at work in this slot and in those before, slowly forgotten
};

// The next reading (finite), in order of time. True while it rests though at this hour, and in the
// half hours beside, it has worked through the last IDLE_KNOWN_DAYS / sensitivity days; or though
// it never rested in all the time it was seen, which must be an hour and 1000 readings at least.
bool idle_push(struct idle *s, int64_t time_us, double value, double sensitivity);

// Takes rest as normal at all hours, until it has worked through some days again.
void idle_accept(struct idle *s);

#endif
