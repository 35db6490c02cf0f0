// Takes up open incidents and episodes that were found before a restart.
#include <math.h>
#include <string.h>

#include "detect/engine.h"

static size_t find_detector(const char *name)
{
    size_t i = 0;
    while (i < DETECTOR_COUNT && strcmp(detectors[i]->name, name) != 0)
        i++;
    return i;
}

// What no detector can judge any more is ended where it was last seen.
static void give_up(struct detect *d, const struct anomaly *a)
{
    struct anomaly over = *a;
    over.end_us = a->peak_us != TIME_NONE && a->peak_us > a->start_us ? a->peak_us : a->start_us;
    if (d->events.anomaly)
        d->events.anomaly(d->events.arg, &over, CHANGE_CLOSED);
}

static enum err_code resume_anomaly(struct detect *d, const struct anomaly *a, struct err *err)
{
    size_t which = find_detector(a->detector);
    if (which == DETECTOR_COUNT || !detectors[which]->push) {
        give_up(d, a);
        return ERR_OK;
    }
    struct sensor_state *s = engine_sensor(d, a->sensor, err);
    if (!s)
        return err_prefix(err, "anomaly %llu", (unsigned long long)a->id);
    if (s->episode[which]) {
        give_up(d, a);
        return ERR_OK;
    }
    uint32_t place = episode_new(&d->episodes);
    if (!place)
        return err_set(err, ERR_NO_MEMORY, "out of memory for open anomalies");
    struct episode *e = episode_at(&d->episodes, place);
    e->anomaly = *a;
    e->sensor = s->sensor;
    e->detector = detectors[which];
    e->excess = fabs(a->peak - a->limit);
    e->last_us =
        a->peak_us != TIME_NONE && a->peak_us > a->detected_us ? a->peak_us : a->detected_us;
    e->told_us = e->last_us;
    e->told = e->resumed = true;
    s->episode[which] = place;
    if (detectors[which]->resume)
        detectors[which]->resume(sensor_state_of(&d->sensors, s, which), a);
    incidents_resume_anomaly(&d->incidents, a);
    return ERR_OK;
}

enum err_code detect_resume(struct detect *d, const struct incident *incidents,
                            size_t incident_count, const struct anomaly *anomalies,
                            size_t anomaly_count, struct err *err)
{
    enum err_code code = ERR_OK;
    struct err unused;
    err = err ? err : &unused;
    for (size_t i = 0; i < incident_count; i++)
        if (!incidents_resume(&d->incidents, &incidents[i], TIME_NONE))
            return err_set(err, ERR_NO_MEMORY, "out of memory for active incidents");
    for (size_t i = 0; code == ERR_OK && i < anomaly_count; i++)
        if (anomalies[i].end_us == TIME_NONE)
            code = resume_anomaly(d, &anomalies[i], err);
    return code;
}
