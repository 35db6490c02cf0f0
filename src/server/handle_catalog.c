// GET /api/v1/sensors and /assets: what the plant consists of.
#include <stdlib.h>
#include <string.h>

#include "server/handlers.h"
#include "server/plant_json.h"

enum { INCIDENTS_MAX = 1000 };

// ASCII case aside.
static bool contains(const char *text, const char *wanted)
{
    return wanted[0] == '\0' || strcasestr(text, wanted);
}

static bool is_wanted(const struct exchange *x, const struct sensor *s, bool by_asset,
                      uint32_t asset)
{
    char name[PLANT_FULL_NAME_BYTES];
    return s && (!by_asset || s->asset == asset) &&
           contains(sensor_full_name(s, name), exchange_text(x, "search"));
}

static void write_sensor(struct exchange *x, struct json_out *j, const struct sensor *s,
                         const struct reading *r)
{
    double low, high;
    app_band(x->app, s->id, &low, &high);
    json_object(j);
    json_sensor_fields(j, s);
    json_key_text(j, "quantity", quantity_name(s->quantity));
    json_key_time(j, "time", r->time_us);
    json_key_real(j, "value", r->value);
    json_key_real(j, "low", low);
    json_key_real(j, "high", high);
    json_end(j);
}

static void write_sensors(struct exchange *x, const struct reading *latest, size_t count)
{
    const struct catalog *catalog = app_catalog(x->app);
    const char *asset_name = exchange_text(x, "asset");
    size_t limit = (size_t)exchange_int(x, "limit"), offset = (size_t)exchange_int(x, "offset");
    uint32_t asset = 0;
    size_t total = 0, written = 0;
    struct json_out j;
    if (asset_name[0] && !exchange_find_asset(x, asset_name, &asset))
        return;
    reply_json(x, &j);
    json_object(&j);
    json_key(&j, "sensors");
    json_array(&j);
    for (size_t i = 0; i < count; i++) {
        const struct sensor *s = catalog_sensor(catalog, (uint32_t)i);
        if (!is_wanted(x, s, asset_name[0], asset))
            continue;
        if (total++ < offset || written == limit)
            continue;
        write_sensor(x, &j, s, &latest[i]);
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
    size_t count = catalog_sensor_count(app_catalog(x->app));
    struct reading *latest = calloc(count ? count : 1, sizeof *latest);
    if (!latest) {
        reply_error(x, 503, "no_memory", NULL, "out of memory for %zu sensors", count);
        return;
    }
    app_latest(x->app, latest, count);
    write_sensors(x, latest, count);
    free(latest);
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
