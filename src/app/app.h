// The running plant: the wiring of all stages, and the use cases that surfaces call.
//
// Data flows one way (app/pipeline.c draws it): sources and HTTP hand readings to the intake, the
// store commits them, the detect stage judges what was stored, its findings go into the store and
// to everyone who listens. Queries that need no work go to the store directly (app_store).
// All functions are safe from any thread unless said otherwise.
#ifndef FETTLE_APP_APP_H
#define FETTLE_APP_APP_H

#include "base/err.h"
#include "base/settings.h"
#include "detect/detect.h"
#include "plant/catalog.h"
#include "plant/plant.h"
#include "store/store.h"

struct app;

// ---- settings (app/config.c) ----

// The tables of all folders up to this one, in the order of the documentation. A surface adds its
// own (the server's) where `tables` is asked for below.
const struct setting_def *const *app_setting_tables(size_t *count);

// Where settings come from.
struct app_sources {
    const struct setting_def *const *tables; // all that the program has; must outlive the app
    size_t table_count;
    const char *data_dir;
    const char *config_path; // NULL: fettle.yaml in the data folder, else in the current one
    const char *const *sets; // "name=value" as after --set
    size_t set_count;
    bool offline; // only look and edit: no stage runs, nothing is detected
};

// Builds the settings in force, weakest first: defaults, the configuration file, the data folder's
// settings.yaml (what was changed through the API), the environment, `sets`.
enum err_code app_settings_load(const struct app_sources *from, struct settings **out,
                                struct err *err);

// ---- life ----

// Opens the store, recovers, starts the stages. `from` and what it points to must outlive the app.
enum err_code app_open(const struct app_sources *from, struct app **out, struct err *err);

// Stops the sources, drains what was accepted, stops. At most about 10 s.
enum err_code app_close(struct app **a, struct err *err);

// The demo plant: `assets` pipes simulated at `speed` times real time (1: the clock's), with an
// hour of history made first so that charts are full at once.
enum err_code app_start_demo(struct app *a, size_t assets, double speed, uint64_t seed,
                             struct err *err);

// Replays CSV files one after the other; speed 0: as fast as possible. Times stay as recorded.
enum err_code app_start_replay(struct app *a, const char *const *paths, size_t count, double speed,
                               struct err *err);

struct store *app_store(struct app *a);
struct catalog *app_catalog(struct app *a);
const char *app_data_dir(const struct app *a);

// Plant time: the wall clock, or the simulation's or replay's own clock.
int64_t app_now_us(const struct app *a);
int64_t app_started_us(const struct app *a); // wall time of app_open

// ---- intake ----

// One delivery of readings. The caller owns it until `done` ran.
struct app_ticket {
    const struct reading *readings;
    size_t count;
    size_t stored, duplicates; // results
    // Called once, on the store's writer thread, after the durable commit or after its failure
    // (ERR_NO_SPACE, ERR_IO, ERR_NO_MEMORY). Must not block.
    void (*done)(struct app_ticket *ticket, enum err_code code, const struct err *err);
    void *arg;
    // The app's.
    struct store_batch batch;
    struct app *app;
    uint8_t *fate;
};

// Hands readings in. ERR_BUSY: too many are in flight, try again in a moment (`done` is not
// called).
enum err_code app_submit(struct app *a, struct app_ticket *ticket, struct err *err);

// app_submit, waiting while busy and for the commit. For sources with their own thread.
enum err_code app_submit_wait(struct app *a, const struct reading *readings, size_t count,
                              size_t *stored, size_t *duplicates, struct err *err);

// Readings outside these are refused at the door (settings intake.*): wall clock based.
void app_intake_bounds(struct app *a, int64_t *oldest_us, int64_t *newest_us);

// ---- events ----

enum app_event_type { EVENT_ANOMALY, EVENT_INCIDENT, EVENT_SUMMARY, EVENT_DIAGNOSIS };

struct app_event {
    enum app_event_type type;
    enum change change;
    uint64_t sequence;             // 1, 2, 3... since start
    const struct anomaly *anomaly; // by type; valid during the call only
    const struct incident *incident;
    const struct summary *summary;
    const struct incident_diagnosis *diagnosis;
};

// `fn` is called on the stage's thread for every event after it was committed; it must be quick
// and must not block. `app_unlisten` returns when no call is running any more.
typedef void app_listen_fn(void *arg, const struct app_event *event);
enum err_code app_listen(struct app *a, app_listen_fn *fn, void *arg, struct err *err);
void app_unlisten(struct app *a, app_listen_fn *fn, void *arg);

// The newest reading of every sensor below `count`; returns a number that grows with each change.
uint64_t app_latest(struct app *a, struct reading *out, size_t count);

// The band the value of a sensor should be in, from the limits or detectors; NaN: unknown.
void app_band(struct app *a, uint32_t sensor, double *low, double *high);

// How easily the statistical detectors alarm on a sensor, as set (rules.sensitivity); NaN: unknown.
double app_sensitivity(struct app *a, uint32_t sensor);

// ---- what people say about detection ----

#define APP_EVERY_SENSOR UINT32_MAX
enum { APP_PATTERN_INCIDENTS = 8 };

// A pattern that was called a false alarm: what one detector finds, of one kind, on one sensor.
struct app_pattern {
    uint32_t sensor;
    char detector[24];
    enum anomaly_kind kind;
    double false_score; // the largest that was called false
    double above_score; // findings are told from here on: a quarter larger than that
    int64_t since_us;   // wall time of the first of its verdicts
    uint64_t incidents[APP_PATTERN_INCIDENTS]; // the newest with such a verdict
    size_t incident_count;
};

// The patterns of a sensor, or of all; the caller frees `*out`.
enum err_code app_patterns(struct app *a, uint32_t sensor, struct app_pattern **out, size_t *count,
                           struct err *err);

// Which patterns: of APP_EVERY_SENSOR or one, by any detector (NULL) or one, of any kind or one.
struct app_pattern_filter {
    uint32_t sensor;
    const char *detector;
    bool has_kind;
    enum anomaly_kind kind;
};

// Tells such patterns again as before they were called false; the verdicts themselves stay as they
// are. `*count` is how many verdicts' patterns that took back.
enum err_code app_patterns_reset(struct app *a, const struct app_pattern_filter *filter,
                                 size_t *count, struct err *err);

enum app_part { APP_SENSOR, APP_ASSET, APP_PLANT };

// An order to forget what is normal and to learn it anew, from now on or from stored readings.
struct app_relearn {
    enum app_part part;
    uint32_t id;            // of the sensor or asset
    int64_t from_us, to_us; // the span that counts as normal; both TIME_NONE: none
};

struct app_relearnt {
    size_t sensors;    // that learn anew
    uint64_t readings; // that were learnt from
};

// Done when it returns. Detection waits while the span is read. Kept over restarts. ERR_NOT_FOUND:
// no such sensor or asset; ERR_INPUT: a span without readings.
enum err_code app_relearn(struct app *a, const struct app_relearn *order, struct app_relearnt *out,
                          struct err *err);

// The wall time of the latest order that concerns the sensor; TIME_NONE: there was none.
int64_t app_relearnt_us(struct app *a, uint32_t sensor);

// "FROM..TO", with times as in RFC 3339; an end left out gives TIME_NONE. ERR_INPUT names the part
// that is no time, or an end before the start.
enum err_code app_span_parse(struct str text, int64_t *from_us, int64_t *to_us, struct err *err);

// ---- incidents, summaries ----

// Applies a technician's edit, tells listeners, returns the incident as it is then.
enum err_code app_incident_edit(struct app *a, const struct incident_edit *edit,
                                struct incident *out, struct err *err);

// The newest summary; makes one from the facts of the window when there is none yet.
enum err_code app_summary(struct app *a, struct summary *out, struct err *err);

// ---- configuration ----

// A settings snapshot that stays valid until released.
const struct settings *app_settings_hold(struct app *a);
void app_settings_release(struct app *a, const struct settings *s);

// Applies "name", "value" pairs: all or none. ERR_INPUT names the first wrong one. Values that need
// a restart are kept in settings.yaml and `*restart` is set.
enum err_code app_config_change(struct app *a, const char *const *names, const char *const *values,
                                size_t count, bool *restart, struct err *err);

// Reads the files again (SIGHUP).
enum err_code app_config_reload(struct app *a, struct err *err);

// ---- status ----

struct app_stage_status {
    const char *name;  // "intake", "store", "detect", "summary", "demo", "replay"
    const char *input; // topic or source, "" for none
    const char *output;
    bool active;
    uint64_t in, out; // items since start
    uint64_t queued, queue_limit;
    double per_second; // items in, over the last seconds
    int64_t last_us;   // wall time of the last item, TIME_NONE
    char note[128];    // what is wrong, or "" when nothing is
};

struct app_status {
    bool sensor_active; // a reading came within the last 10 s of wall time
    bool detector_active, llm_active, api_active;
    int64_t last_reading_us; // event time; TIME_NONE
    uint64_t anomaly_count_24h;
    uint64_t readings_accepted, readings_duplicate, readings_refused;
    size_t sensors, assets;
    struct detect_stats detect;
    struct store_stats store;
    size_t stage_count;
    struct app_stage_status stages[12];
};

void app_status(struct app *a, struct app_status *out);

// Counts lines that a surface refused, for the status.
void app_count_refused(struct app *a, uint64_t count);

#endif
