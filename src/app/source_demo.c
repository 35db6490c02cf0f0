// The demo plant: a simulated one that first makes an hour of history and then goes on in time.
#include <stdlib.h>

#include "app/app_private.h"
#include "base/log.h"
#include "ingest/sim.h"

enum { BLOCK_READINGS = 8192 };

static const int64_t history_us = US_PER_HOUR;
static const int64_t history_readings = 2000000; // at most: a large plant shows less of the past
static const int64_t shortest_sleep_us = 50 * US_PER_MS;
static const double plant_faults_per_hour = 6; // something to look at, not a storm

struct demo {
    struct sim *sim;
    struct reading *block;
    size_t cap; // readings that fit in `block`
    int64_t live_from_us;
    double speed;
    bool scaled; // the plant's clock is not the wall's
};

bool source_submit(struct app *a, const struct reading *readings, size_t count)
{
    struct err err;
    enum err_code code;
    while ((code = app_submit_wait(a, readings, count, NULL, NULL, &err)) == ERR_NO_SPACE) {
        stage_note(&a->stages[STAGE_SOURCE], "waits: %s", err.text);
        if (!app_sleep(a, US_PER_SECOND))
            return false;
    }
    if (code != ERR_OK && code != ERR_CANCELLED) {
        stage_note(&a->stages[STAGE_SOURCE], "ended: %s", err.text);
        log_error("source", "%s", err.text);
    } else if (code == ERR_OK) {
        stage_note(&a->stages[STAGE_SOURCE], "%s", "");
        stage_count(&a->stages[STAGE_SOURCE], count, count);
    }
    return code == ERR_OK;
}

// Makes and hands in everything due by plant time `until_us`.
static bool run_until(struct app *a, struct demo *d, int64_t until_us)
{
    size_t filled = 0, instant = sim_sensor_count(d->sim);
    while (sim_next_time_us(d->sim) <= until_us && !app_is_stopping(a)) {
        size_t count;
        int64_t time_us;
        struct err err;
        if (sim_next(d->sim, d->block + filled, &count, &time_us, &err) != ERR_OK) {
            log_error("demo", "%s", err.text);
            return false;
        }
        filled += count;
        if (filled + instant > d->cap) {
            if (!source_submit(a, d->block, filled))
                return false;
            filled = 0;
        }
    }
    return filled == 0 || source_submit(a, d->block, filled);
}

static void *demo_main(void *arg)
{
    struct app *a = arg;
    struct demo *d = a->demo;
    bool going_on = run_until(a, d, d->live_from_us);
    if (d->scaled) { // its time runs from when its past is there
        a->clock_start_us = d->live_from_us;
        a->clock_wall_start_us = clock_mono_us();
        a->clock_speed = d->speed;
        atomic_store(&a->clock_mode, CLOCK_SCALED);
    }
    going_on = going_on && run_until(a, d, app_now_us(a));
    atomic_store(&a->ticks_held, false);
    while (going_on && !app_is_stopping(a)) {
        going_on = run_until(a, d, app_now_us(a));
        int64_t wait = sim_next_time_us(d->sim) - app_now_us(a);
        if (atomic_load(&a->clock_mode) == CLOCK_SCALED)
            wait = (int64_t)((double)wait / a->clock_speed);
        app_sleep(a, wait > shortest_sleep_us ? wait : shortest_sleep_us);
    }
    a->stages[STAGE_SOURCE].active = false;
    return NULL;
}

enum err_code app_start_demo(struct app *a, size_t assets, double speed, uint64_t seed,
                             struct err *err)
{
    if (a->source_running)
        return err_set(err, ERR_CONFLICT, "a source runs already");
    if (!(speed > 0) || speed > 1e6)
        return err_set(err, ERR_USAGE, "speed %g: more than 0 and at most 1000000 expected", speed);
    int64_t now = app_now_us(a), last = store_last_reading_us(a->store);
    // A plant simulated faster than the clock has left readings ahead of it.
    int64_t live = last != TIME_NONE && last > now ? last + US_PER_SECOND : now;
    int64_t history = history_readings / ((int64_t)assets * SIM_PARAMETER_COUNT) * US_PER_SECOND;
    int64_t from = live - (history < history_us ? history : history_us);
    if (last != TIME_NONE && last >= from)
        from = last + US_PER_SECOND;
    from -= from % US_PER_SECOND;
    struct demo *d = calloc(1, sizeof *d);
    if (!d)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the demo plant");
    a->demo = d;
    d->live_from_us = live;
    struct sim_config config = {.seed = seed,
                                .assets = (uint32_t)assets,
                                .start_us = from,
                                .rate_hz = 1,
                                .faults_per_hour =
                                    plant_faults_per_hour / (assets < 6 ? 6.0 : (double)assets),
                                .truth_max = 1000};
    if (config.faults_per_hour < 0.05)
        config.faults_per_hour = 0.05;
    enum err_code code = sim_open(&config, a->catalog, &d->sim, err);
    if (code == ERR_OK) {
        size_t instant = sim_sensor_count(d->sim);
        d->cap = instant > BLOCK_READINGS ? instant : BLOCK_READINGS;
        d->block = calloc(d->cap, sizeof *d->block);
        if (!d->block)
            code = err_set(err, ERR_NO_MEMORY, "out of memory for the demo plant");
    }
    d->speed = speed;
    d->scaled = speed != 1 || live != now;
    atomic_store(&a->ticks_held, code == ERR_OK);
    if (code == ERR_OK) {
        a->stages[STAGE_SOURCE].name = "demo";
        a->stages[STAGE_SOURCE].active = true;
        a->source_running = pthread_create(&a->source_thread, NULL, demo_main, a) == 0;
        if (!a->source_running)
            code = err_set(err, ERR_NO_MEMORY, "cannot start the demo thread");
    }
    if (code != ERR_OK)
        demo_stop(a);
    return code;
}

void demo_stop(struct app *a)
{
    if (!a->demo)
        return;
    if (a->source_running)
        pthread_join(a->source_thread, NULL);
    a->source_running = false;
    sim_close(&a->demo->sim);
    free(a->demo->block);
    free(a->demo);
    a->demo = NULL;
}
