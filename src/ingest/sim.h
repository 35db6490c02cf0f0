// The simulated water plant: healthy readings, injected faults, and the truth about them.
//
// Assets are wtf-pipe-1, wtf-pipe-2...; each has the six sensors of enum sim_parameter. Everything
// follows from the configuration: the same one gives the same readings and the same truth.
// One thread owns a simulator.
#ifndef FETTLE_INGEST_SIM_H
#define FETTLE_INGEST_SIM_H

#include "base/buf.h"
#include "base/err.h"
#include "plant/catalog.h"
#include "plant/plant.h"

// X(NAME, parameter, unit)
#define SIM_PARAMETERS(X)                                                                          \
    X(TEMPERATURE, "temperature", "°C")                                                            \
    X(PRESSURE, "pressure", "bar")                                                                 \
    X(FLOW, "flow", "L/min")                                                                       \
    X(HEATER_CURRENT, "heater_current", "A")                                                       \
    X(AMBIENT_TEMPERATURE, "ambient_temperature", "°C")                                            \
    X(SUPPLY_VOLTAGE, "supply_voltage", "V")

enum sim_parameter {
#define X(NAME, name, unit) SIM_##NAME,
    SIM_PARAMETERS(X)
#undef X
        SIM_PARAMETER_COUNT
};

// X(NAME, name, what the exact rules make of it, what happens)
#define SIM_FAULTS(X)                                                                              \
    X(SPIKE, "spike", ANOMALY_SPIKE, "a few readings beyond the spike limit")                      \
    X(DRIFT, "drift", ANOMALY_DRIFT, "a ramp to between drift and spike limit, held over 15 s")    \
    X(DROPOUT, "dropout", ANOMALY_DROPOUT, "no readings for 12 s to 5 min")                        \
    X(STUCK, "stuck", SIM_NO_RULE, "the same value for 5 to 60 min")                               \
    X(NOISE, "noise", SIM_NO_RULE, "much scatter within the normal range for 1 to 10 min")         \
    X(HEATER, "heater_failure", SIM_NO_RULE, "heater current 0 A while it is cold outside")        \
    X(SUPPLY, "supply_sag", SIM_NO_RULE, "low supply voltage; the asset's sensors reset")

// What stands in sim_fault.expected for faults that no exact rule names.
#define SIM_NO_RULE ANOMALY_KIND_COUNT

enum sim_fault_kind {
#define X(NAME, name, expected, text) SIM_FAULT_##NAME,
    SIM_FAULTS(X)
#undef X
        SIM_FAULT_KIND_COUNT
};

// The limits that spikes and drifts cross: those of the plant's rules above, the same distances
// from the normal range below.
struct sim_limits {
    double normal_low, normal_high, spike_low, spike_high, drift_low, drift_high;
};

// For temperature, pressure and flow, the only parameters with spikes and drifts; NULL for others.
const struct sim_limits *sim_limits(enum sim_parameter p);

enum { SIM_ASSETS_MAX = 100000 };

struct sim_config {
    uint64_t seed;
    uint32_t assets; // 1 to SIM_ASSETS_MAX; 0: 1
    int64_t start_us;
    double rate_hz;         // readings a second of each sensor, 0.1 to 1000; 0: 1
    double faults_per_hour; // of each asset: after a fault, the next follows in 2 min + 1/rate
    unsigned kinds;         // bits 1 << enum sim_fault_kind; 0: all
    size_t truth_max;       // faults remembered, the latest; 0: all
};

// One injected fault: the truth.
struct sim_fault {
    uint32_t sensor;
    enum sim_parameter parameter;
    enum sim_fault_kind kind;
    enum anomaly_side side;
    enum anomaly_kind expected; // what the exact rules must call it, or SIM_NO_RULE
    // First and last reading that it touches; of a dropout the last reading before it and the first
    // after it. A fault that goes on has the end that is planned.
    int64_t from_us, to_us;
    int64_t beyond_us; // first reading beyond the rule's limit (spike, drift); TIME_NONE: none yet
};

struct sim;

// Adds the plant's sensors to `catalog`, which must outlive the simulator. ERR_USAGE names a value
// of the configuration that is out of its bounds.
enum err_code sim_open(const struct sim_config *config, struct catalog *catalog, struct sim **out,
                       struct err *err);
void sim_close(struct sim **s);

size_t sim_sensor_count(const struct sim *s);

// The readings of the next instant, in the order of assets and parameters, into `out`, which has
// room for sim_sensor_count of them. `*count` may be less, down to 0, when sensors are silent. Only
// lack of memory for the truth makes it fail.
enum err_code sim_next(struct sim *s, struct reading *out, size_t *count, int64_t *time_us,
                       struct err *err);

// When the next instant will be.
int64_t sim_next_time_us(const struct sim *s);

// The faults so far, in order of their beginning; the one(s) going on are among them. Valid until
// the next call of sim_next.
const struct sim_fault *sim_truth(const struct sim *s, size_t *count);

// The truth as JSON: {"seed", "assets", "start", "rate_hz", "faults": [{"asset", "parameter",
// "kind", "side", "from", "to", "beyond", "expected"}]}.
void sim_truth_json(const struct sim *s, struct buf *out);

const char *sim_parameter_name(enum sim_parameter p);
const char *sim_fault_name(enum sim_fault_kind kind);

#endif
