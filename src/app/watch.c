// Source and engine in one thread: readings in, findings out.
#include "app/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/open_list.h"
#include "ingest/stream.h"

// What the file's span is learnt from, and moved back by so that it lies before what is judged.
struct learning_span {
    int64_t from_us, to_us;
    int64_t first_us;          // of the whole file
    int64_t last_us, shift_us; // of the span
};

struct watching {
    const struct watch_events *events;
    struct watch_report *report;
    struct catalog *catalog;
    struct detect *detect;
    struct open_list anomalies, incidents; // that are open
    bool out_of_memory;
    struct learning_span span;
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

static void found_anomaly(void *arg, const struct anomaly *a, enum change change)
{
    struct watching *w = arg;
    const struct sensor *s = catalog_sensor(w->catalog, a->sensor);
    if (change == CHANGE_OPENED) {
        w->report->anomalies++;
        w->report->by_kind[a->kind]++;
    }
    if (!open_list_keep(&w->anomalies, a, change == CHANGE_CLOSED))
        w->out_of_memory = true;
    if (w->events->anomaly && s)
        w->events->anomaly(w->events->arg, s, a, change);
}

static void found_incident(void *arg, const struct incident *i, enum change change)
{
    struct watching *w = arg;
    const char *asset = catalog_asset_name(w->catalog, i->asset);
    w->report->incidents += change == CHANGE_OPENED;
    if (!open_list_keep(&w->incidents, i, change == CHANGE_CLOSED))
        w->out_of_memory = true;
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
    struct anomaly *anomalies = w->anomalies.items;
    struct incident *incidents = w->incidents.items;
    if (w->events->ending)
        w->events->ending(w->events->arg);
    if (w->anomalies.n)
        qsort(anomalies, w->anomalies.n, sizeof *anomalies, by_start);
    if (w->incidents.n)
        qsort(incidents, w->incidents.n, sizeof *incidents, by_number);
    for (size_t i = 0; w->events->anomaly && i < w->anomalies.n; i++)
        w->events->anomaly(w->events->arg, catalog_sensor(w->catalog, anomalies[i].sensor),
                           &anomalies[i], CHANGE_UPDATED);
    for (size_t i = 0; w->events->incident && i < w->incidents.n; i++)
        w->events->incident(w->events->arg, catalog_asset_name(w->catalog, incidents[i].asset),
                            &incidents[i], CHANGE_UPDATED);
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

static bool is_in_span(const struct learning_span *s, int64_t time_us)
{
    return (s->from_us == TIME_NONE || time_us >= s->from_us) &&
           (s->to_us == TIME_NONE || time_us < s->to_us);
}

static enum err_code measure(void *arg, const struct reading *readings, size_t count,
                             struct err *err)
{
    struct learning_span *s = &((struct watching *)arg)->span;
    (void)err;
    for (size_t i = 0; i < count; i++) {
        int64_t t = readings[i].time_us;
        s->first_us = s->first_us == TIME_NONE || t < s->first_us ? t : s->first_us;
        if (is_in_span(s, t) && t > s->last_us)
            s->last_us = t;
    }
    return ERR_OK;
}

static enum err_code learn(void *arg, const struct reading *readings, size_t count, struct err *err)
{
    struct watching *w = arg;
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < count && code == ERR_OK; i++) {
        struct reading r = readings[i];
        if (!is_in_span(&w->span, r.time_us))
            continue;
        r.time_us -= w->span.shift_us;
        w->report->learnt++;
        code = detect_learn(w->detect, &r, 1, err);
    }
    return code;
}

static void ignore_refusal(void *arg, uint64_t line, const char *why)
{
    (void)arg, (void)line, (void)why;
}

// Reads the file twice before it is watched: for its bounds, then for what is in the span. Whole
// weeks keep hours and weekdays what they were.
static enum err_code learn_from_span(struct watching *w, const struct watch_options *o,
                                     struct err *err)
{
    static const struct watch_events silent = {0};
    static const int64_t week_us = 7 * US_PER_DAY;
    struct ingest_sink sink = {
        .catalog = w->catalog, .readings = measure, .refused = ignore_refusal, .arg = w};
    struct stat st;
    w->span = (struct learning_span){o->learn_from_us, o->learn_to_us, TIME_NONE, TIME_NONE, 0};
    if (stat(o->path, &st) != 0)
        return err_errno(err, errno, "%s", o->path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_USAGE, "%s: only a file can be learnt from", o->path);
    enum err_code code = read_input(o, &sink, &silent, err);
    if (code == ERR_OK && w->span.last_us == TIME_NONE)
        return err_set(err, ERR_INPUT, "%s: no reading in the span to learn from", o->path);
    w->span.shift_us = ((w->span.last_us - w->span.first_us) / week_us + 1) * week_us;
    sink.readings = learn;
    return code == ERR_OK ? read_input(o, &sink, &silent, err) : code;
}

enum err_code app_watch(const struct app_sources *from, const struct watch_options *options,
                        const struct watch_events *events, struct watch_report *report,
                        struct err *err)
{
    struct watching w = {.events = events,
                         .report = report,
                         .anomalies.size = sizeof(struct anomaly),
                         .incidents.size = sizeof(struct incident)};
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
        if (options->learns)
            code = learn_from_span(&w, options, err);
        if (code == ERR_OK)
            code = read_input(options, &sink, events, err);
        enum err_code flushed = detect_flush(w.detect, code == ERR_OK ? err : NULL);
        code = code == ERR_OK ? flushed : code;
        tell_unfinished(&w);
        if (code == ERR_OK && w.out_of_memory)
            code = err_set(err, ERR_NO_MEMORY, "out of memory for what is open");
        struct detect_stats stats;
        detect_stats(w.detect, &stats);
        report->open = stats.open_anomalies;
        report->sensors = catalog_sensor_count(w.catalog);
        report->assets = catalog_asset_count(w.catalog);
    }
    report->seconds = (double)(clock_mono_us() - began) / 1e6;
    open_list_free(&w.anomalies);
    open_list_free(&w.incidents);
    detect_close(&w.detect);
    catalog_close(&w.catalog);
    settings_close(&settings);
    return code;
}
