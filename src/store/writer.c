// The writer's thread and its queue: who may wait how long, what is committed together.
#include "base/log.h"

#include <errno.h>
#include <time.h>

#include "store/store_private.h"

enum {
    GROUP_READINGS = 65536, // a group takes no further batch beyond this many readings
    HURRY_READINGS = 32768, // so many waiting are not kept waiting for more
};

static const int64_t upkeep_every_us = US_PER_MINUTE;
static const int64_t idle_us = 50 * US_PER_MS; // then heads that are due are sealed anyway

// ---- handing over ----

static enum err_code check_batch(const struct store *s, const struct store_batch *batch,
                                 struct err *err)
{
    size_t sensors = catalog_sensor_count(s->catalog);
    for (size_t i = 0; i < batch->reading_count; i++) {
        const struct reading *r = &batch->readings[i];
        if (r->sensor >= sensors)
            return err_set(err, ERR_INPUT, "reading %zu: there is no sensor %u", i, r->sensor);
        if (r->time_us < TIME_MIN_US || r->time_us > TIME_MAX_US)
            return err_set(err, ERR_INPUT, "reading %zu: its time is outside the years 1 to 9999",
                           i);
        if (r->quality >= ITEM_QUALITIES)
            return err_set(err, ERR_INPUT, "reading %zu: unknown quality %u", i, r->quality);
    }
    for (size_t i = 0; i < batch->incident_count; i++)
        if (!catalog_asset_name(s->catalog, batch->incidents[i].asset))
            return err_set(err, ERR_INPUT, "incident %llu: there is no asset %u",
                           (unsigned long long)batch->incidents[i].id, batch->incidents[i].asset);
    for (size_t i = 0; i < batch->anomaly_count; i++)
        if (batch->anomalies[i].sensor >= sensors)
            return err_set(err, ERR_INPUT, "anomaly %llu: there is no sensor %u",
                           (unsigned long long)batch->anomalies[i].id, batch->anomalies[i].sensor);
    return ERR_OK;
}

enum err_code store_submit(struct store *s, struct store_batch *batch, struct err *err)
{
    enum err_code code = check_batch(s, batch, err);
    if (code != ERR_OK)
        return code;
    batch->next = NULL;
    pthread_mutex_lock(&s->lock);
    size_t queued = s->queued_readings;
    if (s->stopping) {
        code = err_set(err, ERR_CANCELLED, "the store is closing");
    } else if (queued && queued + batch->reading_count > s->queue_max) {
        code = err_set(err, ERR_BUSY,
                       "%zu readings wait to be stored already: try again in a moment", queued);
    } else {
        if (s->last)
            s->last->next = batch;
        else
            s->first = batch;
        s->last = batch;
        s->queued_readings += batch->reading_count;
        pthread_cond_signal(&s->wake);
    }
    pthread_mutex_unlock(&s->lock);
    return code;
}

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool over;
    enum err_code code;
    struct err err;
    void (*done)(struct store_batch *batch, enum err_code code, const struct err *err);
    void *arg;
};

static void wake_waiting(struct store_batch *batch, enum err_code code, const struct err *err)
{
    struct waiting *w = batch->arg;
    pthread_mutex_lock(&w->lock);
    w->code = code;
    if (code != ERR_OK)
        w->err = *err;
    w->over = true;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->lock);
}

enum err_code store_write(struct store *s, struct store_batch *batch, struct err *err)
{
    struct waiting w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .done = batch->done,
                        .arg = batch->arg};
    batch->done = wake_waiting;
    batch->arg = &w;
    enum err_code code = store_submit(s, batch, err);
    if (code == ERR_OK) {
        pthread_mutex_lock(&w.lock);
        while (!w.over)
            pthread_cond_wait(&w.cond, &w.lock);
        pthread_mutex_unlock(&w.lock);
        code = w.code;
        if (code != ERR_OK && err)
            *err = w.err;
    }
    batch->done = w.done;
    batch->arg = w.arg;
    return code;
}

enum err_code store_state_put(struct store *s, const char *key, struct str value, struct err *err)
{
    struct state_put put = {.key = key, .value = value};
    pthread_mutex_lock(&s->lock);
    if (s->stopping) {
        pthread_mutex_unlock(&s->lock);
        return err_set(err, ERR_CANCELLED, "the store is closing");
    }
    if (s->last_put)
        s->last_put->next = &put;
    else
        s->first_put = &put;
    s->last_put = &put;
    pthread_cond_signal(&s->wake);
    while (!put.over)
        pthread_cond_wait(&s->progress, &s->lock);
    pthread_mutex_unlock(&s->lock);
    if (put.code != ERR_OK && err)
        *err = put.err;
    return put.code;
}

// ---- the thread ----

// False when `until_us` (monotonic) has come.
static bool wait_until(struct store *s, int64_t until_us)
{
    struct timespec t = {until_us / US_PER_SECOND, until_us % US_PER_SECOND * 1000};
    return pthread_cond_timedwait(&s->wake, &s->lock, &t) != ETIMEDOUT;
}

static bool has_waiting(const struct store *s)
{
    return s->first || s->first_put;
}

static bool has_upkeep(const struct store *s)
{
    return s->retain.under_way || s->retain_wanted != s->retain_done;
}

// Waits for something to do, and then as long as the window of the group commit says.
static void wait_for_work(struct store *s, int64_t upkeep_at_us)
{
    while (!has_waiting(s) && !s->stopping && !has_upkeep(s)) {
        bool due = s->due_count && !atomic_load(&s->read_only) && !atomic_load(&s->disk_full);
        int64_t idle_at_us = s->committed_at_us + idle_us;
        bool seal_first = due && idle_at_us < upkeep_at_us;
        if (!wait_until(s, seal_first ? idle_at_us : upkeep_at_us))
            return;
    }
    while (has_waiting(s) && !s->stopping && s->queued_readings < HURRY_READINGS) {
        int64_t until_us = s->committed_at_us + s->window_us;
        if (clock_mono_us() >= until_us || !wait_until(s, until_us))
            return;
    }
}

static void take_group(struct store *s)
{
    struct group *g = &s->group;
    while (s->first && g->queued_readings < GROUP_READINGS && group_add(g, s->first))
        s->first = s->first->next;
    if (!s->first)
        s->last = NULL;
    g->puts = s->first_put;
    s->first_put = s->last_put = NULL;
}

// Ages count from the newest reading where that is behind the clock, so that neither a plant that
// stood still nor a clock that jumped ahead costs anything.
static int64_t upkeep_now(const struct store *s)
{
    int64_t wall = clock_wall_us(), newest = s->newest_us;
    return newest != TIME_NONE && newest < wall ? newest : wall;
}

static void *writer_main(void *arg)
{
    struct store *s = arg;
    int64_t upkeep_at_us = clock_mono_us() + upkeep_every_us;
    bool going_on = true;
    while (going_on) {
        pthread_mutex_lock(&s->lock);
        wait_for_work(s, upkeep_at_us);
        take_group(s);
        bool asked = s->retain_wanted != s->retain_done;
        int64_t asked_now_us = s->retain_now_us;
        going_on = !s->stopping || has_waiting(s) || s->group.member_count || s->group.puts;
        pthread_mutex_unlock(&s->lock);

        group_commit(s, &s->group);

        if (!s->retain.under_way && asked) {
            retain_begin(s, asked_now_us);
        } else if (!s->retain.under_way && clock_mono_us() >= upkeep_at_us) {
            upkeep_at_us = clock_mono_us() + upkeep_every_us;
            retain_begin(s, upkeep_now(s));
        }
        retain_step(s);
    }
    retain_cancel(s);
    return NULL;
}

enum err_code writer_start(struct store *s, struct err *err)
{
    if (pthread_create(&s->thread, NULL, writer_main, s) != 0)
        return err_set(err, ERR_NO_MEMORY, "cannot start the thread that writes");
    s->running = true;
    return ERR_OK;
}

void writer_stop(struct store *s)
{
    if (!s->running)
        return;
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    s->running = false;
}
