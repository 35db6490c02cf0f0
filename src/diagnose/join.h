// Joins what a plant knows of an asset to the facts of a log.
#ifndef FETTLE_DIAGNOSE_JOIN_H
#define FETTLE_DIAGNOSE_JOIN_H

#include "diagnose/facts.h"
#include "plant/plant.h"

// A sensor of the asset: its latest value, limits, and how it moved of late.
struct join_sensor {
    char name[PLANT_NAME_BYTES], unit[PLANT_UNIT_BYTES];
    double value;              // NaN: none
    double low, high;          // NaN: no limit
    size_t samples;            // of late; 0: unknown
    double first, least, most; // of these
};

struct join_anomaly {
    char sensor[PLANT_NAME_BYTES], unit[PLANT_UNIT_BYTES];
    struct anomaly anomaly;
};

enum { JOIN_SENSORS_MAX = 64, JOIN_ANOMALIES_MAX = 64 };

// What the plant is asked: filled by whoever has one. Both write at most so many and return how
// many in `*count`. ERR_NOT_FOUND: no such asset.
struct join_tools {
    enum err_code (*sensors)(void *arg, struct str asset, struct join_sensor out[JOIN_SENSORS_MAX],
                             size_t *count, struct err *err);
    enum err_code (*anomalies)(void *arg, struct str asset,
                               struct join_anomaly out[JOIN_ANOMALIES_MAX], size_t *count,
                               struct err *err);
    void *arg;
};

// Sensors that the log speaks of get their limits from the plant; the others become facts of their
// own. Recent anomalies become events.
enum err_code facts_join_asset(struct facts *f, const struct join_tools *tools, struct str asset,
                               struct err *err);

void facts_join_sensor(struct facts *f, const struct join_sensor *s);

// Anomalies of one sensor, kind and side are one event, and so are silences of several of the
// asset's `sensors` that begin together:
//     FLOW spike to 7.2 m3/h, above limit 6 m3/h, 3 times, 12:33:11 to 12:40:02
//     LEVEL level shift to 0.9 m, below expected 1.2-2.1 m, open since 12:33:20
//     all 6 sensors dropout, limit 10 s, 12:33:30 to 12:33:48
// The gravest comes first; times are UTC, with the date when it is not that of the latest one.
enum err_code facts_join_anomalies(struct facts *f, const struct join_anomaly *list, size_t count,
                                   size_t sensors, struct err *err);

#endif
