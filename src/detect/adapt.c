// What people tell the engine: this was no fault, this is over, learn anew.
#include <math.h>
#include <string.h>

#include "detect/multivariate.h"

static size_t find_detector(const char *name)
{
    size_t i = 0;
    while (i < DETECTOR_COUNT && strcmp(detectors[i]->name, name) != 0)
        i++;
    return i;
}

bool detect_learns(const char *detector)
{
    size_t which = find_detector(detector);
    return which < DETECTOR_COUNT && detectors[which]->learns;
}

enum err_code detect_set_score_floor(struct detect *d, uint32_t sensor, const char *detector,
                                     enum anomaly_kind kind, double floor, struct err *err)
{
    size_t which = find_detector(detector);
    if (which == DETECTOR_COUNT)
        return err_set(err, ERR_NOT_FOUND, "there is no detector \"%s\"", detector);
    if (!detectors[which]->learns)
        return err_set(err, ERR_INPUT, "%s goes by limits that are set, not by a score", detector);
    if (!(floor >= 0 && floor < 1))
        return err_set(err, ERR_INPUT, "a score of %g is not from 0 to below 1", floor);
    if (!catalog_sensor(d->catalog, sensor))
        return err_set(err, ERR_NOT_FOUND, "there is no sensor %u", sensor);
    if (!patterns_set(&d->patterns, sensor, which, kind, floor))
        return err_set(err, ERR_NO_MEMORY, "out of memory for score floors");
    engine_follow_floor(d, sensor, which, kind, floor);
    return ERR_OK;
}

double detect_score_floor(const struct detect *d, uint32_t sensor, const char *detector,
                          enum anomaly_kind kind)
{
    return patterns_floor(&d->patterns, sensor, find_detector(detector), kind);
}

enum err_code detect_resolve(struct detect *d, uint64_t incident, struct err *err)
{
    engine_put_aside(d, incident);
    int64_t now = d->at_us > d->watermark_us ? d->at_us : d->watermark_us;
    return incidents_resolve(&d->incidents, incident, now)
               ? ERR_OK
               : err_set(err, ERR_NO_MEMORY, "out of memory for resolving incident %llu",
                         (unsigned long long)incident);
}

// So low that nothing alarms and everything teaches.
static const double learning_sensitivity = 1e-9;

static enum err_code learn_one(struct detect *d, const struct reading *r, struct err *err)
{
    if (r->quality == QUALITY_MISSING || !isfinite(r->value) || r->time_us < TIME_MIN_US ||
        r->time_us > TIME_MAX_US)
        return ERR_OK;
    struct sensor_state *s = engine_sensor(d, r->sensor, err);
    if (!s)
        return err->code;
    struct sample sample = {.time_us = r->time_us,
                            .clock_us = r->time_us,
                            .value = r->value,
                            .sensitivity = learning_sensitivity};
    if (s->rules->sensitivity <= 0)
        return ERR_OK;
    for (size_t i = 0; i < DETECTOR_COUNT; i++) {
        struct finding unused;
        engine_begin_finding(&unused);
        if (detectors[i]->learns && detectors[i]->push)
            detectors[i]->push(sensor_state_of(&d->sensors, s, i), s->rules, &sample, &unused);
    }
    return multivariate_learn(d, s, &sample)
               ? ERR_OK
               : err_set(err, ERR_NO_MEMORY, "out of memory while learning");
}

enum err_code detect_learn(struct detect *d, const struct reading *readings, size_t count,
                           struct err *err)
{
    struct err unused;
    enum err_code code = ERR_OK;
    for (size_t i = 0; code == ERR_OK && i < count; i++)
        code = learn_one(d, &readings[i], err ? err : &unused);
    return code;
}

static void relearn(struct detect *d, struct sensor_state *s)
{
    for (size_t i = 0; i < DETECTOR_COUNT; i++) {
        if (!detectors[i]->learns)
            continue;
        engine_end_episode(d, s, i);
        memset(sensor_state_of(&d->sensors, s, i), 0, detectors[i]->state_bytes);
    }
}

enum err_code detect_relearn_sensor(struct detect *d, uint32_t sensor, struct err *err)
{
    struct sensor_state *s = sensor_states_find(&d->sensors, sensor);
    if (!catalog_sensor(d->catalog, sensor))
        return err_set(err, ERR_NOT_FOUND, "there is no sensor %u", sensor);
    if (s) {
        relearn(d, s);
        multivariate_relearn(d, s->sensor->asset);
    }
    return ERR_OK;
}

enum err_code detect_relearn_asset(struct detect *d, uint32_t asset, struct err *err)
{
    if (!catalog_asset_name(d->catalog, asset))
        return err_set(err, ERR_NOT_FOUND, "there is no asset %u", asset);
    for (uint32_t id = 0; id < d->sensors.limit; id++) {
        struct sensor_state *s = sensor_states_find(&d->sensors, id);
        if (s && s->sensor->asset == asset)
            relearn(d, s);
    }
    multivariate_relearn(d, asset);
    return ERR_OK;
}
