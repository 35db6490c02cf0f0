// A small plant under an engine, for tests: readings go in by seconds, findings come out as lines.
#ifndef FETTLE_TESTS_DETECT_SCENE_H
#define FETTLE_TESTS_DETECT_SCENE_H

#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "detect/detect.h"

enum { SCENE_TEMPERATURE, SCENE_PRESSURE, SCENE_FLOW, SCENE_OTHER_ASSET };

struct scene {
    struct catalog *catalog;
    struct settings *settings;
    struct detect *engine;
    struct buf log;           // one line for each finding told
    struct anomaly last;      // told last
    struct incident incident; // told last
    size_t opened[ANOMALY_KIND_COUNT], closed[ANOMALY_KIND_COUNT], updated;
    size_t incidents_opened, incidents_closed;
};

static inline double seconds(int64_t us)
{
    return us == TIME_NONE ? (double)NAN : (double)us / 1e6;
}

static inline int64_t at(double s)
{
    return (int64_t)llround(s * 1e6);
}

static inline void scene_anomaly(void *arg, const struct anomaly *a, enum change change)
{
    static const char *const words[] = {"opened", "updated", "closed"};
    struct scene *sc = arg;
    char name[PLANT_FULL_NAME_BYTES];
    sc->last = *a;
    sc->opened[a->kind] += change == CHANGE_OPENED;
    sc->closed[a->kind] += change == CHANGE_CLOSED;
    sc->updated += change == CHANGE_UPDATED;
    buf_printf(&sc->log, "%s %s %s %s %.6f-%.6f found %.6f peak %g count %llu in %llu: %s\n",
               words[change], sensor_full_name(catalog_sensor(sc->catalog, a->sensor), name),
               anomaly_kind_name(a->kind), side_name(a->side), seconds(a->start_us),
               seconds(a->end_us), seconds(a->detected_us), a->peak, (unsigned long long)a->count,
               (unsigned long long)a->incident, a->message);
}

static inline void scene_incident(void *arg, const struct incident *i, enum change change)
{
    struct scene *sc = arg;
    sc->incident = *i;
    sc->incidents_opened += change == CHANGE_OPENED;
    sc->incidents_closed += change == CHANGE_CLOSED;
    if (change != CHANGE_UPDATED)
        buf_printf(&sc->log, "incident %llu %s %.6f-%.6f %s\n", (unsigned long long)i->id,
                   change == CHANGE_OPENED ? "opened" : "closed", seconds(i->start_us),
                   seconds(i->last_us), i->title);
}

static inline void scene_engine(struct scene *sc, uint64_t first_incident)
{
    struct err err;
    struct detect_events events = {scene_anomaly, scene_incident, sc};
    assert_ok(detect_open(sc->catalog, sc->settings, &events, first_incident, &sc->engine, &err),
              err);
}

// `pairs` are settings as after --set, ended by NULL.
static inline void scene_settings(struct scene *sc, const char *const *pairs)
{
    static const struct setting_def *const tables[] = {detect_settings};
    struct err err;
    sc->settings = settings_open(tables, 1);
    assert_non_null(sc->settings);
    for (; pairs && *pairs; pairs++)
        assert_ok(settings_set_pair(sc->settings, *pairs, &err), err);
}

static inline void scene_open(struct scene *sc, const char *const *pairs)
{
    static const char *const names[] = {"pipe-1/temperature", "pipe-1/pressure", "pipe-1/flow",
                                        "pipe-2/temperature"};
    struct err err;
    uint32_t id;
    *sc = (struct scene){.catalog = catalog_open(0)};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_ok(
            catalog_intern_full(sc->catalog, str_of(names[i]), str_of("x"), str_of(""), &id, &err),
            err);
    scene_settings(sc, pairs);
    scene_engine(sc, 1);
}

static inline void scene_close(struct scene *sc)
{
    detect_close(&sc->engine);
    settings_close(&sc->settings);
    catalog_close(&sc->catalog);
    buf_free(&sc->log);
}

static inline void put(struct scene *sc, uint32_t sensor, double time_s, double value)
{
    struct err err;
    struct reading r = {at(time_s), value, sensor, isnan(value) ? QUALITY_MISSING : QUALITY_GOOD};
    assert_ok(detect_push(sc->engine, &r, 1, &err), err);
}

// The same value each second from `from_s` to `to_s`, both included.
static inline void run(struct scene *sc, uint32_t sensor, double from_s, double to_s, double value)
{
    for (double t = from_s; t <= to_s; t++)
        put(sc, sensor, t, value);
}

static inline void flush(struct scene *sc)
{
    struct err err;
    assert_ok(detect_flush(sc->engine, &err), err);
}

static inline void tick(struct scene *sc, double now_s)
{
    struct err err;
    assert_ok(detect_tick(sc->engine, at(now_s), &err), err);
}

static inline struct detect_stats stats(const struct scene *sc)
{
    struct detect_stats s;
    detect_stats(sc->engine, &s);
    return s;
}

static inline const char *log_text(struct scene *sc)
{
    return sc->log.p ? sc->log.p : "";
}

#endif
