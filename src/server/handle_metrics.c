// GET /metrics: counts of the latest anomalies as JSON, or everything in Prometheus' text form.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/map.h"
#include "server/handlers.h"
#include "server/model_metrics.h"
#include "server/server_private.h"

enum { COUNTED_ANOMALIES = 100 };

static void add_help(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_value(struct buf *out, const char *name, double value)
{
    buf_printf(out, "%s ", name);
    buf_add_double(out, value);
    buf_add_char(out, '\n');
}

static void add_counter(struct buf *out, const char *name, const char *help, uint64_t value)
{
    add_help(out, name, "counter", help);
    add_value(out, name, (double)value);
}

static void add_gauge(struct buf *out, const char *name, const char *help, double value)
{
    add_help(out, name, "gauge", help);
    add_value(out, name, value);
}

static size_t count_open_files(void)
{
    DIR *d = opendir("/proc/self/fd");
    size_t n = 0;
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n > 3 ? n - 3 : 0; // ".", ".." and the folder itself
}

static double resident_bytes(void)
{
    struct buf text = {0};
    unsigned long long pages = 0;
    if (file_read("/proc/self/statm", 4096, &text, NULL) == ERR_OK)
        sscanf(text.p, "%*u %llu", &pages);
    buf_free(&text);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void write_process(const struct exchange *x, struct buf *out)
{
    struct rusage use = {0};
    getrusage(RUSAGE_SELF, &use);
    add_help(out, "process_cpu_seconds_total", "counter", "CPU time used.");
    add_value(out, "process_cpu_seconds_total",
              (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                  (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
    add_gauge(out, "process_resident_memory_bytes", "Memory in use.", resident_bytes());
    add_gauge(out, "process_open_fds", "Open file descriptors.", (double)count_open_files());
    add_gauge(out, "process_start_time_seconds", "Start of the program since 1970.",
              (double)app_started_us(x->app) / 1e6);
    buf_printf(out,
               "# HELP fettle_build_info The program's version.\n# TYPE fettle_build_info gauge\n"
               "fettle_build_info{version=\"%s\"} 1\n",
               FETTLE_VERSION);
}

static void write_plant(const struct app_status *s, struct buf *out)
{
    add_gauge(out, "fettle_sensors", "Sensors known.", (double)s->sensors);
    add_gauge(out, "fettle_assets", "Assets known.", (double)s->assets);
    add_counter(out, "fettle_readings_accepted_total", "Readings stored.", s->readings_accepted);
    add_counter(out, "fettle_readings_duplicate_total", "Readings that were stored before.",
                s->readings_duplicate);
    add_counter(out, "fettle_readings_refused_total", "Readings or lines refused.",
                s->readings_refused);
    if (s->last_reading_us != TIME_NONE)
        add_gauge(out, "fettle_last_reading_time_seconds", "Time of the newest reading.",
                  (double)s->last_reading_us / 1e6);
    add_gauge(out, "fettle_anomalies_24h", "Anomalies of the last 24 hours.",
              (double)s->anomaly_count_24h);
    add_counter(out, "fettle_anomalies_total", "Anomalies found since start.", s->detect.anomalies);
    add_counter(out, "fettle_incidents_total", "Incidents opened since start.",
                s->detect.incidents);
    add_gauge(out, "fettle_anomalies_open", "Anomalies that are going on.",
              (double)s->detect.open_anomalies);
    add_gauge(out, "fettle_incidents_active", "Incidents that are going on.",
              (double)s->detect.active_incidents);
    add_counter(out, "fettle_readings_late_total", "Readings too late to be judged.",
                s->detect.late);
}

static void write_store(const struct store_stats *s, struct buf *out)
{
    add_gauge(out, "fettle_store_readings", "Readings held.", (double)s->readings);
    add_gauge(out, "fettle_store_bytes", "Size of the database.", (double)s->database_bytes);
    add_counter(out, "fettle_store_commits_total", "Commits.", s->commits);
    add_help(out, "fettle_store_commit_seconds_total", "counter", "Time spent in commits.");
    add_value(out, "fettle_store_commit_seconds_total", (double)s->commit_us_total / 1e6);
    add_gauge(out, "fettle_store_commit_seconds_max", "Longest commit.",
              (double)s->commit_us_max / 1e6);
    add_gauge(out, "fettle_store_queued_readings", "Readings that wait for a commit.",
              (double)s->queued_readings);
    add_gauge(out, "fettle_store_read_only", "1 after the disk failed.", s->read_only);
    add_gauge(out, "fettle_store_disk_full", "1 while the disk is full.", s->disk_full);
}

static void write_stages(const struct app_status *s, struct buf *out)
{
    static const struct {
        const char *name, *type, *help;
    } series[] = {{"fettle_stage_in_total", "counter", "Items that went into a stage."},
                  {"fettle_stage_out_total", "counter", "Items that came out of a stage."},
                  {"fettle_stage_queued", "gauge", "Items that wait for a stage."},
                  {"fettle_stage_active", "gauge", "1 while a stage runs."}};
    for (size_t k = 0; k < sizeof series / sizeof *series; k++) {
        add_help(out, series[k].name, series[k].type, series[k].help);
        for (size_t i = 0; i < s->stage_count; i++) {
            const struct app_stage_status *t = &s->stages[i];
            const uint64_t values[] = {t->in, t->out, t->queued, t->active};
            buf_printf(out, "%s{stage=\"%s\"} %llu\n", series[k].name, t->name,
                       (unsigned long long)values[k]);
        }
    }
}

static void write_server(const struct server *s, struct buf *out)
{
    const struct connections *c = &s->connections;
    add_gauge(out, "fettle_http_connections", "Open connections.", (double)atomic_load(&c->count));
    add_counter(out, "fettle_http_connections_total", "Connections taken.",
                atomic_load(&c->accepted));
    add_counter(out, "fettle_http_connections_turned_away_total",
                "Connections closed at once: too many.", atomic_load(&c->turned_away));
    add_counter(out, "fettle_http_connections_timed_out_total",
                "Connections closed because they were too slow.", atomic_load(&c->timed_out));
    add_gauge(out, "fettle_http_body_bytes", "Bytes of request bodies in memory.",
              (double)atomic_load(&s->bodies_held));
    add_gauge(out, "fettle_event_clients", "Readers of the event stream.",
              (double)event_hub_clients(s->events));
    add_counter(out, "fettle_events_total", "Events told.", event_hub_sent(s->events));
    add_counter(out, "fettle_event_clients_dropped_total",
                "Readers of the event stream that fell behind.", event_hub_dropped(s->events));
    http_counters_write(s->counters, out);
}

static void write_text(struct exchange *x)
{
    struct app_status s;
    struct buf *out = &x->reply.body;
    app_status(x->app, &s);
    reply_text(x, "text/plain; version=0.0.4; charset=utf-8");
    write_process(x, out);
    write_plant(&s, out);
    write_store(&s.store, out);
    write_stages(&s, out);
    model_metrics_write_text(x->app, out);
    write_server(x->server, out);
}

static void write_parameters(struct exchange *x, struct json_out *j, const struct anomaly *list,
                             size_t count)
{
    struct map counts = {0};
    for (size_t i = 0; i < count; i++) {
        const struct sensor *s = catalog_sensor(app_catalog(x->app), list[i].sensor);
        struct str name = str_of(s ? s->parameter : "");
        uint64_t *n = map_find(&counts, name);
        if (n)
            ++*n;
        else
            map_put(&counts, name, 1);
    }
    json_key(j, "anomalies_by_parameter");
    json_object(j);
    for (size_t i = 0; i < counts.n; i++)
        json_key_int(j, counts.entries[i].key, (int64_t)counts.entries[i].value);
    json_end(j);
    map_free(&counts);
}

static void write_json(struct exchange *x)
{
    struct anomaly *list = calloc(COUNTED_ANOMALIES, sizeof *list);
    struct anomaly_filter filter = {
        .from_us = TIME_NONE, .to_us = TIME_NONE, .limit = COUNTED_ANOMALIES};
    struct err err;
    size_t count = 0, by_kind[ANOMALY_KIND_COUNT] = {0};
    enum err_code code = list ? store_anomalies(app_store(x->app), &filter, list, &count, &err)
                              : err_set(&err, ERR_NO_MEMORY, "out of memory");
    if (code != ERR_OK) {
        free(list);
        reply_err(x, &err, NULL);
        return;
    }
    struct json_out j;
    reply_json(x, &j);
    json_object(&j);
    json_key_int(&j, "total_anomalies", (int64_t)count);
    json_key(&j, "anomalies_by_type");
    json_object(&j);
    for (size_t i = 0; i < count; i++)
        by_kind[list[i].kind]++;
    for (int k = 0; k < ANOMALY_KIND_COUNT; k++)
        if (by_kind[k])
            json_key_int(&j, anomaly_kind_name((enum anomaly_kind)k), (int64_t)by_kind[k]);
    json_end(&j);
    write_parameters(x, &j, list, count);
    json_key_time(&j, "last_update", app_now_us(x->app));
    model_metrics_write_json(x->app, &j);
    json_end(&j);
    free(list);
}

void handle_metrics(struct exchange *x)
{
    const char *accept = exchange_header(x, "Accept");
    const char *format = exchange_text(x, "format");
    bool json =
        format[0] ? strcmp(format, "json") == 0 : accept && strstr(accept, "application/json");
    if (json)
        write_json(x);
    else
        write_text(x);
}
