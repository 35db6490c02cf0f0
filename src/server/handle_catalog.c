// GET /api/v1/sensors, one of them, and /assets: what the plant consists of.
#include <stdlib.h>
#include <string.h>

#include "server/handlers.h"
#include "server/plant_json.h"

enum { INCIDENTS_MAX = 1000, ALARMS_MAX = 1000 };

struct sensor_list {
    size_t count;           // sensors of the plant
    struct reading *latest; // by number
    uint8_t *alarms;        // by number: 1 + enum anomaly_kind of an open anomaly, 0 for none
};

static enum err_code load_sensors(struct exchange *x, struct sensor_list *l, struct err *err)
{
    struct anomaly_filter filter = {
        .from_us = TIME_NONE, .to_us = TIME_NONE, .open_only = true, .limit = ALARMS_MAX};
    struct anomaly *open = calloc(ALARMS_MAX, sizeof *open);
    size_t open_count = 0;
    l->count = catalog_sensor_count(app_catalog(x->app));
    l->latest = calloc(l->count ? l->count : 1, sizeof *l->latest);
    l->alarms = calloc(l->count ? l->count : 1, sizeof *l->alarms);
    enum err_code code =
        open && l->latest && l->alarms
            ? store_anomalies(app_store(x->app), &filter, open, &open_count, err)
            : err_set(err, ERR_NO_MEMORY, "out of memory for %zu sensors", l->count);
    if (code == ERR_OK)
        app_latest(x->app, l->latest, l->count);
    for (size_t i = 0; code == ERR_OK && i < open_count; i++)
        if (open[i].sensor < l->count)
            l->alarms[open[i].sensor] = (uint8_t)(1 + open[i].kind);
    free(open);
    return code;
}

// ASCII case aside.
static bool is_wanted(const struct exchange *x, const struct sensor *s, const uint32_t *asset)
{
    char name[PLANT_FULL_NAME_BYTES];
    const char *search = exchange_text(x, "search");
    return s && (!asset || s->asset == *asset) &&
           (search[0] == '\0' || strcasestr(sensor_full_name(s, name), search));
}

static void write_sensor_fields(struct exchange *x, struct json_out *j, const struct sensor *s,
                                const struct sensor_list *l)
{
    double low, high;
    app_band(x->app, s->id, &low, &high);
    json_sensor_fields(j, s);
    json_key_text(j, "quantity", quantity_name(s->quantity));
    json_key_time(j, "time", l->latest[s->id].time_us);
    json_key_real(j, "value", l->latest[s->id].value);
    json_key_real(j, "low", low);
    json_key_real(j, "high", high);
    uint8_t alarm = l->alarms[s->id];
    json_key_text(j, "alarm", alarm ? anomaly_kind_name((enum anomaly_kind)(alarm - 1)) : NULL);
}

static void write_sensors(struct exchange *x, const struct sensor_list *l, const uint32_t *asset)
{
    size_t limit = (size_t)exchange_int(x, "limit"), offset = (size_t)exchange_int(x, "offset");
    bool only_alarms = exchange_bool(x, "alarm");
    size_t total = 0, written = 0;
    struct json_out j;
    reply_json(x, &j);
    json_object(&j);
    json_key(&j, "sensors");
    json_array(&j);
    for (size_t i = 0; i < l->count; i++) {
        const struct sensor *s = catalog_sensor(app_catalog(x->app), (uint32_t)i);
        if (!is_wanted(x, s, asset) || (only_alarms && !l->alarms[i]))
            continue;
        if (total++ < offset || written == limit)
            continue;
        json_object(&j);
        write_sensor_fields(x, &j, s, l);
        json_end(&j);
        written++;
    }
    json_end(&j);
    json_key_int(&j, "count", (int64_t)written);
    json_key_int(&j, "total", (int64_t)total);
    json_end(&j);
    x->reply.tagged = true;
}

void handle_sensors(struct exchange *x)
{
    struct sensor_list list = {0};
    struct err err;
    uint32_t asset = 0;
    const char *asset_name = exchange_text(x, "asset");
    if (asset_name[0] && !exchange_find_asset(x, asset_name, &asset))
        return;
    if (load_sensors(x, &list, &err) == ERR_OK)
        write_sensors(x, &list, asset_name[0] ? &asset : NULL);
    else
        reply_err(x, &err, NULL);
    free(list.latest);
    free(list.alarms);
}

void handle_sensor(struct exchange *x)
{
    struct sensor_list list = {0};
    struct app_pattern *patterns = NULL;
    size_t pattern_count = 0;
    struct json_out j;
    struct err err;
    uint32_t id;
    if (!exchange_find_sensor(x, exchange_text(x, "{sensor}"), &id))
        return;
    enum err_code code = load_sensors(x, &list, &err);
    if (code == ERR_OK)
        code = app_patterns(x->app, id, &patterns, &pattern_count, &err);
    if (code == ERR_OK) {
        reply_json(x, &j);
        json_object(&j);
        write_sensor_fields(x, &j, catalog_sensor(app_catalog(x->app), id), &list);
        json_key_real(&j, "sensitivity", app_sensitivity(x->app, id));
        json_key_time(&j, "learns_since", app_relearnt_us(x->app, id));
        json_key(&j, "patterns");
        json_patterns(&j, app_catalog(x->app), patterns, pattern_count);
        json_end(&j);
        x->reply.tagged = true;
    } else {
        reply_err(x, &err, NULL);
    }
    free(list.latest);
    free(list.alarms);
    free(patterns);
}

struct asset_sum {
    size_t sensors, incidents;
    int64_t last_us;
    int severity; // of its active incidents, -1: none
};

static enum err_code sum_assets(struct exchange *x, struct asset_sum *sums, size_t asset_count,
                                struct err *err)
{
    const struct catalog *catalog = app_catalog(x->app);
    size_t sensor_count = catalog_sensor_count(catalog), incident_count = 0;
    struct reading *latest = calloc(sensor_count ? sensor_count : 1, sizeof *latest);
    struct incident *incidents = calloc(INCIDENTS_MAX, sizeof *incidents);
    struct incident_filter filter = {.active_only = true, .limit = INCIDENTS_MAX};
    enum err_code code =
        latest && incidents
            ? store_incidents(app_store(x->app), &filter, incidents, &incident_count, err)
            : err_set(err, ERR_NO_MEMORY, "out of memory for the assets");
    if (code == ERR_OK) {
        app_latest(x->app, latest, sensor_count);
        for (size_t i = 0; i < asset_count; i++)
            sums[i] = (struct asset_sum){.last_us = TIME_NONE, .severity = -1};
        for (size_t i = 0; i < sensor_count; i++) {
            const struct sensor *s = catalog_sensor(catalog, (uint32_t)i);
            if (!s || s->asset >= asset_count)
                continue;
            sums[s->asset].sensors++;
            if (latest[i].time_us > sums[s->asset].last_us)
                sums[s->asset].last_us = latest[i].time_us;
        }
        for (size_t i = 0; i < incident_count; i++) {
            struct asset_sum *sum = &sums[incidents[i].asset];
            if (incidents[i].asset >= asset_count || incidents[i].state == INCIDENT_RESOLVED)
                continue;
            sum->incidents++;
            if ((int)incidents[i].severity > sum->severity)
                sum->severity = (int)incidents[i].severity;
        }
    }
    free(latest);
    free(incidents);
    return code;
}

void handle_assets(struct exchange *x)
{
    const struct catalog *catalog = app_catalog(x->app);
    size_t count = catalog_asset_count(catalog);
    struct asset_sum *sums = calloc(count ? count : 1, sizeof *sums);
    struct err err;
    struct json_out j;
    enum err_code code = sums ? sum_assets(x, sums, count, &err)
                              : err_set(&err, ERR_NO_MEMORY, "out of memory for the assets");
    if (code != ERR_OK) {
        reply_err(x, &err, NULL);
        free(sums);
        return;
    }
    size_t limit = (size_t)exchange_int(x, "limit"), offset = (size_t)exchange_int(x, "offset");
    reply_json(x, &j);
    json_object(&j);
    json_key(&j, "assets");
    json_array(&j);
    for (size_t i = offset; i < count && i - offset < limit; i++) {
        json_object(&j);
        json_key_text(&j, "asset", catalog_asset_name(catalog, (uint32_t)i));
        json_key_int(&j, "sensors", (int64_t)sums[i].sensors);
        json_key_time(&j, "last_reading_time", sums[i].last_us);
        json_key_int(&j, "active_incidents", (int64_t)sums[i].incidents);
        json_key_text(&j, "severity",
                      sums[i].severity < 0 ? NULL : severity_name((enum severity)sums[i].severity));
        json_end(&j);
    }
    json_end(&j);
    json_key_int(&j, "total", (int64_t)count);
    json_end(&j);
    x->reply.tagged = true;
    free(sums);
}
