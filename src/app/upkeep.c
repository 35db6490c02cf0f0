// The upkeep thread: ticks for silent sensors, rates for the status.
#include <errno.h>
#include <malloc.h>
#include <time.h>

#include "app/app_private.h"

bool app_is_stopping(struct app *a)
{
    pthread_mutex_lock(&a->stop_lock);
    bool stopping = a->stopping;
    pthread_mutex_unlock(&a->stop_lock);
    return stopping;
}

bool app_sleep(struct app *a, int64_t us)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t ns = t.tv_nsec + us % US_PER_SECOND * 1000;
    t.tv_sec += us / US_PER_SECOND + ns / 1000000000;
    t.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&a->stop_lock);
    while (!a->stopping && pthread_cond_timedwait(&a->stop_cond, &a->stop_lock, &t) != ETIMEDOUT)
        ;
    bool going_on = !a->stopping;
    pthread_mutex_unlock(&a->stop_lock);
    return going_on;
}

static void measure_rates(struct app *a, double seconds)
{
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        struct stage_meter *m = &a->stages[i];
        uint64_t in = atomic_load(&m->in);
        double now = (double)(in - m->in_before) / seconds, before = atomic_load(&m->per_second);
        atomic_store(&m->per_second, before + (now - before) * 0.3);
        m->in_before = in;
    }
}

// Readings made or sent just now need a moment to get through the store: the tick that makes
// silence visible stays behind the clock by that much.
static int64_t tick_time(struct app *a)
{
    double speed = atomic_load(&a->clock_mode) == CLOCK_SCALED ? a->clock_speed : 1;
    return app_now_us(a) - (int64_t)((speed > 1 ? speed : 1) * (double)US_PER_SECOND);
}

static const int64_t trim_every_us = 30 * US_PER_SECOND;

static void *upkeep_main(void *arg)
{
    struct app *a = arg;
    int64_t before = clock_mono_us(), trimmed_at = before;
    while (app_sleep(a, US_PER_SECOND)) {
        int64_t now = clock_mono_us();
        measure_rates(a, (double)(now - before) / 1e6);
        before = now;
        if (atomic_load(&a->clock_mode) != CLOCK_REPLAY && !atomic_load(&a->ticks_held)) {
            struct reading tick = {.sensor = SENSOR_TICK, .time_us = tick_time(a)};
            ring_put(a->to_detect, &tick, 1, 0);
        }
        // What a burst of readings left behind goes back to the system.
        if (now - trimmed_at >= trim_every_us) {
            malloc_trim(0);
            trimmed_at = now;
        }
    }
    return NULL;
}

enum err_code upkeep_start(struct app *a, struct err *err)
{
    if (pthread_create(&a->upkeep_thread, NULL, upkeep_main, a) != 0)
        return err_set(err, ERR_NO_MEMORY, "cannot start the upkeep thread");
    a->upkeep_running = true;
    return ERR_OK;
}

void upkeep_stop(struct app *a)
{
    pthread_mutex_lock(&a->stop_lock);
    a->stopping = true;
    pthread_cond_broadcast(&a->stop_cond);
    pthread_mutex_unlock(&a->stop_lock);
    if (a->upkeep_running)
        pthread_join(a->upkeep_thread, NULL);
    a->upkeep_running = false;
}
