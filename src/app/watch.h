// Watching a file or a stream without a server or a database.
#ifndef FETTLE_APP_WATCH_H
#define FETTLE_APP_WATCH_H

#include "app/app.h"
#include "ingest/csv_replay.h"

struct watch_options {
    const char *path;  // "-": standard input
    const char *asset; // of columns without one; NULL: after the file
    const char *const *ignore;
    size_t ignore_count;
    // The file's readings of this time count as normal and are learnt from first; TIME_NONE: from
    // its beginning, to its end. Needs a file that can be read again.
    bool learns;
    int64_t learn_from_us, learn_to_us;
};

// What comes of it, while it runs. All on the caller's thread; any may be NULL.
struct watch_events {
    void (*anomaly)(void *arg, const struct sensor *s, const struct anomaly *a, enum change c);
    void (*incident)(void *arg, const char *asset, const struct incident *i, enum change c);
    void (*refused)(void *arg, uint64_t line, const char *why);
    // The input is over: what is told of anomalies from here on is how they stood at its end.
    void (*ending)(void *arg);
    // Bytes done and in all (0: unknown); false stops.
    bool (*progress)(void *arg, uint64_t done, uint64_t total);
    void *arg;
};

struct watch_report {
    uint64_t readings, refused;
    uint64_t learnt; // readings of the span to learn from
    size_t sensors, assets;
    int64_t first_us, last_us; // event time; TIME_NONE
    uint64_t anomalies, by_kind[ANOMALY_KIND_COUNT], incidents;
    size_t open; // anomalies that had not ended at the end of the input
    double seconds;
};

// Only the settings of `from` are used, its data folder is not. The report is filled as far as it
// came also when an error stops it.
enum err_code app_watch(const struct app_sources *from, const struct watch_options *options,
                        const struct watch_events *events, struct watch_report *report,
                        struct err *err);

#endif
