// The shared log of events, its clients, and the thread that wakes them.
#include "server/event_hub.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/log.h"
#include "server/plant_json.h"

enum {
    LOG_EVENTS = 1024,
    CLIENT_BUFFER_MAX = 256 * 1024, // what one client may have waiting
};

static const int64_t readings_every_us = 500 * US_PER_MS;
static const int64_t wake_every_us = 50 * US_PER_MS; // bursts become one wake-up
static const int64_t heartbeat_us = 15 * US_PER_SECOND;

struct event_client {
    struct event_hub *hub;
    struct MHD_Connection *mhd;
    struct event_client *prev, *next;
    bool suspended;     // MHD does not ask for more until it is resumed
    bool fell_behind;   // the log went past it
    uint64_t next_seq;  // the next event of the log to send
    uint64_t tick_seen; // the latest readings it was sent
    int64_t quiet_since_us;
    struct buf out; // formatted, waiting
    size_t out_at;
    bool all_sensors;
    size_t start; // of all sensors, the one to go on with
    size_t sensor_count, sent_count;
    uint32_t *sensors;
    int64_t *sent_us; // by place in `sensors` (by number for all): time of the reading sent last
};

struct event_hub {
    struct app *app;
    size_t max_clients;
    pthread_mutex_t lock; // guards everything below
    pthread_cond_t cond;
    pthread_t thread;
    bool thread_running, stop, ending;
    struct event_client *first;
    size_t count;
    uint64_t dropped;
    // Event `seq` stands in log[seq % LOG_EVENTS] while it is among the latest LOG_EVENTS.
    struct buf log[LOG_EVENTS];
    uint64_t next_seq;
    uint64_t woken_seq; // clients know of events before this
    uint64_t boot;      // tells this run's event ids from another's
    // The newest readings, taken while some client wants them.
    struct reading *latest;
    size_t latest_count, latest_cap;
    uint64_t tick; // counts the times that they were taken
};

static const char *const change_names[] = {"opened", "updated", "closed"};

static uint64_t oldest_seq(const struct event_hub *h)
{
    return h->next_seq > LOG_EVENTS ? h->next_seq - LOG_EVENTS : 0;
}

static void write_event(struct event_hub *h, const struct app_event *e, struct buf *out)
{
    static const char *const names[] = {"anomaly", "incident", "summary"};
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

static void resume(struct event_client *c)
{
    if (c->suspended) {
        c->suspended = false;
        MHD_resume_connection(c->mhd);
    }
}

static bool someone_wants_readings(const struct event_hub *h)
{
    for (const struct event_client *c = h->first; c; c = c->next)
        if (c->all_sensors || c->sensor_count)
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
        if (h->ending || events || (readings && (c->all_sensors || c->sensor_count)) ||
            now - c->quiet_since_us >= heartbeat_us)
            resume(c);
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
        resume(c);
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

// ---- clients ----

// Where a client goes on that has seen the event `last_id` names.
static uint64_t resume_at(const struct event_hub *h, const char *last_id)
{
    uint64_t boot, seq;
    if (last_id && sscanf(last_id, "%" SCNx64 "-%" SCNu64, &boot, &seq) == 2 && boot == h->boot &&
        seq < h->next_seq)
        return seq + 1 > oldest_seq(h) ? seq + 1 : oldest_seq(h);
    return h->next_seq;
}

static bool copy_sensors(struct event_client *c, const uint32_t *sensors, size_t count)
{
    c->all_sensors = count == SIZE_MAX;
    if (c->all_sensors || count == 0)
        return true;
    c->sensors = malloc(count * sizeof *c->sensors);
    c->sent_us = malloc(count * sizeof *c->sent_us);
    if (!c->sensors || !c->sent_us)
        return false;
    memcpy(c->sensors, sensors, count * sizeof *sensors);
    for (size_t i = 0; i < count; i++)
        c->sent_us[i] = TIME_NONE;
    c->sensor_count = c->sent_count = count;
    return true;
}

static void client_free(struct event_client *c)
{
    buf_free(&c->out);
    free(c->sensors);
    free(c->sent_us);
    free(c);
}

enum err_code event_client_open(struct event_hub *h, struct MHD_Connection *mhd,
                                const uint32_t *sensors, size_t sensor_count, const char *last_id,
                                struct event_client **out, struct err *err)
{
    struct event_client *c = calloc(1, sizeof *c);
    if (!c || !copy_sensors(c, sensors, sensor_count)) {
        if (c)
            client_free(c);
        return err_set(err, ERR_NO_MEMORY, "out of memory for an event stream");
    }
    c->hub = h;
    c->mhd = mhd;
    c->quiet_since_us = clock_mono_us();
    // Proxies and browsers show the stream as open once something came.
    buf_add_z(&c->out, "retry: 2000\n: fettle\n\n");
    pthread_mutex_lock(&h->lock);
    enum err_code code = ERR_OK;
    if (h->ending || h->count >= h->max_clients) {
        code = err_set(err, ERR_BUSY, "%zu readers follow the events already", h->count);
    } else {
        c->next_seq = resume_at(h, last_id);
        c->next = h->first;
        if (h->first)
            h->first->prev = c;
        h->first = c;
        h->count++;
    }
    pthread_mutex_unlock(&h->lock);
    if (code == ERR_OK)
        *out = c;
    else
        client_free(c);
    return code;
}

void event_client_close(void *arg)
{
    struct event_client *c = arg;
    struct event_hub *h = c->hub;
    pthread_mutex_lock(&h->lock);
    if (c->prev)
        c->prev->next = c->next;
    else
        h->first = c->next;
    if (c->next)
        c->next->prev = c->prev;
    h->count--;
    h->dropped += c->fell_behind;
    pthread_mutex_unlock(&h->lock);
    client_free(c);
}

// The newest reading of the sensor at place `i` of the client's list, if it was not sent yet.
static void add_reading(struct event_client *c, struct json_out *j, size_t i, uint32_t sensor)
{
    const struct event_hub *h = c->hub;
    if (sensor >= h->latest_count || i >= c->sent_count)
        return;
    const struct reading *r = &h->latest[sensor];
    if (r->time_us == TIME_NONE || r->time_us == c->sent_us[i])
        return;
    c->sent_us[i] = r->time_us;
    json_reading(j, app_catalog(h->app), r);
}

static bool grow_sent(struct event_client *c, size_t count)
{
    if (count <= c->sent_count)
        return true;
    int64_t *more = realloc(c->sent_us, count * sizeof *more);
    if (!more)
        return false;
    for (size_t i = c->sent_count; i < count; i++)
        more[i] = TIME_NONE;
    c->sent_us = more;
    c->sent_count = count;
    return true;
}

// As many as the buffer takes; the next time goes on where this one stopped.
static void add_all_readings(struct event_client *c, struct json_out *j)
{
    size_t count = c->hub->latest_count;
    for (size_t i = 0; i < count && c->out.n < CLIENT_BUFFER_MAX; i++, c->start++) {
        if (c->start >= count)
            c->start = 0;
        add_reading(c, j, c->start, (uint32_t)c->start);
    }
}

static void add_readings(struct event_client *c)
{
    size_t begin = c->out.n;
    struct json_out j;
    c->tick_seen = c->hub->tick;
    if (c->all_sensors && !grow_sent(c, c->hub->latest_count))
        return;
    buf_add_z(&c->out, "event: readings\ndata: ");
    json_open(&j, &c->out);
    json_object(&j);
    json_key(&j, "readings");
    json_array(&j);
    size_t empty = c->out.n;
    if (c->all_sensors)
        add_all_readings(c, &j);
    else
        for (size_t i = 0; i < c->sensor_count; i++)
            add_reading(c, &j, i, c->sensors[i]);
    if (c->out.n == empty) {
        c->out.n = begin;
        return;
    }
    json_end(&j);
    json_end(&j);
    buf_add_z(&c->out, "\n\n");
}

// Formats what the client has not had yet. False: it fell behind, or memory is out.
static bool fill(struct event_client *c)
{
    struct event_hub *h = c->hub;
    int64_t now = clock_mono_us();
    buf_reset(&c->out);
    c->out_at = 0;
    if (c->next_seq < oldest_seq(h)) {
        c->fell_behind = true;
        return false;
    }
    for (; c->next_seq < h->next_seq && c->out.n < CLIENT_BUFFER_MAX / 2; c->next_seq++)
        buf_add_str(&c->out, buf_str(&h->log[c->next_seq % LOG_EVENTS]));
    if ((c->all_sensors || c->sensor_count) && c->tick_seen != h->tick)
        add_readings(c);
    if (c->out.n == 0 && now - c->quiet_since_us >= heartbeat_us)
        buf_add_z(&c->out, ": still here\n\n");
    if (c->out.n)
        c->quiet_since_us = now;
    return !c->out.failed;
}

ssize_t event_client_read(void *arg, uint64_t pos, char *to, size_t max)
{
    struct event_client *c = arg;
    struct event_hub *h = c->hub;
    (void)pos;
    ssize_t n = 0;
    pthread_mutex_lock(&h->lock);
    if (h->ending || (c->out_at == c->out.n && !fill(c))) {
        n = MHD_CONTENT_READER_END_OF_STREAM;
    } else if (c->out_at == c->out.n) {
        // Suspended under the lock, so that the hub's thread cannot resume it before. Idle clients
        // hold no memory.
        buf_free(&c->out);
        c->out_at = 0;
        c->suspended = true;
        MHD_suspend_connection(c->mhd);
    } else {
        size_t left = c->out.n - c->out_at;
        n = (ssize_t)(left < max ? left : max);
        memcpy(to, c->out.p + c->out_at, (size_t)n);
        c->out_at += (size_t)n;
    }
    pthread_mutex_unlock(&h->lock);
    return n;
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
