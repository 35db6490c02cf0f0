// What a plant remembers: readings, roll-ups, anomalies, incidents, summaries; durable and bounded.
//
// One interface over SQLite (and later PostgreSQL). Writing happens on ONE thread that the store
// owns, by batches: store_submit hands a batch over, the thread puts as many batches as wait (for
// at most `group_commit_us`) into one transaction, commits, and then calls each batch's `done` in
// the order of submission. ERR_OK there means: on disk, survives a power cut (synchronous=FULL).
// Reading is safe from any thread at any time and sees only what was committed.
#ifndef FETTLE_STORE_STORE_H
#define FETTLE_STORE_STORE_H

#include "base/err.h"
#include "base/settings.h"
#include "plant/catalog.h"
#include "plant/plant.h"

struct store;

// The store's settings (store.*): path-independent knobs such as retention and group commit.
extern const struct setting_def store_settings[];

// Opens or creates the database in folder `data_dir` (file fettle.db), migrates it to the present
// version, recovers after a crash, and fills the empty `catalog` with the sensors it knows.
// `catalog` must outlive the store. ERR_CORRUPT names what is damaged and how to restore a backup;
// ERR_CONFLICT when another process has the folder open.
enum err_code store_open(const char *data_dir, const struct settings *settings,
                         struct catalog *catalog, struct store **out, struct err *err);

// Commits what waits, stops the writer, closes.
enum err_code store_close(struct store **s, struct err *err);

// Takes over retention and other reloadable settings.
enum err_code store_reload(struct store *s, const struct settings *settings, struct err *err);

// ---- writing ----

enum reading_fate {
    FATE_STORED,
    FATE_DUPLICATE, // this sensor has a reading at this time already; the first one stays
};

// A technician's word on an incident: only the fields whose flag is set change.
struct incident_edit {
    uint64_t id;
    int64_t time_us; // wall time of the edit
    bool set_state, set_verdict, set_note, set_cause;
    enum incident_state state;
    enum verdict verdict;
    char note[PLANT_NOTE_BYTES];
    char cause[PLANT_MESSAGE_BYTES];
};

struct store_batch {
    // What to write. All of it stays the caller's and must live until `done`.
    const struct reading *readings; // values may be NaN; any order of time
    size_t reading_count;
    const struct anomaly *anomalies; // inserted, or updated when the id is known
    size_t anomaly_count;
    const struct incident *incidents;  // likewise, but an update leaves what people said (state,
    size_t incident_count;             // verdict, note, cause, their times) as it is
    const struct incident_edit *edits; // what people say
    size_t edit_count;
    const struct summary *summaries;
    size_t summary_count;
    const struct incident_diagnosis *diagnoses; // of an incident and a moment the last one stays
    size_t diagnosis_count;

    // Results, valid in `done`. An edit of an unknown incident fails the batch with ERR_NOT_FOUND.
    // `fate` holds reading_count entries, or is NULL when the caller does not care.
    uint8_t *fate; // enum reading_fate
    size_t stored, duplicates;

    // Called once on the writer's thread after the commit, or after it failed; must not block.
    // ERR_NO_SPACE: the disk is full, nothing of the batch was kept, sending it again later is
    // right. ERR_IO: the disk failed; the store is read-only until it is opened anew.
    void (*done)(struct store_batch *batch, enum err_code code, const struct err *err);
    void *arg;
    struct store_batch *next; // the store's
};

// Hands a batch over; `done` follows always if this returned ERR_OK, and never otherwise. ERR_BUSY
// when more than the set number of readings wait. A batch with nothing in it is a barrier.
enum err_code store_submit(struct store *s, struct store_batch *batch, struct err *err);

// store_submit, and waits for the commit.
enum err_code store_write(struct store *s, struct store_batch *batch, struct err *err);

// ---- reading ----

enum rollup { ROLLUP_RAW, ROLLUP_MINUTE, ROLLUP_HOUR };

struct store_point {
    int64_t time_us; // of the reading, or the start of the bucket
    double value;    // the reading, or the mean of the bucket; NaN: missing
    double min, max; // of the bucket; equal to value for raw points
    uint64_t count;  // readings with a value in the bucket
};

struct store_history {
    struct store_point *points; // owned; store_history_free
    size_t count;
    enum rollup rollup; // what the points are
    int64_t bucket_us;  // width of a bucket; 0 for raw
    bool more;          // raw points were asked for and cut at the limit
};

// Readings of one sensor in [from, to), oldest first, at most `max_points` (bounded by 100,000).
// With `raw` false the finest roll-up (or a multiple of it) that fits is chosen, so that the
// points span the whole range; where raw readings were retired already, roll-ups answer.
enum err_code store_history(struct store *s, uint32_t sensor, int64_t from_us, int64_t to_us,
                            size_t max_points, bool raw, struct store_history *out,
                            struct err *err);
void store_history_free(struct store_history *h);

// Every reading in [from, to), of all sensors, ordered by (time, sensor), in blocks; `each` returns
// false to stop. For rebuilding the detectors after a restart and for export.
typedef bool store_readings_fn(void *arg, const struct reading *readings, size_t count);
enum err_code store_scan(struct store *s, int64_t from_us, int64_t to_us, store_readings_fn *each,
                         void *arg, struct err *err);

// The newest reading of each sensor: fills out[i] for sensor i < count (none: time_us TIME_NONE,
// value NaN).
void store_latest(struct store *s, struct reading *out, size_t count);
int64_t store_last_reading_us(struct store *s); // TIME_NONE: none

struct anomaly_filter {
    int64_t from_us, to_us; // TIME_NONE: no bound; an episode counts if it touches the range
    bool has_asset, has_sensor, has_kind, has_incident, open_only;
    uint32_t asset, sensor;
    enum anomaly_kind kind;
    uint64_t incident;
    // Paging, newest first: only those before (start_us, id); 0 id: from the newest.
    int64_t before_us;
    uint64_t before_id;
    size_t limit; // at most 1,000
};

// Fills at most filter->limit entries of `out`, newest start first; `*count` is how many.
enum err_code store_anomalies(struct store *s, const struct anomaly_filter *filter,
                              struct anomaly *out, size_t *count, struct err *err);
enum err_code store_anomaly(struct store *s, uint64_t id, struct anomaly *out, struct err *err);
enum err_code store_anomaly_count(struct store *s, int64_t since_us, uint64_t *count,
                                  struct err *err);

struct incident_filter {
    bool has_state, has_asset, active_only;
    enum incident_state state;
    uint32_t asset;
    uint64_t before_id; // paging, newest first; 0: from the newest
    size_t limit;       // at most 1,000
};

enum err_code store_incidents(struct store *s, const struct incident_filter *filter,
                              struct incident *out, size_t *count, struct err *err);
enum err_code store_incident(struct store *s, uint64_t id, struct incident *out, struct err *err);
enum err_code store_last_incident_id(struct store *s, uint64_t *id, struct err *err);

// What was made of the incident: at its opening, at its closing, in this order.
enum err_code store_diagnoses(struct store *s, uint64_t incident, struct incident_diagnosis out[2],
                              size_t *count, struct err *err);

// Of the newest 500 incidents one that has no diagnosis of the state it is in, active ones first;
// 0: none. Only those that are over or began before `opened_us`, and had a sign of life since
// `since_us`.
enum err_code store_diagnosis_due(struct store *s, int64_t opened_us, int64_t since_us,
                                  uint64_t *incident, struct err *err);

// The newest summaries first.
enum err_code store_summaries(struct store *s, size_t limit, struct summary *out, size_t *count,
                              struct err *err);

// Small named values that must survive a restart (detector state, cursors); NULL value: not there.
enum err_code store_state_put(struct store *s, const char *key, struct str value, struct err *err);
enum err_code store_state_get(struct store *s, const char *key, struct buf *out, struct err *err);

// ---- upkeep ----

struct store_stats {
    uint64_t readings;                                // held raw
    uint64_t database_bytes;                          // fettle.db with its WAL
    uint64_t commits, commit_us_total, commit_us_max; // since start
    uint64_t queued_readings;
    int64_t oldest_us, newest_us; // of raw readings; TIME_NONE
    bool read_only;               // the disk failed
    bool disk_full;               // the last commit found no space
    char engine[64];              // "SQLite 3.40.1"
};
void store_stats(struct store *s, struct store_stats *out);

// Applies retention up to wall time `now_us`; the writer also does this by itself once a minute.
enum err_code store_retain(struct store *s, int64_t now_us, struct err *err);

// A consistent copy of the whole database in a new file, while everything goes on. An existing file
// is refused. The copy appears under its name only when it is complete and checked.
enum err_code store_backup(struct store *s, const char *path, struct err *err);

// The same for a data folder that another process may have open: reads the file beside it.
enum err_code store_backup_folder(const char *data_dir, const char *path, struct err *err);

// Checks `backup` (integrity, version) and puts it in place of data_dir's database, which is kept
// as fettle.db.before-restore. ERR_CONFLICT while a process has the folder open.
enum err_code store_restore(const char *backup, const char *data_dir, struct err *err);

#endif
