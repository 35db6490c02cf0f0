// The door for readings: bounds what is in flight, stores, then hands on to detection.
#include <math.h>
#include <stdlib.h>

#include "app/app_private.h"

// Runs on the store's writer thread: what was stored (and only that) goes on to the detect stage.
// The ring has a slot for everything in flight, so putting never waits.
static void committed(struct store_batch *batch, enum err_code code, const struct err *err)
{
    struct app_ticket *t = batch->arg;
    struct app *a = t->app;
    t->stored = code == ERR_OK ? batch->stored : 0;
    t->duplicates = code == ERR_OK ? batch->duplicates : 0;
    size_t passed_on = 0, missing = 0;
    for (size_t i = 0; code == ERR_OK && i < t->count;) {
        size_t run = i;
        for (; run < t->count && t->fate[run] == FATE_STORED; run++)
            missing += isnan(t->readings[run].value) != 0;
        if (run > i && ring_put(a->to_detect, t->readings + i, run - i, 0))
            passed_on += run - i;
        i = run + 1;
    }
    atomic_fetch_sub(&a->in_flight, t->count - passed_on);
    atomic_fetch_add(&a->accepted, t->stored);
    atomic_fetch_add(&a->missing, missing);
    atomic_fetch_add(&a->duplicates, t->duplicates);
    stage_count(&a->stages[STAGE_STORE], code == ERR_OK ? t->count : 0, passed_on);
    if (code == ERR_OK)
        stage_note(&a->stages[STAGE_STORE], "%s", "");
    else
        stage_note(&a->stages[STAGE_STORE], "%s", err->text);
    free(t->fate);
    t->fate = NULL;
    t->done(t, code, err);
}

enum err_code app_submit(struct app *a, struct app_ticket *t, struct err *err)
{
    if (t->count > a->in_flight_limit)
        return err_set(err, ERR_LIMIT,
                       "%zu readings at once are more than the intake holds (%zu): send them in "
                       "smaller parts",
                       t->count, a->in_flight_limit);
    size_t before = atomic_fetch_add(&a->in_flight, t->count);
    if (before + t->count > a->in_flight_limit) {
        atomic_fetch_sub(&a->in_flight, t->count);
        return err_set(err, ERR_BUSY, "%zu readings are waiting already: try again in a moment",
                       before);
    }
    t->app = a;
    t->stored = t->duplicates = 0;
    t->fate = calloc(t->count ? t->count : 1, 1);
    enum err_code code = t->fate ? ERR_OK : err_set(err, ERR_NO_MEMORY, "out of memory at intake");
    if (code == ERR_OK) {
        t->batch = (struct store_batch){.readings = t->readings,
                                        .reading_count = t->count,
                                        .fate = t->fate,
                                        .done = committed,
                                        .arg = t};
        stage_count(&a->stages[STAGE_INTAKE], t->count, t->count);
        code = store_submit(a->store, &t->batch, err);
    }
    if (code != ERR_OK) {
        free(t->fate);
        t->fate = NULL;
        atomic_fetch_sub(&a->in_flight, t->count);
    }
    return code;
}

struct waiting {
    struct app_ticket ticket;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool over;
    enum err_code code;
    struct err err;
};

static void wake(struct app_ticket *t, enum err_code code, const struct err *err)
{
    struct waiting *w = t->arg;
    pthread_mutex_lock(&w->lock);
    w->code = code;
    if (code != ERR_OK)
        w->err = *err;
    w->over = true;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->lock);
}

enum err_code app_submit_wait(struct app *a, const struct reading *readings, size_t count,
                              size_t *stored, size_t *duplicates, struct err *err)
{
    struct waiting w = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    w.ticket = (struct app_ticket){.readings = readings, .count = count, .done = wake, .arg = &w};
    enum err_code code;
    while ((code = app_submit(a, &w.ticket, err)) == ERR_BUSY)
        if (!app_sleep(a, 2 * US_PER_MS))
            return err_set(err, ERR_CANCELLED, "stopping");
    if (code != ERR_OK)
        return code;
    pthread_mutex_lock(&w.lock);
    while (!w.over)
        pthread_cond_wait(&w.cond, &w.lock);
    pthread_mutex_unlock(&w.lock);
    if (stored)
        *stored = w.ticket.stored;
    if (duplicates)
        *duplicates = w.ticket.duplicates;
    if (w.code != ERR_OK && err)
        *err = w.err;
    return w.code;
}

void app_intake_bounds(struct app *a, int64_t *oldest_us, int64_t *newest_us)
{
    const struct settings *s = app_settings_hold(a);
    int64_t now = app_now_us(a), wall = clock_wall_us();
    if (wall > now)
        now = wall;
    *newest_us = now + settings_int(s, "intake.future");
    *oldest_us = now - settings_int(s, "intake.past");
    if (*oldest_us < TIME_MIN_US)
        *oldest_us = TIME_MIN_US;
    app_settings_release(a, s);
}

void app_count_refused(struct app *a, uint64_t count)
{
    atomic_fetch_add(&a->refused, count);
}
