// What can be set about detection: the settings detect.* and rules.*.
#include <math.h>
#include <stddef.h>

#include "detect/detect.h"

// clang-format off
#define LIMIT(path, name, text, unit, help)                                                        \
    {path "." name, text, unit, help, 0, 0, SETTING_REAL, SETTING_RELOADABLE}
#define TIME(path, name, text, help)                                                               \
    {path "." name, text, NULL, help, 0, INFINITY, SETTING_DURATION, SETTING_RELOADABLE}

#define LIMITS(path, unit, normal_low, normal_high, spike_low, spike_high, drift_low, drift_high)  \
    LIMIT(path, "normal_low", normal_low, unit, "Where normal values begin"),                      \
    LIMIT(path, "normal_high", normal_high, unit, "Where normal values end"),                      \
    LIMIT(path, "spike_low", spike_low, unit, "A value below this is a spike at once"),            \
    LIMIT(path, "spike_high", spike_high, unit, "A value above this is a spike at once"),          \
    LIMIT(path, "drift_low", drift_low, unit, "Values that stay below this are a drift"),          \
    LIMIT(path, "drift_high", drift_high, unit, "Values that stay above this are a drift")

#define TIMING(path)                                                                               \
    {path ".sensitivity", NULL, NULL, "As rules.sensitivity", 0, 10, SETTING_REAL,                 \
     SETTING_RELOADABLE},                                                                          \
    {path ".hysteresis", NULL, "%", "As rules.hysteresis", 0, 50, SETTING_REAL,                    \
     SETTING_RELOADABLE},                                                                          \
    TIME(path, "drift_after", NULL, "As rules.drift_after"),                                       \
    TIME(path, "dropout_after", NULL, "As rules.dropout_after")

const struct setting_def detect_settings[] = {
    {"detect.lateness", "2s", NULL, "How long to wait for readings that come out of order",
     0, 3600e6, SETTING_DURATION, SETTING_RELOADABLE},
    {"detect.leap", "5s", NULL,
     "How far one reading alone may move the clock; more needs the agreement of others",
     1e6, 3600e6, SETTING_DURATION, SETTING_RELOADABLE},
    {"detect.held_max", "1000000", "readings",
     "Readings kept waiting for their order at most; beyond it the oldest are judged early",
     1000, 100000000, SETTING_INT, SETTING_RELOADABLE},
    {"detect.incident_gap", "5m", NULL,
     "Anomalies of one asset that follow each other within this belong to one incident",
     0, 86400e6, SETTING_DURATION, SETTING_RELOADABLE},

    TIME("rules", "drift_after", "15s", "A drift lasts longer than this"),
    TIME("rules", "dropout_after", "10s", "No data for longer than this is a dropout; 0: never"),
    {"rules.dropout_intervals", "3", "intervals",
     "A sensor whose readings regularly come further apart than dropout_after may be silent for "
     "this many of its own intervals instead; 0: never",
     0, 1000, SETTING_REAL, SETTING_RELOADABLE},
    {"rules.hysteresis", "2", "%",
     "How far back inside its limit a value must come to end an anomaly, in parts of the normal range",
     0, 50, SETTING_REAL, SETTING_RELOADABLE},

    {"rules.sensitivity", "1", NULL,
     "How easily the statistical detectors alarm: 2 at half of what is usual, 0 never",
     0, 10, SETTING_REAL, SETTING_RELOADABLE},
    TIME("rules", "accept_after", "2h",
         "A statistical anomaly that lasts this long is the new normal; 0: never"),

    LIMITS("rules.kind.temperature", "°C", "10", "35", "none", "45", "none", "38"),
    LIMITS("rules.kind.pressure", "bar", "1", "3", "none", "4", "none", "3.5"),
    LIMITS("rules.kind.flow", "L/min", "20", "100", "none", "120", "none", "110"),
    LIMITS("rules.kind.*", NULL, "none", "none", "none", "none", "none", "none"),
    TIMING("rules.kind.*"),
    LIMITS("rules.sensor.*", NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    TIMING("rules.sensor.*"),
    {0}};
// clang-format on
