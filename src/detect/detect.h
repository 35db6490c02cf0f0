// Turns readings into anomalies, and anomalies into incidents, in event time.
//
// The engine holds readings of each sensor until the watermark (the newest event time seen, less
// the set lateness) has passed them, so that disorder within the lateness changes nothing; then it
// gives them in order of time to each detector that the sensor has. What comes out depends only on
// the sequence of readings and ticks, never on how they were cut into calls or how fast they came.
// One thread owns an engine.
#ifndef FETTLE_DETECT_DETECT_H
#define FETTLE_DETECT_DETECT_H

#include "base/err.h"
#include "base/settings.h"
#include "plant/catalog.h"
#include "plant/plant.h"

struct detect;

// detect.* and rules.*: lateness, incident gap, limits per quantity and per sensor...
extern const struct setting_def detect_settings[];

enum change { CHANGE_OPENED, CHANGE_UPDATED, CHANGE_CLOSED };

struct detect_events {
    void (*anomaly)(void *arg, const struct anomaly *a, enum change change);
    void (*incident)(void *arg, const struct incident *i, enum change change);
    void *arg;
};

// `catalog` and `events` are borrowed. `first_incident` is the number of the next incident.
enum err_code detect_open(const struct catalog *catalog, const struct settings *settings,
                          const struct detect_events *events, uint64_t first_incident,
                          struct detect **out, struct err *err);
void detect_close(struct detect **d);

// New limits without losing state: open episodes are judged by the new limits from now on.
enum err_code detect_reload(struct detect *d, const struct settings *settings, struct err *err);

// Readings in the order in which they came.
enum err_code detect_push(struct detect *d, const struct reading *readings, size_t count,
                          struct err *err);

// The clock says `now_us` (event time): silent sensors are noticed, gaps of incidents pass.
// Live, the wall clock ticks; in a replay nobody needs to: readings move the clock themselves.
enum err_code detect_tick(struct detect *d, int64_t now_us, struct err *err);

// The end of the input: releases what is held back. Episodes that are still open stay open
// (end_us TIME_NONE) and are reported as they are.
enum err_code detect_flush(struct detect *d, struct err *err);

// After a restart: makes the engine take up stored open incidents and anomalies, so that an episode
// that goes on is continued and not raised twice. Call before the first push.
enum err_code detect_resume(struct detect *d, const struct incident *incidents,
                            size_t incident_count, const struct anomaly *anomalies,
                            size_t anomaly_count, struct err *err);

// While on, findings go into the engine's state but `events` is not called: for feeding stored
// readings again after a restart.
void detect_set_quiet(struct detect *d, bool quiet);

struct detect_stats {
    uint64_t readings;
    uint64_t late;     // behind what was judged of their sensor already, or astray: not judged
    uint64_t repeated; // of a time that was judged already: the first one counts
    uint64_t anomalies, incidents;
    uint64_t kept_back; // findings that a score floor kept from being told
    size_t open_anomalies, active_incidents;
    int64_t watermark_us; // TIME_NONE before the first reading
    size_t state_bytes;
};
void detect_stats(const struct detect *d, struct detect_stats *out);

// A pattern is what one detector finds, of one kind, on one sensor. What it finds up to score
// `floor` is kept back: neither told nor part of an incident, though it still claims its readings
// before other detectors; it is told once it grows beyond. 0 takes that back. ERR_NOT_FOUND: no
// such detector or sensor; ERR_INPUT: a detector that goes by limits, or no score (0 to below 1).
enum err_code detect_set_score_floor(struct detect *d, uint32_t sensor, const char *detector,
                                     enum anomaly_kind kind, double floor, struct err *err);
double detect_score_floor(const struct detect *d, uint32_t sensor, const char *detector,
                          enum anomaly_kind kind);

// Whether the detector learns what is normal, so that floors and learning anew are for it.
bool detect_learns(const char *detector);

// A person says that an incident is over. What of it goes on is told as ended; an anomaly that
// comes after belongs to a new incident, and what still goes on when the incident gap has passed
// is raised anew, in a new incident. One that is not active is left alone.
enum err_code detect_resolve(struct detect *d, uint64_t incident, struct err *err);

// The plant has changed: the statistical detectors forget what they learnt of the asset's sensors,
// or of one sensor, and learn anew. Their open episodes end.
enum err_code detect_relearn_sensor(struct detect *d, uint32_t sensor, struct err *err);
enum err_code detect_relearn_asset(struct detect *d, uint32_t asset, struct err *err);

// Readings that count as normal, in order of time and before those still to be judged: the
// statistical detectors learn from them, and nothing is found in them. For sensors that are new or
// have just been told to learn anew.
enum err_code detect_learn(struct detect *d, const struct reading *readings, size_t count,
                           struct err *err);

// How easily the statistical detectors alarm on a sensor, as set; NaN for one not met yet.
double detect_sensitivity(const struct detect *d, uint32_t sensor);

// The band that a sensor's value should be in now, for charts; NaN where unknown.
void detect_band(const struct detect *d, uint32_t sensor, double *low, double *high);

#endif
