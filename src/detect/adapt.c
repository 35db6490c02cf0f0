// What people tell the engine about its detectors: less sensitive here, learn anew there.
#include <string.h>

#include "detect/multivariate.h"

static const double factor_most = 10;

static size_t find_detector(const char *name)
{
    size_t i = 0;
    while (i < DETECTOR_COUNT && strcmp(detectors[i]->name, name) != 0)
        i++;
    return i;
}

enum err_code detect_set_sensitivity(struct detect *d, uint32_t sensor, const char *detector,
                                     double factor, struct err *err)
{
    size_t which = find_detector(detector);
    if (which == DETECTOR_COUNT)
        return err_set(err, ERR_NOT_FOUND, "there is no detector \"%s\"", detector);
    if (!detectors[which]->learns)
        return err_set(err, ERR_INPUT, "%s goes by limits that are set, not by sensitivity",
                       detector);
    if (!(factor >= 0 && factor <= factor_most))
        return err_set(err, ERR_INPUT, "a sensitivity of %g is not within 0 to %g", factor,
                       factor_most);
    if (!catalog_sensor(d->catalog, sensor))
        return err_set(err, ERR_NOT_FOUND, "there is no sensor %u", sensor);
    struct sensor_state *s = engine_sensor(d, sensor, err);
    if (!s)
        return err->code;
    s->factor[which] = (float)factor;
    return ERR_OK;
}

double detect_sensitivity(const struct detect *d, uint32_t sensor, const char *detector)
{
    const struct sensor_state *s = sensor_states_find(&d->sensors, sensor);
    size_t which = find_detector(detector);
    return s && which < DETECTOR_COUNT ? (double)s->factor[which] : 1;
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
