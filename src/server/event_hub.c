// The shared log of events, and the thread that wakes its readers.
#include "server/event_hub.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "server/event_private.h"
#include "server/plant_json.h"

static const int64_t readings_every_us = 500 * US_PER_MS;
static const int64_t wake_every_us = 50 * US_PER_MS; // bursts become one wake-up

static const char *const change_names[] = {"opened", "updated", "closed"};

static void write_event(struct event_hub *h, const struct app_event *e, struct buf *out)
{
    static const char *const names[] = {"anomaly", "incident", "summary", "diagnosis"};
    const struct catalog *catalog = app_catalog(h->app);
    buf_printf(out, "event: %s\nid: %" PRIx64 "-%" PRIu64 "\ndata: ", names[e->type], h->boot,
               h->next_seq);
    struct json_out j;
    json_open(&j, out);
    json_object(&j);
    json_key_text(&j, "change", change_names[e->change]);
    json_key(&j, names[e->type]);
    switch (e->type) {
    case EVENT_ANOMALY:
        json_anomaly(&j, catalog, e->anomaly);
        break;
    case EVENT_INCIDENT:
        json_incident(&j, catalog, e->incident);
        break;
    case EVENT_SUMMARY:
        json_summary(&j, e->summary);
        break;
    case EVENT_DIAGNOSIS:
        json_incident_diagnosis(&j, e->diagnosis);
        break;
    }
    json_end(&j);
    buf_add_z(out, "\n\n");
}

// The app's listener: on the thread of the stage that found something.
static void on_event(void *arg, const struct app_event *e)
{
    struct event_hub *h = arg;
    pthread_mutex_lock(&h->lock);
    struct buf *slot = &h->log[h->next_seq % LOG_EVENTS];
    buf_reset(slot);
    write_event(h, e, slot);
    h->next_seq++;
    pthread_cond_signal(&h->cond);
    pthread_mutex_unlock(&h->lock);
}

static bool someone_wants_readings(const struct event_hub *h)
{
    for (const struct event_client *c = h->first; c; c = c->next)
        if (event_client_wants_readings(c))
            return true;
    return false;
}

static void take_latest(struct event_hub *h)
{
    size_t count = catalog_sensor_count(app_catalog(h->app));
    if (count > h->latest_cap) {
        struct reading *more = realloc(h->latest, count * sizeof *more);
        if (!more)
            return;
        h->latest = more;
        h->latest_cap = count;
    }
    app_latest(h->app, h->latest, count);
    h->latest_count = count;
    h->tick++;
}

static void wake_clients(struct event_hub *h, bool readings, int64_t now)
{
    bool events = h->woken_seq != h->next_seq;
    h->woken_seq = h->next_seq;
    for (struct event_client *c = h->first; c; c = c->next)
        if (h->ending || events || (readings && event_client_wants_readings(c)) ||
            now - c->quiet_since_us >= EVENT_HEARTBEAT_US)
            event_client_resume(c);
}

static void *hub_main(void *arg)
{
    struct event_hub *h = arg;
    int64_t readings_at = 0;
    pthread_mutex_lock(&h->lock);
    while (!h->stop) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        t.tv_nsec += (long)(readings_every_us * 1000);
        t.tv_sec += t.tv_nsec / 1000000000;
        t.tv_nsec %= 1000000000;
        while (!h->stop && !h->ending && h->woken_seq == h->next_seq &&
               pthread_cond_timedwait(&h->cond, &h->lock, &t) != ETIMEDOUT)
            ;
        int64_t now = clock_mono_us();
        bool readings = now - readings_at >= readings_every_us && someone_wants_readings(h);
        if (readings) {
            readings_at = now;
            take_latest(h);
        }
        wake_clients(h, readings, now);
        pthread_mutex_unlock(&h->lock);
        clock_sleep_us(wake_every_us);
        pthread_mutex_lock(&h->lock);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

enum err_code event_hub_open(struct app *app, size_t max_clients, struct event_hub **out,
                             struct err *err)
{
    struct event_hub *h = calloc(1, sizeof *h);
    pthread_condattr_t attr;
    if (!h || pthread_condattr_init(&attr) != 0) {
        free(h);
        return err_set(err, ERR_NO_MEMORY, "out of memory for the events");
    }
    h->app = app;
    h->max_clients = max_clients;
    h->boot = (uint64_t)(clock_wall_us() / US_PER_MS);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->cond, &attr);
    pthread_condattr_destroy(&attr);
    enum err_code code = app_listen(app, on_event, h, err);
    if (code == ERR_OK && pthread_create(&h->thread, NULL, hub_main, h) != 0)
        code = err_set(err, ERR_NO_MEMORY, "cannot start the events' thread");
    h->thread_running = code == ERR_OK;
    if (code == ERR_OK)
        *out = h;
    else
        event_hub_close(&h);
    return code;
}

void event_hub_end(struct event_hub *h)
{
    pthread_mutex_lock(&h->lock);
    h->ending = true;
    for (struct event_client *c = h->first; c; c = c->next)
        event_client_resume(c);
    pthread_cond_signal(&h->cond);
    pthread_mutex_unlock(&h->lock);
}

void event_hub_close(struct event_hub **hub)
{
    struct event_hub *h = *hub;
    if (!h)
        return;
    app_unlisten(h->app, on_event, h);
    pthread_mutex_lock(&h->lock);
    h->stop = true;
    pthread_cond_signal(&h->cond);
    pthread_mutex_unlock(&h->lock);
    if (h->thread_running)
        pthread_join(h->thread, NULL);
    for (size_t i = 0; i < LOG_EVENTS; i++)
        buf_free(&h->log[i]);
    free(h->latest);
    pthread_cond_destroy(&h->cond);
    pthread_mutex_destroy(&h->lock);
    free(h);
    *hub = NULL;
}

size_t event_hub_clients(struct event_hub *h)
{
    pthread_mutex_lock(&h->lock);
    size_t n = h->count;
    pthread_mutex_unlock(&h->lock);
    return n;
}

uint64_t event_hub_sent(struct event_hub *h)
{
    pthread_mutex_lock(&h->lock);
    uint64_t n = h->next_seq;
    pthread_mutex_unlock(&h->lock);
    return n;
}

uint64_t event_hub_dropped(struct event_hub *h)
{
    pthread_mutex_lock(&h->lock);
    uint64_t n = h->dropped;
    pthread_mutex_unlock(&h->lock);
    return n;
}
