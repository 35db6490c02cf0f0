// What the files of app/ share: the running plant's state, by owner.
#ifndef FETTLE_APP_APP_PRIVATE_H
#define FETTLE_APP_APP_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/app.h"
#include "bus/ring.h"

extern const struct setting_def app_settings[];

// A reading with this as its sensor is a message to the detect stage: the clock has moved on.
#define SENSOR_TICK UINT32_MAX
// Likewise: there is a task (detect_tasks.c).
#define SENSOR_WAKE (UINT32_MAX - 1)

enum { MAX_LISTENERS = 4096, STAGE_TICK_SLOTS = 64 };

// One settings snapshot, kept while someone holds it.
struct held_settings {
    struct settings *settings;
    unsigned holders;
    bool retired;
    struct held_settings *next;
};

enum { FINDINGS_MAX = 1024 };

// One thing the engine said, until it is stored and told.
struct finding {
    enum app_event_type type;
    enum change change;
    union {
        struct anomaly anomaly;
        struct incident incident;
    };
};

// Counts of one stage: written by its thread, read by the status.
struct stage_meter {
    const char *name, *input, *output;
    atomic_bool active;
    atomic_uint_fast64_t in, out;
    _Atomic int64_t last_us;
    // The upkeep thread's: for the rate.
    uint64_t in_before;
    _Atomic double per_second;
    pthread_mutex_t note_lock;
    char note[128];
};

enum stage { STAGE_SOURCE, STAGE_INTAKE, STAGE_STORE, STAGE_DETECT, STAGE_SUMMARY, STAGE_COUNT };

enum clock_mode { CLOCK_WALL, CLOCK_SCALED, CLOCK_REPLAY };

// What the engine last said of a sensor.
struct sensor_view {
    double low, high, sensitivity;
};

// A pattern in an incident that was called a false alarm.
struct verdict_entry {
    uint64_t incident;
    uint64_t anomaly; // the largest finding
    uint32_t sensor;
    char detector[24];
    enum anomaly_kind kind;
    double score;
    int64_t at_us; // wall time of the verdict
};

struct verdicts {
    struct verdict_entry *items;
    size_t n, cap;
};

// An order to learn anew.
struct learning {
    enum app_part part;
    uint32_t id;            // the sensor or asset
    int64_t at_us;          // plant time
    int64_t from_us, to_us; // the span that counts as normal; TIME_NONE: none
    int64_t at_wall_us;
};

struct learnings {
    struct learning *items; // in the order of at_us
    size_t n, cap;
};

struct app {
    const struct app_sources *from;
    int64_t started_us;

    pthread_mutex_t settings_lock;
    struct held_settings *settings; // newest first

    struct catalog *catalog;
    struct store *store;

    // Intake: readings between submission and the end of their detection.
    struct ring *to_detect;
    atomic_size_t in_flight;
    size_t in_flight_limit;
    atomic_uint_fast64_t accepted, duplicates, refused;
    atomic_uint_fast64_t missing; // accepted ones without a value

    // Detect stage: the thread owns `detect` and what was found but is not stored yet.
    struct detect *detect;
    pthread_t detect_thread;
    bool detect_running;
    struct finding *findings; // FINDINGS_MAX of them, in order
    size_t finding_count;
    uint64_t findings_lost;     // a disk that stays full: findings beyond FINDINGS_MAX
    int64_t judged_us;          // how far in event time detection has come
    int64_t judged_saved_us;    // what the store knows of it...
    int64_t judged_saved_at_us; // ...since this monotonic time
    atomic_bool reload_wanted;
    pthread_mutex_t snapshot_lock; // guards what other threads see of the engine:
    struct detect_stats detect_stats;
    struct sensor_view *views; // by sensor
    size_t view_count;
    int64_t snapshot_at_us;
    pthread_mutex_t tasks_lock; // guards tasks and whether they are taken
    pthread_cond_t tasks_done;
    struct detect_task *tasks; // oldest first
    bool tasks_taken;

    // What people said about detection, kept over restarts.
    pthread_mutex_t words_lock; // guards both:
    struct verdicts verdicts;
    struct learnings learnings;

    // Clock of the plant. No ticks while a source still makes the past: they would find it silent.
    atomic_bool ticks_held;
    _Atomic int clock_mode;
    int64_t clock_start_us, clock_wall_start_us;
    double clock_speed;

    // Events.
    pthread_mutex_t listeners_lock;
    struct {
        app_listen_fn *fn;
        void *arg;
    } listeners[MAX_LISTENERS];
    size_t listener_count;
    uint64_t event_sequence;

    // Upkeep: ticks, rates.
    pthread_t upkeep_thread;
    bool upkeep_running;
    pthread_mutex_t stop_lock;
    pthread_cond_t stop_cond;
    bool stopping;

    // Summaries; the lock guards what follows.
    pthread_mutex_t summary_lock;
    int64_t summarized_until_us; // plant time
    struct summary_counts {
        uint64_t accepted, late, missing;
    } summary_counts; // as they were then
    pthread_t summary_thread;
    bool summary_running;

    struct app_models *models; // models.c; has its own lock; NULL while offline

    // The one built-in source that may run (source_demo.c, source_replay.c).
    pthread_t source_thread;
    bool source_running;
    struct demo *demo;
    struct replay *replay;

    struct stage_meter stages[STAGE_COUNT];
};

// ---- detect_stage.c ----
enum err_code detect_stage_start(struct app *a, struct err *err);
void detect_stage_stop(struct app *a); // after to_detect was stopped

// Offline, in place of the start: of every sensor what the rules say, since nothing was learnt.
enum err_code detect_stage_view_rules(struct app *a, const struct settings *s, struct err *err);

// Stores what was found and not stored yet, then tells the listeners. On the detect thread.
void detect_stage_store(struct app *a);

void detect_stage_found_anomaly(void *app, const struct anomaly *an, enum change change);
void detect_stage_found_incident(void *app, const struct incident *in, enum change change);

// ---- detect_tasks.c ----
// Has `run` called on the detect thread and waits for it; what it finds is stored and told before
// this returns. ERR_CONFLICT when nothing detects (offline, or stopping).
typedef enum err_code detect_task_fn(struct app *a, void *arg, struct err *err);
enum err_code detect_stage_do(struct app *a, detect_task_fn *run, void *arg, struct err *err);

// The detect thread's: whether tasks are taken in; runs those that wait, false when none did.
void detect_tasks_take(struct app *a, bool taken);
bool detect_tasks_run(struct app *a);

// ---- verdicts.c ----
// Before the detect thread runs: reads what was stored and sets the engine's floors by it.
enum err_code verdicts_load(struct app *a, struct err *err);
void verdicts_free(struct app *a);

// An incident's verdict changes to `now`: takes note of its patterns (before the edit is stored),
// or forgets them (after), and has the engine follow.
enum err_code verdicts_note(struct app *a, uint64_t incident, struct err *err);
enum err_code verdicts_forget(struct app *a, uint64_t incident, struct err *err);

// On the detect thread: an anomaly of an incident that was called false may have grown since.
void verdicts_follow(struct app *a, const struct anomaly *an);

// ---- learning.c ----
enum err_code learning_load(struct app *a, struct err *err);
void learning_free(struct app *a);

// Before the detect thread runs: carries out orders from number `*next` on that were given up to
// plant time `until_us`. learning_next_us: when the next one was given, INT64_MAX for none.
enum err_code learning_apply(struct app *a, size_t *next, int64_t until_us, struct err *err);
int64_t learning_next_us(const struct app *a, size_t next);

// ---- recover.c ----
// Feeds the engine what it knew before the last stop.
enum err_code app_recover(struct app *a, struct err *err);

// ---- events.c ----
void app_publish(struct app *a, struct app_event *event);

// ---- upkeep.c ----
enum err_code upkeep_start(struct app *a, struct err *err);
void upkeep_stop(struct app *a);
// Sleeps up to `us`; false when the app is stopping.
bool app_sleep(struct app *a, int64_t us);
bool app_is_stopping(struct app *a);

// ---- summarize.c ----
// Writes, stores and tells the summary of the time since the last one.
enum err_code app_write_summary(struct app *a, struct summary *out, struct err *err);

// ---- source_demo.c, source_replay.c ----
// Both end with the thread joined; `app_is_stopping` makes it leave.
void demo_stop(struct app *a);
void replay_stop(struct app *a);
// Stores a block, trying again while the disk is full; false when the source should end.
bool source_submit(struct app *a, const struct reading *readings, size_t count);

// ---- status.c ----
void stage_meter_init(struct stage_meter *m, const char *name, const char *input,
                      const char *output);
void stage_count(struct stage_meter *m, uint64_t in, uint64_t out);
// True if the note was another one before.
bool stage_note(struct stage_meter *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
