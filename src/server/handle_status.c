// GET /health, /status, /api/v1/pipeline: how the plant's watch is doing.
#include "server/handlers.h"

void handle_health(struct exchange *x)
{
    struct store_stats store;
    struct json_out j;
    store_stats(app_store(x->app), &store);
    bool ok = !store.read_only && !store.disk_full;
    reply_json(x, &j);
    json_object(&j);
    json_key_text(&j, "status", ok ? "ok" : "degraded");
    if (store.read_only)
        json_key_text(&j, "reason", "the disk failed: readings are refused until a restart");
    else if (store.disk_full)
        json_key_text(&j, "reason", "the disk is full: readings are refused until there is space");
    json_key_text(&j, "version", FETTLE_VERSION);
    json_end(&j);
    if (!ok)
        x->reply.status = 503;
}

static void write_stages(struct json_out *j, const struct app_status *s)
{
    json_key(j, "stages");
    json_array(j);
    for (size_t i = 0; i < s->stage_count; i++) {
        const struct app_stage_status *t = &s->stages[i];
        json_object(j);
        json_key_text(j, "name", t->name);
        json_key_text(j, "input", t->input);
        json_key_text(j, "output", t->output);
        json_key_bool(j, "active", t->active);
        json_key_int(j, "in", (int64_t)t->in);
        json_key_int(j, "out", (int64_t)t->out);
        json_key_int(j, "queued", (int64_t)t->queued);
        json_key_int(j, "queue_limit", (int64_t)t->queue_limit);
        json_key_real(j, "per_second", t->per_second);
        json_key_time(j, "last", t->last_us);
        json_key_text(j, "note", t->note);
        json_end(j);
    }
    json_end(j);
}

static void write_store(struct json_out *j, const struct store_stats *s)
{
    json_key(j, "store");
    json_object(j);
    json_key_text(j, "engine", s->engine);
    json_key_int(j, "readings", (int64_t)s->readings);
    json_key_int(j, "bytes", (int64_t)s->database_bytes);
    json_key_int(j, "commits", (int64_t)s->commits);
    json_key_real(j, "commit_ms_mean",
                  s->commits ? (double)s->commit_us_total / (double)s->commits / 1e3 : 0);
    json_key_real(j, "commit_ms_max", (double)s->commit_us_max / 1e3);
    json_key_time(j, "oldest", s->oldest_us);
    json_key_time(j, "newest", s->newest_us);
    json_key_bool(j, "read_only", s->read_only);
    json_key_bool(j, "disk_full", s->disk_full);
    json_end(j);
}

static void write_detect(struct json_out *j, const struct detect_stats *d)
{
    json_key(j, "detect");
    json_object(j);
    json_key_int(j, "readings", (int64_t)d->readings);
    json_key_int(j, "late", (int64_t)d->late);
    json_key_int(j, "anomalies", (int64_t)d->anomalies);
    json_key_int(j, "incidents", (int64_t)d->incidents);
    json_key_int(j, "kept_back", (int64_t)d->kept_back);
    json_key_int(j, "open_anomalies", (int64_t)d->open_anomalies);
    json_key_int(j, "active_incidents", (int64_t)d->active_incidents);
    json_key_time(j, "watermark", d->watermark_us);
    json_end(j);
}

void handle_status(struct exchange *x)
{
    struct app_status s;
    struct json_out j;
    app_status(x->app, &s);
    reply_json(x, &j);
    json_object(&j);
    json_key_bool(&j, "sensor_active", s.sensor_active);
    json_key_bool(&j, "detector_active", s.detector_active);
    json_key_bool(&j, "llm_active", s.llm_active);
    json_key_bool(&j, "api_active", s.api_active);
    json_key_time(&j, "last_reading_time", s.last_reading_us);
    json_key_int(&j, "anomaly_count_24h", (int64_t)s.anomaly_count_24h);
    json_key_text(&j, "version", FETTLE_VERSION);
    json_key_time(&j, "now", app_now_us(x->app));
    json_key_time(&j, "started", app_started_us(x->app));
    json_key_int(&j, "uptime_seconds", (clock_wall_us() - app_started_us(x->app)) / US_PER_SECOND);
    json_key_int(&j, "assets", (int64_t)s.assets);
    json_key_int(&j, "sensors", (int64_t)s.sensors);
    json_key(&j, "readings");
    json_object(&j);
    json_key_int(&j, "accepted", (int64_t)s.readings_accepted);
    json_key_int(&j, "duplicate", (int64_t)s.readings_duplicate);
    json_key_int(&j, "refused", (int64_t)s.readings_refused);
    json_end(&j);
    write_store(&j, &s.store);
    write_detect(&j, &s.detect);
    write_stages(&j, &s);
    json_end(&j);
}

void handle_pipeline(struct exchange *x)
{
    struct app_status s;
    struct json_out j;
    app_status(x->app, &s);
    reply_json(x, &j);
    json_object(&j);
    write_stages(&j, &s);
    json_end(&j);
}
