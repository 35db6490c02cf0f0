// The words of a plant as plain structs: asset, sensor, reading, anomaly, incident, summary.
//
// A sensor is one measured parameter of one asset; its full name is "asset/parameter"
// ("wtf-pipe-1/temperature"). Times are int64 microseconds UTC. NaN is a missing value.
#ifndef FETTLE_PLANT_PLANT_H
#define FETTLE_PLANT_PLANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/json_out.h"

enum {
    PLANT_NAME_BYTES = 64, // an asset's or a parameter's name, with its '\0'
    PLANT_FULL_NAME_BYTES = 2 * PLANT_NAME_BYTES,
    PLANT_UNIT_BYTES = 16,
    PLANT_MESSAGE_BYTES = 192,
    PLANT_NOTE_BYTES = 1024,
};

// Kinds of things measured. X(NAME, name, default unit): what a sensor's parameter name says it is.
// The kind selects the default rules; OTHER has none.
#define PLANT_QUANTITIES(X)                                                                        \
    X(OTHER, "other", "")                                                                          \
    X(TEMPERATURE, "temperature", "°C")                                                            \
    X(PRESSURE, "pressure", "bar")                                                                 \
    X(FLOW, "flow", "L/min")                                                                       \
    X(CURRENT, "current", "A")                                                                     \
    X(VOLTAGE, "voltage", "V")

enum quantity {
#define X(NAME, name, unit) QUANTITY_##NAME,
    PLANT_QUANTITIES(X)
#undef X
        QUANTITY_COUNT
};

struct sensor {
    uint32_t id;    // dense, from 0: the place in the catalogue
    uint32_t asset; // dense, from 0
    enum quantity quantity;
    char asset_name[PLANT_NAME_BYTES];
    char parameter[PLANT_NAME_BYTES];
    char unit[PLANT_UNIT_BYTES]; // "" when unknown
};

// What is known about one value when it arrives.
enum reading_quality {
    QUALITY_GOOD,
    QUALITY_MISSING, // a time without a value: the value is NaN
    QUALITY_SUSPECT, // the source itself marked it
};

struct reading {
    int64_t time_us;
    double value;
    uint32_t sensor;  // struct sensor.id
    uint32_t quality; // enum reading_quality
};

// X(NAME, name in JSON, what it means)
#define ANOMALY_KINDS(X)                                                                           \
    X(SPIKE, "spike", "a value far outside what is normal, at once")                               \
    X(DRIFT, "drift", "a value that stays outside what is normal")                                 \
    X(DROPOUT, "dropout", "no data")                                                               \
    X(LEVEL_SHIFT, "level_shift", "a lasting step to another level")                               \
    X(STUCK, "stuck", "a value that stopped changing")                                             \
    X(NOISE, "noise", "more (or less) scatter than normal")                                        \
    X(SEASONAL, "seasonal", "a departure from the daily, weekly or other usual course")            \
    X(PATTERN, "pattern", "a shape in time that was not seen before")                              \
    X(MULTIVARIATE, "multivariate", "sensors of one asset that no longer fit each other")

enum anomaly_kind {
#define X(NAME, name, text) ANOMALY_##NAME,
    ANOMALY_KINDS(X)
#undef X
        ANOMALY_KIND_COUNT
};

enum anomaly_side { SIDE_NONE, SIDE_HIGH, SIDE_LOW };

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL };

// One detector's finding on one sensor: one episode, from start to end.
struct anomaly {
    uint64_t
        id; // plant_anomaly_id of (sensor name, detector, kind, side, start): stable over replays
    uint64_t incident; // the incident it belongs to, 0 for none
    uint32_t sensor;
    enum anomaly_kind kind;
    enum anomaly_side side;
    enum severity severity;
    char detector[24];   // its name in the registry
    int64_t start_us;    // event time of the first reading of the episode
    int64_t end_us;      // event time of the last one; TIME_NONE while it is open
    int64_t detected_us; // event time at which it was raised
    int64_t peak_us;     // where `peak` was
    double peak;         // the value farthest outside; NaN where there is none (dropout)
    double limit;        // the limit that was crossed; NaN where there is none
    double expected_low, expected_high; // the band the value should have been in; NaN: unknown
    double score;                       // 0..1; 1 for rules
    uint64_t count;                     // readings outside
    char message[PLANT_MESSAGE_BYTES];  // one line for people, with value, unit, limit
};

enum incident_state { INCIDENT_OPEN, INCIDENT_ACKNOWLEDGED, INCIDENT_RESOLVED };
enum verdict { VERDICT_NONE, VERDICT_TRUE_FAULT, VERDICT_FALSE_ALARM };

// Anomalies (and later recordings) of one asset that belong together.
struct incident {
    uint64_t id; // 1, 2, 3... in the order of opening
    uint32_t asset;
    enum incident_state state; // what people made of it
    enum severity severity;    // the highest of its anomalies
    enum verdict verdict;
    bool active;      // an anomaly of it is still open, or the gap has not passed yet
    int64_t start_us; // start of its first anomaly
    int64_t last_us;  // end (or latest sign) of its last anomaly
    int64_t acknowledged_us, resolved_us; // wall time, TIME_NONE
    uint64_t anomaly_count;
    uint32_t kinds; // bit 1 << enum anomaly_kind for each kind in it
    char title[PLANT_MESSAGE_BYTES];
    char note[PLANT_NOTE_BYTES]; // the technician's words
    char cause[PLANT_MESSAGE_BYTES];
};

// What is made of an incident when it opens and when it closes.
struct incident_diagnosis {
    uint64_t incident;
    bool closed;           // of the incident when it closed; else when it opened
    bool verified;         // every number, name and time of the text is in the facts
    int64_t time_us;       // plant time at which it was made
    char generated_by[32]; // "facts", or "llm_diagnoser" when a model wrote it
    char model[128];       // which one; "" for none
    char cause[32];        // identifier of the cause that the text names; "" for none
    char title[96];        // of that cause, for people
    char text[2048];
};

struct summary {
    uint64_t id;
    int64_t time_us;        // when it was written
    int64_t from_us, to_us; // the window it speaks about
    char generated_by[32];  // "facts", or "llm_summarizer" when a model wrote it
    char model[128];        // which one; "" for none
    char text[4096];
};

const char *quantity_name(enum quantity q);
const char *quantity_unit(enum quantity q);
const char *anomaly_kind_name(enum anomaly_kind kind);
bool anomaly_kind_from_name(struct str name, enum anomaly_kind *out);
const char *severity_name(enum severity s);
bool severity_from_name(struct str name, enum severity *out);
const char *incident_state_name(enum incident_state s);
bool incident_state_from_name(struct str name, enum incident_state *out);
const char *verdict_name(enum verdict v); // "none", "true_fault", "false_alarm"
bool verdict_from_name(struct str name, enum verdict *out);
const char *side_name(enum anomaly_side s); // "none", "high", "low"
bool side_from_name(struct str name, enum anomaly_side *out);
const char *reading_quality_name(enum reading_quality q);

uint64_t plant_anomaly_id(const struct sensor *s, const char *detector, enum anomaly_kind kind,
                          enum anomaly_side side, int64_t start_us);

// A name of an asset or parameter: 1 to 63 bytes of UTF-8 without control characters and '/'.
bool plant_name_valid(struct str name);

// What a word of a parameter's name says is measured: "temperature", "temp_in", "Pressure2",
// "flow_rate", "inletFlow"; not "overflow_count" or "compressor_speed".
enum quantity quantity_guess(struct str parameter);

#endif
