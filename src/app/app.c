// Opening and closing the running plant: the order in which everything starts and stops.
#include "app/app.h"

#include <stdlib.h>

#include "app/app_private.h"
#include "app/models.h"
#include "app/summary.h"
#include "base/file.h"
#include "base/log.h"

static enum err_code init_locks(struct app *a, struct err *err)
{
    pthread_condattr_t attr;
    bool ok = pthread_condattr_init(&attr) == 0 &&
              pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
              pthread_cond_init(&a->stop_cond, &attr) == 0 &&
              pthread_mutex_init(&a->stop_lock, NULL) == 0 &&
              pthread_mutex_init(&a->settings_lock, NULL) == 0 &&
              pthread_mutex_init(&a->listeners_lock, NULL) == 0 &&
              pthread_mutex_init(&a->summary_lock, NULL) == 0 &&
              pthread_mutex_init(&a->snapshot_lock, NULL) == 0 &&
              pthread_mutex_init(&a->tasks_lock, NULL) == 0 &&
              pthread_cond_init(&a->tasks_done, NULL) == 0 &&
              pthread_mutex_init(&a->words_lock, NULL) == 0;
    return ok ? ERR_OK : err_set(err, ERR_NO_MEMORY, "cannot make locks");
}

static void init_stages(struct app *a)
{
    stage_meter_init(&a->stages[STAGE_SOURCE], "source", "", "readings");
    stage_meter_init(&a->stages[STAGE_INTAKE], "intake", "readings", "readings");
    stage_meter_init(&a->stages[STAGE_STORE], "store", "readings", "stored readings");
    stage_meter_init(&a->stages[STAGE_DETECT], "detect", "stored readings", "anomalies, incidents");
    stage_meter_init(&a->stages[STAGE_SUMMARY], "summary", "anomalies, incidents", "summaries");
}

static enum err_code open_stages(struct app *a, struct err *err)
{
    const struct settings *s = a->settings->settings;
    enum err_code code = file_make_dirs(a->from->data_dir, err);
    a->catalog = catalog_open((size_t)settings_int(s, "plant.sensors_max"));
    a->in_flight_limit = (size_t)settings_int(s, "intake.queue");
    a->to_detect = ring_open(a->in_flight_limit + STAGE_TICK_SLOTS, sizeof(struct reading));
    a->findings = calloc(FINDINGS_MAX, sizeof *a->findings);
    if (code == ERR_OK && (!a->catalog || !a->to_detect || !a->findings))
        code = err_set(err, ERR_NO_MEMORY, "out of memory while starting");
    if (code == ERR_OK)
        code = store_open(a->from->data_dir, s, a->catalog, &a->store, err);
    uint64_t last_incident = 0;
    if (code == ERR_OK && a->from->offline) {
        atomic_store(&a->clock_mode, CLOCK_REPLAY); // now is when the latest reading came
        return detect_stage_view_rules(a, s, err);
    }
    size_t leftovers = 0;
    if (code == ERR_OK)
        code = file_remove_leftovers(a->from->data_dir, &leftovers, err);
    if (leftovers)
        log_info("app", "%zu unfinished files of an earlier run removed", leftovers);
    if (code == ERR_OK)
        code = store_last_incident_id(a->store, &last_incident, err);
    struct detect_events events = {detect_stage_found_anomaly, detect_stage_found_incident, a};
    if (code == ERR_OK)
        code = detect_open(a->catalog, s, &events, last_incident + 1, &a->detect, err);
    if (code == ERR_OK)
        code = verdicts_load(a, err);
    if (code == ERR_OK)
        code = learning_load(a, err);
    if (code == ERR_OK)
        code = app_recover(a, err);
    if (code == ERR_OK)
        code = detect_stage_start(a, err);
    if (code == ERR_OK) {
        a->stages[STAGE_INTAKE].active = a->stages[STAGE_STORE].active = true;
        a->summarized_until_us = app_now_us(a);
        code = upkeep_start(a, err);
    }
    if (code == ERR_OK)
        code = app_models_open(a, err);
    if (code == ERR_OK)
        code = summary_stage_start(a, err);
    return code;
}

enum err_code app_open(const struct app_sources *from, struct app **out, struct err *err)
{
    struct app *a = calloc(1, sizeof *a);
    struct held_settings *held = calloc(1, sizeof *held);
    if (!a || !held) {
        free(a);
        free(held);
        return err_set(err, ERR_NO_MEMORY, "out of memory while starting");
    }
    a->from = from;
    a->settings = held;
    a->started_us = clock_wall_us();
    init_stages(a);
    enum err_code code = init_locks(a, err);
    if (code == ERR_OK)
        code = app_settings_load(from, &held->settings, err);
    if (code == ERR_OK)
        code = open_stages(a, err);
    if (code != ERR_OK) {
        app_close(&a, NULL);
        return code;
    }
    *out = a;
    return ERR_OK;
}

enum err_code app_close(struct app **app, struct err *err)
{
    struct app *a = *app;
    if (!a)
        return ERR_OK;
    app_models_stop(a);
    // Sources first, then what they fed: the writer may still be handing stored readings on, so
    // the ring stops taking only after an empty batch came back from behind them.
    upkeep_stop(a);
    summary_stage_stop(a);
    app_models_close(a);
    demo_stop(a);
    replay_stop(a);
    enum err_code code = ERR_OK;
    struct store_batch barrier = {0};
    if (a->store)
        code = store_write(a->store, &barrier, err);
    if (a->to_detect)
        ring_stop(a->to_detect);
    detect_stage_stop(a);
    if (a->detect)
        detect_close(&a->detect);
    if (a->store) {
        enum err_code closed = store_close(&a->store, code == ERR_OK ? err : NULL);
        code = code == ERR_OK ? closed : code;
    }
    catalog_close(&a->catalog);
    ring_close(&a->to_detect);
    free(a->findings);
    free(a->views);
    verdicts_free(a);
    learning_free(a);
    for (struct held_settings *h = a->settings; h;) {
        struct held_settings *next = h->next;
        settings_close(&h->settings);
        free(h);
        h = next;
    }
    free(a);
    *app = NULL;
    return code;
}

struct store *app_store(struct app *a)
{
    return a->store;
}

struct catalog *app_catalog(struct app *a)
{
    return a->catalog;
}

const char *app_data_dir(const struct app *a)
{
    return a->from->data_dir;
}

int64_t app_started_us(const struct app *a)
{
    return a->started_us;
}

int64_t app_now_us(const struct app *a)
{
    switch (atomic_load(&a->clock_mode)) {
    case CLOCK_SCALED:
        return a->clock_start_us +
               (int64_t)((double)(clock_mono_us() - a->clock_wall_start_us) * a->clock_speed);
    case CLOCK_REPLAY: {
        int64_t last = store_last_reading_us(a->store);
        return last == TIME_NONE ? clock_wall_us() : last;
    }
    default:
        return clock_wall_us();
    }
}

uint64_t app_latest(struct app *a, struct reading *out, size_t count)
{
    uint64_t version = atomic_load(&a->accepted);
    store_latest(a->store, out, count);
    return version;
}
