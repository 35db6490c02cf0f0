// Source and engine in one thread: readings in, findings out.
#include "app/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ingest/stream.h"

// What has begun and not ended, to tell of it at the end.
struct unfinished {
    struct anomaly *anomalies;
    size_t anomaly_count, anomaly_cap;
    struct incident *incidents;
    size_t incident_count, incident_cap;
    bool out_of_memory;
};

struct watching {
    const struct watch_events *events;
    struct watch_report *report;
    struct catalog *catalog;
    struct detect *detect;
    struct unfinished unfinished;
};

static enum err_code take(void *arg, const struct reading *readings, size_t count, struct err *err)
{
    struct watching *w = arg;
    struct watch_report *r = w->report;
    for (size_t i = 0; i < count; i++) {
        int64_t t = readings[i].time_us;
        r->first_us = r->first_us == TIME_NONE || t < r->first_us ? t : r->first_us;
        r->last_us = t > r->last_us ? t : r->last_us;
    }
    r->readings += count;
    return detect_push(w->detect, readings, count, err);
}

static void refuse(void *arg, uint64_t line, const char *why)
{
    struct watching *w = arg;
    w->report->refused++;
    if (w->events->refused)
        w->events->refused(w->events->arg, line, why);
}

// Keeps `item` under its number while it is open.
#define KEEP(list, count, cap, item, closed, failed)                                               \
    do {                                                                                           \
        size_t at = 0;                                                                             \
        while (at < (count) && (list)[at].id != (item)->id)                                        \
            at++;                                                                                  \
        if (closed) {                                                                              \
            if (at < (count))                                                                      \
                (list)[at] = (list)[--(count)];                                                    \
            break;                                                                                 \
        }                                                                                          \
        if (at == (cap)) {                                                                         \
            size_t more = (cap) ? (cap)*2 : 16;                                                    \
            void *grown = realloc(list, more * sizeof *(list));                                    \
            if (!grown) {                                                                          \
                (failed) = true;                                                                   \
                break;                                                                             \
            }                                                                                      \
            (list) = grown;                                                                        \
            (cap) = more;                                                                          \
        }                                                                                          \
        (list)[at] = *(item);                                                                      \
        (count) += at == (count);                                                                  \
    } while (0)

static void found_anomaly(void *arg, const struct anomaly *a, enum change change)
{
    struct watching *w = arg;
    struct unfinished *u = &w->unfinished;
    const struct sensor *s = catalog_sensor(w->catalog, a->sensor);
    if (change == CHANGE_OPENED) {
        w->report->anomalies++;
        w->report->by_kind[a->kind]++;
    }
    KEEP(u->anomalies, u->anomaly_count, u->anomaly_cap, a, change == CHANGE_CLOSED,
         u->out_of_memory);
    if (w->events->anomaly && s)
        w->events->anomaly(w->events->arg, s, a, change);
}

static void found_incident(void *arg, const struct incident *i, enum change change)
{
    struct watching *w = arg;
    struct unfinished *u = &w->unfinished;
    const char *asset = catalog_asset_name(w->catalog, i->asset);
    w->report->incidents += change == CHANGE_OPENED;
    KEEP(u->incidents, u->incident_count, u->incident_cap, i, change == CHANGE_CLOSED,
         u->out_of_memory);
    if (w->events->incident && asset)
        w->events->incident(w->events->arg, asset, i, change);
}

static int by_start(const void *a, const void *b)
{
    const struct anomaly *x = a, *y = b;
    return x->start_us != y->start_us ? (x->start_us < y->start_us ? -1 : 1)
                                      : (x->sensor > y->sensor) - (x->sensor < y->sensor);
}

static int by_number(const void *a, const void *b)
{
    const struct incident *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

// Tells how what did not end stood at the end of the input.
static void tell_unfinished(struct watching *w)
{
    struct unfinished *u = &w->unfinished;
    if (w->events->ending)
        w->events->ending(w->events->arg);
    if (u->anomaly_count)
        qsort(u->anomalies, u->anomaly_count, sizeof *u->anomalies, by_start);
    if (u->incident_count)
        qsort(u->incidents, u->incident_count, sizeof *u->incidents, by_number);
    for (size_t i = 0; w->events->anomaly && i < u->anomaly_count; i++)
        w->events->anomaly(w->events->arg, catalog_sensor(w->catalog, u->anomalies[i].sensor),
                           &u->anomalies[i], CHANGE_UPDATED);
    for (size_t i = 0; w->events->incident && i < u->incident_count; i++)
        w->events->incident(w->events->arg, catalog_asset_name(w->catalog, u->incidents[i].asset),
                            &u->incidents[i], CHANGE_UPDATED);
}

static enum err_code read_input(const struct watch_options *o, const struct ingest_sink *sink,
                                const struct watch_events *events, struct err *err)
{
    struct ingest_counts counts = {0};
    struct ingest_stream_options stream = {.csv = {.asset = o->asset,
                                                   .ignore = o->ignore,
                                                   .ignore_count = o->ignore_count,
                                                   .progress = events->progress,
                                                   .progress_arg = events->arg}};
    bool standard_input = strcmp(o->path, "-") == 0;
    int fd = standard_input ? STDIN_FILENO : open(o->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "%s", o->path);
    enum err_code code =
        ingest_stream(fd, standard_input ? "standard input" : o->path, &stream, sink, &counts, err);
    if (!standard_input)
        close(fd);
    return code;
}

enum err_code app_watch(const struct app_sources *from, const struct watch_options *options,
                        const struct watch_events *events, struct watch_report *report,
                        struct err *err)
{
    struct watching w = {.events = events, .report = report};
    struct detect_events found = {found_anomaly, found_incident, &w};
    struct settings *settings = NULL;
    int64_t began = clock_mono_us();
    *report = (struct watch_report){.first_us = TIME_NONE, .last_us = TIME_NONE};
    enum err_code code = app_settings_load(from, &settings, err);
    if (code == ERR_OK) {
        w.catalog = catalog_open((size_t)settings_int(settings, "plant.sensors_max"));
        code = w.catalog ? detect_open(w.catalog, settings, &found, 1, &w.detect, err)
                         : err_set(err, ERR_NO_MEMORY, "out of memory for the catalogue");
    }
    if (code == ERR_OK) {
        struct ingest_sink sink = {
            .catalog = w.catalog, .readings = take, .refused = refuse, .arg = &w};
        code = read_input(options, &sink, events, err);
        enum err_code flushed = detect_flush(w.detect, code == ERR_OK ? err : NULL);
        code = code == ERR_OK ? flushed : code;
        tell_unfinished(&w);
        if (code == ERR_OK && w.unfinished.out_of_memory)
            code = err_set(err, ERR_NO_MEMORY, "out of memory for what is open");
        struct detect_stats stats;
        detect_stats(w.detect, &stats);
        report->open = stats.open_anomalies;
        report->sensors = catalog_sensor_count(w.catalog);
        report->assets = catalog_asset_count(w.catalog);
    }
    report->seconds = (double)(clock_mono_us() - began) / 1e6;
    free(w.unfinished.anomalies);
    free(w.unfinished.incidents);
    detect_close(&w.detect);
    catalog_close(&w.catalog);
    settings_close(&settings);
    return code;
}
