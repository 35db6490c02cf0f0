// What a plant knows of an asset: latest values, bands, how they moved, its latest incident.
#include <math.h>
#include <stdlib.h>

#include "app/app_private.h"
#include "app/diagnose.h"

enum { TREND_POINTS = 5 }; // few, so that noise hides no trend

static const int64_t trend_us = 15 * US_PER_MINUTE, incident_us = 24 * US_PER_HOUR;

static enum err_code find_asset(struct app *a, struct str name, uint32_t *asset, struct err *err)
{
    if (catalog_find_asset(a->catalog, name, asset))
        return ERR_OK;
    return err_set(err, ERR_NOT_FOUND, "there is no asset \"%.*s\"", STR_ARG(name));
}

static void add_sample(struct join_sensor *to, double value)
{
    if (to->samples++ == 0)
        to->first = to->least = to->most = value;
    to->least = fmin(to->least, value);
    to->most = fmax(to->most, value);
    to->value = value;
}

// Means of a few spans, and the latest reading.
static enum err_code read_trend(struct app *a, uint32_t sensor, const struct reading *latest,
                                struct join_sensor *to, struct err *err)
{
    struct store_history h = {0};
    int64_t now = app_now_us(a);
    enum err_code code = store_history(a->store, sensor, now - trend_us, now + US_PER_SECOND,
                                       TREND_POINTS, false, &h, err);
    for (size_t i = 0; code == ERR_OK && i < h.count; i++)
        if (!isnan(h.points[i].value))
            add_sample(to, h.points[i].value);
    if (latest->time_us != TIME_NONE && latest->time_us >= now - trend_us && !isnan(latest->value))
        add_sample(to, latest->value);
    store_history_free(&h);
    return code;
}

static enum err_code sensors(void *arg, struct str asset, struct join_sensor out[JOIN_SENSORS_MAX],
                             size_t *count, struct err *err)
{
    struct app *a = arg;
    uint32_t id;
    size_t known = catalog_sensor_count(a->catalog);
    struct reading *latest = calloc(known ? known : 1, sizeof *latest);
    *count = 0;
    enum err_code code = latest ? find_asset(a, asset, &id, err)
                                : err_set(err, ERR_NO_MEMORY, "out of memory for readings");
    if (code == ERR_OK)
        store_latest(a->store, latest, known);
    for (uint32_t i = 0; code == ERR_OK && *count < JOIN_SENSORS_MAX; i++) {
        const struct sensor *s = catalog_sensor(a->catalog, i);
        if (!s || i >= known)
            break;
        if (s->asset != id)
            continue;
        struct join_sensor *to = &out[(*count)++];
        *to = (struct join_sensor){.value = NAN, .first = NAN, .least = NAN, .most = NAN};
        code = read_trend(a, i, &latest[i], to, err);
        str_copy(to->name, sizeof to->name, str_of(s->parameter));
        str_copy(to->unit, sizeof to->unit, str_of(s->unit));
        app_band(a, i, &to->low, &to->high);
    }
    free(latest);
    return code;
}

static enum err_code read_anomalies(struct app *a, uint64_t incident,
                                    struct join_anomaly out[JOIN_ANOMALIES_MAX], size_t *count,
                                    struct err *err)
{
    struct anomaly_filter filter = {.from_us = TIME_NONE,
                                    .to_us = TIME_NONE,
                                    .has_incident = true,
                                    .incident = incident,
                                    .limit = JOIN_ANOMALIES_MAX};
    struct anomaly *found = calloc(JOIN_ANOMALIES_MAX, sizeof *found);
    enum err_code code = found ? store_anomalies(a->store, &filter, found, count, err)
                               : err_set(err, ERR_NO_MEMORY, "out of memory for anomalies");
    for (size_t i = 0; code == ERR_OK && i < *count; i++) {
        const struct sensor *s = catalog_sensor(a->catalog, found[i].sensor);
        out[i] = (struct join_anomaly){.anomaly = found[i]};
        str_copy(out[i].sensor, sizeof out[i].sensor, str_of(s ? s->parameter : ""));
        str_copy(out[i].unit, sizeof out[i].unit, str_of(s ? s->unit : ""));
    }
    free(found);
    return code;
}

// Those of the asset's latest incident, if it is not long over.
static enum err_code anomalies(void *arg, struct str asset,
                               struct join_anomaly out[JOIN_ANOMALIES_MAX], size_t *count,
                               struct err *err)
{
    struct app *a = arg;
    struct incident_filter filter = {.has_asset = true, .limit = 1};
    struct incident latest;
    size_t found = 0;
    *count = 0;
    enum err_code code = find_asset(a, asset, &filter.asset, err);
    if (code == ERR_OK)
        code = store_incidents(a->store, &filter, &latest, &found, err);
    if (code != ERR_OK || !found)
        return code;
    bool recent = latest.active || latest.last_us > app_now_us(a) - incident_us;
    return recent ? read_anomalies(a, latest.id, out, count, err) : ERR_OK;
}

static enum err_code sensors_of(void *arg, struct str asset,
                                struct join_sensor out[JOIN_SENSORS_MAX], size_t *count,
                                struct err *err)
{
    const struct app_join *of = arg;
    return sensors(of->app, asset, out, count, err);
}

static enum err_code anomalies_of(void *arg, struct str asset,
                                  struct join_anomaly out[JOIN_ANOMALIES_MAX], size_t *count,
                                  struct err *err)
{
    const struct app_join *of = arg;
    (void)asset;
    return read_anomalies(of->app, of->incident, out, count, err);
}

struct join_tools app_join_incident(struct app_join *of)
{
    return (struct join_tools){sensors_of, anomalies_of, of};
}

struct join_tools app_join_tools(struct app *a)
{
    return (struct join_tools){sensors, anomalies, a};
}
