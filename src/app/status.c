// What each stage has done, and the plant's state in one struct.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app/app_private.h"
#include "app/models.h"

void stage_meter_init(struct stage_meter *m, const char *name, const char *input,
                      const char *output)
{
    m->name = name;
    m->input = input;
    m->output = output;
    atomic_store(&m->last_us, TIME_NONE);
    pthread_mutex_init(&m->note_lock, NULL);
}

void stage_count(struct stage_meter *m, uint64_t in, uint64_t out)
{
    atomic_fetch_add(&m->in, in);
    atomic_fetch_add(&m->out, out);
    if (in)
        atomic_store(&m->last_us, clock_wall_us());
}

bool stage_note(struct stage_meter *m, const char *fmt, ...)
{
    char note[sizeof m->note];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(note, sizeof note, fmt, ap);
    va_end(ap);
    pthread_mutex_lock(&m->note_lock);
    bool news = strcmp(m->note, note) != 0;
    memcpy(m->note, note, sizeof note);
    pthread_mutex_unlock(&m->note_lock);
    return news;
}

static void fill_stage(struct app_stage_status *out, struct stage_meter *m)
{
    *out = (struct app_stage_status){.name = m->name,
                                     .input = m->input,
                                     .output = m->output,
                                     .active = atomic_load(&m->active),
                                     .in = atomic_load(&m->in),
                                     .out = atomic_load(&m->out),
                                     .per_second = atomic_load(&m->per_second),
                                     .last_us = atomic_load(&m->last_us)};
    pthread_mutex_lock(&m->note_lock);
    memcpy(out->note, m->note, sizeof out->note);
    pthread_mutex_unlock(&m->note_lock);
}

void app_status(struct app *a, struct app_status *out)
{
    *out = (struct app_status){0};
    store_stats(a->store, &out->store);
    for (size_t i = 0; i < STAGE_COUNT; i++)
        fill_stage(&out->stages[i], &a->stages[i]);
    out->stage_count = STAGE_COUNT;
    out->stages[STAGE_STORE].queued = out->store.queued_readings;
    out->stages[STAGE_INTAKE].queued = atomic_load(&a->in_flight);
    out->stages[STAGE_INTAKE].queue_limit = a->in_flight_limit;
    out->stages[STAGE_DETECT].queued = ring_used(a->to_detect);
    out->stages[STAGE_DETECT].queue_limit = a->in_flight_limit;
    out->last_reading_us = store_last_reading_us(a->store);
    int64_t last = atomic_load(&a->stages[STAGE_INTAKE].last_us);
    out->sensor_active = last != TIME_NONE && clock_wall_us() - last < 10 * US_PER_SECOND;
    out->detector_active = atomic_load(&a->stages[STAGE_DETECT].active);
    out->llm_active = app_models_active(a);
    out->api_active = true;
    struct err err;
    if (store_anomaly_count(a->store, app_now_us(a) - US_PER_DAY, &out->anomaly_count_24h, &err) !=
        ERR_OK)
        stage_note(&a->stages[STAGE_STORE], "%s", err.text);
    out->readings_accepted = atomic_load(&a->accepted);
    out->readings_duplicate = atomic_load(&a->duplicates);
    out->readings_refused = atomic_load(&a->refused);
    out->sensors = catalog_sensor_count(a->catalog);
    out->assets = catalog_asset_count(a->catalog);
    pthread_mutex_lock(&a->snapshot_lock);
    out->detect = a->detect_stats;
    pthread_mutex_unlock(&a->snapshot_lock);
}
