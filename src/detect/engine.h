// The engine's parts as its own sources see them.
#ifndef FETTLE_DETECT_ENGINE_H
#define FETTLE_DETECT_ENGINE_H

#include "detect/detect.h"
#include "detect/episode.h"
#include "detect/event_clock.h"
#include "detect/incidents.h"
#include "detect/patterns.h"
#include "detect/reorder.h"
#include "detect/sensor_states.h"

// By asset; see detect/multivariate.h.
struct multivariate {
    struct asset_state *assets;
    size_t n;
};
void multivariate_free(struct multivariate *m);
size_t multivariate_bytes(const struct multivariate *m);

struct detect {
    const struct catalog *catalog;
    struct detect_events events;
    struct rule_book *book;
    int64_t lateness_us;
    size_t held_max;

    struct event_clock clock;
    struct reorder waiting;
    struct timers timers; // of sensors (what: the number) and incidents
    struct sensor_states sensors;
    struct multivariate multivariate;
    struct episode_pool episodes;
    struct incidents incidents;
    struct patterns patterns;

    int64_t watermark_us; // everything up to here has been judged; TIME_NONE before
    int64_t at_us;        // the engine's time of what is being judged

    bool quiet;
    int64_t quiet_until_us; // what happens up to here stays quiet
    bool quiet_left;        // episodes found in quiet have not been looked through yet
    bool flushing;
    bool out_of_memory;
    uint64_t readings, late, repeated, anomalies, incident_count, kept_back;
};

// The sensor's record, made when it is new; NULL with `err` filled for a number that the catalogue
// does not hold, or when memory is out.
struct sensor_state *engine_sensor(struct detect *d, uint32_t id, struct err *err);

// Gives one sample of the sensor to all detectors.
void engine_judge(struct detect *d, struct sensor_state *s, const struct sample *sample);

// An empty finding.
void engine_begin_finding(struct finding *f);

// Turns a judgement by detector `which` into what it means for the sensor's episode.
void engine_take(struct detect *d, struct sensor_state *s, size_t which, enum judgement judged,
                 const struct finding *f, int64_t time_us);

// The side of the open episode; SIDE_NONE when there is none.
enum anomaly_side engine_episode_side(const struct detect *d, const struct sensor_state *s,
                                      size_t which);

// Ends the open episode of one detector on the sensor, if there is one, at what was judged last.
void engine_end_episode(struct detect *d, struct sensor_state *s, size_t which);

// A timer of a sensor went off.
void engine_sensor_timer(struct detect *d, struct sensor_state *s, int64_t when_us);

// Makes sure that a timer goes off by the earliest deadline of the sensor's detectors.
void engine_arm(struct detect *d, struct sensor_state *s);

// True while findings are not told.
bool engine_is_quiet(const struct detect *d);

// A score floor has changed: episodes that are kept back go by the new one.
void engine_follow_floor(struct detect *d, uint32_t sensor, size_t which, enum anomaly_kind kind,
                         double floor);

// Ends for the outside what is open of an incident, and watches it on.
void engine_put_aside(struct detect *d, uint64_t incident);

// Raises what still goes on of an incident whose episodes were put aside.
void engine_raise_again(struct detect *d, uint64_t incident);

// Raises the episodes that were found in quiet, go on, and were not known before.
void engine_leave_quiet(struct detect *d);

#endif
