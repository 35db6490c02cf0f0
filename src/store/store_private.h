// What the files of store/ share: the open store, by owner, and the steps of a commit.
#ifndef FETTLE_STORE_STORE_PRIVATE_H
#define FETTLE_STORE_STORE_PRIVATE_H

#include <stdio.h>

#include "store/conn.h"
#include "store/series.h"
#include "store/store.h"

// For tests, set before store_open: the VFS to use (NULL: SQLite's default); the level of
// synchronous (NULL: FULL), with which a test shows that it would notice losses; and whether the
// journal is trimmed and the log checkpointed at every chance.
struct store_test_hooks {
    const char *vfs, *synchronous;
    bool hasty;
};
extern struct store_test_hooks store_test_hooks;

enum { STORE_READERS = 4, STORE_PATH_BYTES = 4096 };

// A value that a caller of store_state_put waits for.
struct state_put {
    const char *key;
    struct str value;
    bool over;
    enum err_code code;
    struct err err;
    struct state_put *next;
};

// What retention keeps: ages in microseconds and bytes; 0 keeps everything.
struct retention {
    int64_t readings_us, anomalies_us, minutes_us, hours_us, incidents_us, summaries_us;
    int64_t bytes;
};

// One run of retention, which the writer takes step by step between commits.
struct retain_run {
    bool under_way;
    bool asked; // store_retain waits for it
    int64_t now_us;
    struct retention keep;
    unsigned stage;
    uint32_t sensor; // next, in stages that go by sensor
};

// A reading on its way into the store, with its place in the group for "the first one stays".
struct arrival {
    struct item item;
    uint32_t index;
};

// A batch in a group.
struct member {
    struct store_batch *batch;
    size_t first_index;        // of its readings within the group
    uint64_t unknown_incident; // not 0: it edits an incident that is not there and is left out
};

// The batches of one transaction and the memory to work on them, kept from commit to commit.
struct group {
    struct member *members;
    size_t member_count, member_capacity;
    struct state_put *puts;
    size_t queued_readings; // of all members
    size_t reading_count;   // of those that are not left out
    uint32_t sensor_count;  // rows in the table of sensors after this commit

    struct arrival *arrivals; // grouped by sensor
    struct item *items;       // what is stored of them, in the same places
    size_t capacity;          // of both
    uint32_t *touched;        // sensors of the group
    size_t touched_count, touched_capacity;
    uint32_t *sealed; // sensors whose heads are sealed by this commit
    size_t sealed_count, sealed_capacity;
    struct buf blob;
};

struct store {
    char dir[STORE_PATH_BYTES], path[STORE_PATH_BYTES + 16];
    int lock_fd;
    struct catalog *catalog;
    struct series_table table;
    _Atomic int64_t newest_us;
    atomic_bool read_only, disk_full;

    // Readers.
    pthread_mutex_t readers_lock;
    pthread_cond_t reader_free;
    struct conn readers[STORE_READERS];
    bool reader_taken[STORE_READERS];

    // The queue.
    pthread_mutex_t lock;
    pthread_cond_t wake;     // the writer's
    pthread_cond_t progress; // whoever waits for a state_put or a retention
    struct store_batch *first, *last;
    struct state_put *first_put, *last_put;
    size_t queued_readings, queue_max;
    int64_t window_us; // of group commit
    struct retention retention;
    bool stopping;
    uint64_t retain_wanted, retain_done; // runs of retention
    int64_t retain_now_us;
    enum err_code retain_code;
    struct err retain_err;

    // The writer's own.
    pthread_t thread;
    bool running;
    struct conn writer;
    struct group group;
    uint32_t saved_sensors;  // rows in the table of sensors
    int64_t journal_next;    // id of the next row
    uint32_t epoch;          // counts spans of time or of readings; old heads are due
    int64_t epoch_at_us;     // when it began, monotonic
    uint64_t epoch_readings; // since it began
    uint32_t *due;           // a ring of sensors whose heads are due
    size_t due_at, due_count, due_capacity;
    int64_t trimmed_at_us;        // monotonic
    int log_pages, checkpoint_at; // of the log, after the last commit, when next
    int64_t committed_at_us;      // end of the last commit, monotonic
    struct retain_run retain;

    // Counters, relaxed.
    atomic_uint_fast64_t commits, commit_us_total, commit_us_max;
};

// ---- settings.c ----
void store_take_settings(struct store *s, const struct settings *settings);

// ---- migrate.c ----
struct migration {
    const char *what; // "keep recordings"
    const char *sql;
};
extern const struct migration store_migrations[];
extern const size_t store_migration_count;

// Brings the schema to version `count` by steps[version]...; each step is one transaction together
// with its number, so that whatever happens between, the next try goes on. ERR_UNSUPPORTED for a
// database of a later version, ERR_CONFLICT for one that is not fettle's.
enum err_code store_migrate(struct conn *c, const struct migration *steps, size_t count,
                            struct err *err);
// ERR_OK for a database of this or an earlier version; else as store_migrate.
enum err_code store_check_version(struct conn *c, struct err *err);

// ---- load.c: what opening finds ----
enum err_code store_load(struct store *s, struct err *err);

// ---- blob.c: bytes with a check sum behind them ----
void blob_close(struct buf *b, size_t start); // over what was added since `start`
bool blob_check(struct str *bytes);           // true and the sum cut off, or false

// ---- sealed.c: chunks in the database ----
struct chunk_place {
    int64_t id, first_us, last_us;
    uint32_t count;
};
enum err_code chunk_find(struct conn *c, enum statement which, uint32_t sensor, int64_t time_us,
                         struct chunk_place *out, bool *found, struct err *err);
enum err_code chunk_read(struct conn *c, int64_t id, struct item *out, size_t *n, struct err *err);

// ---- admit.c: the group's readings by sensor, without duplicates ----
enum err_code group_admit(struct store *s, struct group *g, struct err *err);

// ---- seal.c ----
// Puts a sensor on the list of those that are due.
enum err_code seal_list(struct store *s, uint32_t sensor, struct err *err);
// Writes heads that are due into chunks and roll-ups; notes them in g->sealed.
enum err_code group_seal(struct store *s, struct group *g, struct err *err);

// ---- anomalies.c, incidents.c, summaries.c, diagnoses.c ----
enum err_code anomaly_put(struct conn *c, const struct anomaly *a, struct err *err);
enum err_code incident_put(struct conn *c, const struct catalog *catalog, const struct incident *in,
                           struct err *err);
enum err_code incident_exists(struct conn *c, uint64_t id, bool *exists, struct err *err);
enum err_code incident_apply_edit(struct conn *c, const struct incident_edit *e, struct err *err);
enum err_code summary_put(struct conn *c, const struct summary *su, struct err *err);
enum err_code diagnosis_put(struct conn *c, const struct incident_diagnosis *d, struct err *err);

// ---- commit_write.c ----
enum { JOURNAL_ROW_BYTES = 1 << 18 }; // a row of the journal ends after about this much
// Writes the group within the open transaction; *journal_next becomes the id after its last row.
enum err_code group_write(struct store *s, struct group *g, int64_t *journal_next, struct err *err);

// ---- commit.c ----
// Takes a batch into the group; false when memory is out.
bool group_add(struct group *g, struct store_batch *batch);
// Commits the group, answers everyone in it, and empties it. Never leaves a transaction open.
void group_commit(struct store *s, struct group *g);
void group_free(struct group *g);
// Makes failures of the disk known to all: read_only, disk_full.
void store_note_failure(struct store *s, enum err_code code);
enum err_code store_is_read_only(struct store *s, struct err *err);

// ---- writer.c ----
enum err_code writer_start(struct store *s, struct err *err);
void writer_stop(struct store *s); // after committing what waits

// ---- retain.c: the writer's thread ----
void retain_begin(struct store *s, int64_t now_us);
void retain_step(struct store *s); // one bounded step of the run under way
void retain_cancel(struct store *s);

// ---- view.c: reading ----
enum err_code reader_take(struct store *s, struct conn **c, struct err *err);
void reader_give(struct store *s, struct conn *c);

// A reader whose snapshot of the chunks and the heads belong together: each reading is in one of
// them. view_open returns with the heads read-locked; copy what is needed, then view_unlock.
enum err_code view_open(struct store *s, struct conn **c, struct err *err);
void view_unlock(struct store *s);
void view_close(struct store *s, struct conn *c);

// ---- walk.c ----
// Calls `each` for the readings of a sensor in [from, to), in order of time: those in chunks, and
// those among the `n` items of the head; until it returns false.
typedef bool walk_fn(void *arg, const struct item *item);
enum err_code walk_items(struct conn *c, uint32_t sensor, int64_t from_us, int64_t to_us,
                         const struct item *head, size_t n, walk_fn *each, void *arg,
                         struct err *err);
// Counts the readings of the chunks that touch [from, to); stops beyond `enough`.
enum err_code walk_count(struct conn *c, uint32_t sensor, int64_t from_us, int64_t to_us,
                         uint64_t enough, uint64_t *count, struct err *err);

// ---- rollup.c ----
// Readings of one span of time, those without a finite value left out. The sum is kept with what
// rounding lost (Neumaier), so that the order of adding hardly matters.
struct bucket {
    int64_t start_us;
    uint64_t count;
    double sum, lost, min, max;
};
void bucket_add(struct bucket *b, double value);
void bucket_add_sums(struct bucket *b, uint64_t count, double sum, double min, double max);
double bucket_sum(const struct bucket *b);
int64_t bucket_start(int64_t time_us, int64_t width_us); // also before 1970
enum err_code rollup_add(struct conn *c, uint32_t sensor, const struct item *items, size_t n,
                         struct err *err);

// ---- open.c ----
// Takes the folder's lock; ERR_CONFLICT when another process has it. Close the descriptor to give
// it back.
enum err_code store_lock(const char *dir, int *fd, struct err *err);

#endif
