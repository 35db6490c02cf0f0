// One made-up asset as a plant knows it: its sensors, and the anomalies of an incident.
#ifndef FETTLE_FACTORY_MADE_ASSET_H
#define FETTLE_FACTORY_MADE_ASSET_H

#include "base/rng.h"
#include "diagnose/join.h"
#include "factory/plant_words.h"

// What an incident shows, written "subject:sign" with blanks between, the deciding one first.
// subject:
//     a quantity of plant_words.h
//     any      some sensor, the others stay as they were
//     process  the same, of those whose value alone tells no fault: pressures, flows, temperatures
//     all      every sensor
// sign:
//     spike shift drift   beyond a limit, to either side
//     low high            beyond that limit, by drift or level shift
//     zero                the same, down to 0
//     dropout stuck noise seasonal pattern mismatch
//     ok cold             no anomaly: within limits; below 8 C
struct asset_fault {
    const char *cause; // of diagnose/causes.h
    const char *signs;
    const char *checks; // what to check, '|' between; '@' stands for the heater's supply voltage
};

extern const struct asset_fault asset_faults[];
extern const size_t asset_fault_count;

enum { MADE_SENSORS_MAX = 9, MADE_SIGNS_MAX = 4 };

struct made_sensor {
    const struct measure *quantity;
    struct join_sensor known;
    double from, to; // healthy values
    int decimals;
};

// A sign of the incident on one sensor.
struct made_sign {
    size_t sensor;          // in `sensors`
    bool moved;             // it has an anomaly
    enum anomaly_kind kind; // of that
    bool all;               // every sensor has one
};

struct made_asset {
    const struct family *family;
    struct asset_fault fault; // its cause is NULL when nothing is wrong
    char name[PLANT_NAME_BYTES], noun[PLANT_NAME_BYTES];
    const char *style; // of the name
    struct made_sensor sensors[MADE_SENSORS_MAX];
    size_t sensor_count;
    struct join_anomaly anomalies[JOIN_ANOMALIES_MAX];
    size_t anomaly_count;
    struct made_sign signs[MADE_SIGNS_MAX]; // the deciding one first
    size_t sign_count;
    bool over;
    bool bystander; // another sensor fell out of step, which is not part of it
};

// False when the draw was an unlucky one: draw again.
bool made_asset_make(struct made_asset *a, bool held_out, struct rng *rng);

#endif
