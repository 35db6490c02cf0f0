// GET /api/v1/readings/latest and /history: what the sensors say and said.
#include <stdlib.h>
#include <string.h>

#include "server/handlers.h"
#include "server/plant_json.h"

static const int64_t default_range_us = US_PER_HOUR;

// "a/b,c/d": every name must be known.
static bool write_named(struct exchange *x, struct json_out *j, const struct reading *all,
                        size_t count, size_t *written)
{
    struct str rest = str_of(exchange_text(x, "sensor"));
    while (rest.n) {
        char name[PLANT_FULL_NAME_BYTES];
        struct str one = str_trim(str_cut(&rest, ','));
        uint32_t id;
        str_copy(name, sizeof name, one);
        if (!exchange_find_sensor(x, name, &id))
            return false;
        if (id < count) {
            json_reading(j, app_catalog(x->app), &all[id]);
            ++*written;
        }
    }
    return true;
}

static bool write_listed(struct exchange *x, struct json_out *j, const struct reading *all,
                         size_t count, size_t *written)
{
    const char *asset_name = exchange_text(x, "asset");
    size_t limit = (size_t)exchange_int(x, "limit"), skip = (size_t)exchange_int(x, "offset");
    uint32_t asset = 0;
    if (asset_name[0] && !exchange_find_asset(x, asset_name, &asset))
        return false;
    for (size_t i = 0; i < count && *written < limit; i++) {
        const struct sensor *s = catalog_sensor(app_catalog(x->app), (uint32_t)i);
        if (!s || (asset_name[0] && s->asset != asset) || (skip && skip--))
            continue;
        json_reading(j, app_catalog(x->app), &all[i]);
        ++*written;
    }
    return true;
}

// A sensor that has no reading yet is listed with nulls.
static struct reading *take_latest(struct exchange *x, size_t *count)
{
    *count = catalog_sensor_count(app_catalog(x->app));
    struct reading *all = calloc(*count ? *count : 1, sizeof *all);
    if (!all) {
        reply_error(x, 503, "no_memory", NULL, "out of memory for %zu readings", *count);
        return NULL;
    }
    app_latest(x->app, all, *count);
    for (size_t i = 0; i < *count; i++)
        all[i].sensor = (uint32_t)i;
    return all;
}

void handle_latest(struct exchange *x)
{
    size_t count, written = 0;
    struct reading *all = take_latest(x, &count);
    if (!all)
        return;
    struct json_out j;
    reply_json(x, &j);
    json_object(&j);
    json_key(&j, "readings");
    json_array(&j);
    bool good = exchange_text(x, "sensor")[0] ? write_named(x, &j, all, count, &written)
                                              : write_listed(x, &j, all, count, &written);
    if (good) {
        json_end(&j);
        json_key_int(&j, "count", (int64_t)written);
        json_key_int(&j, "sensors", (int64_t)count);
        json_end(&j);
        x->reply.tagged = true;
    }
    free(all);
}

static const char *rollup_name(enum rollup r)
{
    static const char *const names[] = {"raw", "minute", "hour"};
    return names[r];
}

static void write_points(struct json_out *j, const struct store_history *h)
{
    json_key(j, "points");
    json_array(j);
    for (size_t i = 0; i < h->count; i++) {
        const struct store_point *p = &h->points[i];
        json_object(j);
        json_key_time(j, "time", p->time_us);
        json_key_real(j, "value", p->value);
        if (h->bucket_us > 0) {
            json_key_real(j, "min", p->min);
            json_key_real(j, "max", p->max);
            json_key_int(j, "count", (int64_t)p->count);
        }
        json_end(j);
    }
    json_end(j);
}

static void write_column(struct json_out *j, const char *key, const struct store_history *h,
                         size_t offset)
{
    json_key(j, key);
    json_array(j);
    for (size_t i = 0; i < h->count; i++) {
        double v;
        memcpy(&v, (const char *)&h->points[i] + offset, sizeof v);
        json_real(j, v);
    }
    json_end(j);
}

// A list for each column: a third of the bytes, and what charts take.
static void write_columns(struct json_out *j, const struct store_history *h)
{
    json_key(j, "columns");
    json_object(j);
    json_key(j, "time_ms");
    json_array(j);
    for (size_t i = 0; i < h->count; i++)
        json_int(j, h->points[i].time_us / US_PER_MS);
    json_end(j);
    write_column(j, "value", h, offsetof(struct store_point, value));
    if (h->bucket_us > 0) {
        write_column(j, "min", h, offsetof(struct store_point, min));
        write_column(j, "max", h, offsetof(struct store_point, max));
    }
    json_end(j);
}

static void write_history(struct exchange *x, uint32_t id, int64_t from_us, int64_t to_us,
                          const struct store_history *h)
{
    struct json_out j;
    double low, high;
    app_band(x->app, id, &low, &high);
    reply_json(x, &j);
    json_object(&j);
    json_sensor_fields(&j, catalog_sensor(app_catalog(x->app), id));
    json_key_time(&j, "from", from_us);
    json_key_time(&j, "to", to_us);
    json_key_text(&j, "rollup", rollup_name(h->rollup));
    json_key_real(&j, "bucket_seconds", (double)h->bucket_us / 1e6);
    json_key_bool(&j, "more", h->more);
    json_key_real(&j, "low", low);
    json_key_real(&j, "high", high);
    json_key_int(&j, "count", (int64_t)h->count);
    if (exchange_bool(x, "columns"))
        write_columns(&j, h);
    else
        write_points(&j, h);
    json_end(&j);
    x->reply.tagged = true;
}

void handle_history(struct exchange *x)
{
    uint32_t id;
    if (!exchange_find_sensor(x, exchange_text(x, "sensor"), &id))
        return;
    int64_t from = exchange_time(x, "from"), to = exchange_time(x, "to");
    // The newest reading belongs to "until now", whose end is exclusive.
    if (to == TIME_NONE)
        to = app_now_us(x->app) + 1;
    if (from == TIME_NONE)
        from = to - default_range_us;
    if (from >= to) {
        reply_error(x, 400, "usage", "from", "from must be before to");
        return;
    }
    struct store_history h = {0};
    struct err err;
    if (store_history(app_store(x->app), id, from, to, (size_t)exchange_int(x, "max_points"),
                      exchange_bool(x, "raw"), &h, &err) != ERR_OK)
        reply_err(x, &err, NULL);
    else
        write_history(x, id, from, to, &h);
    store_history_free(&h);
}
