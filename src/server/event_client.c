// One reader of the event stream: what it was sent already, and what it is sent next.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/event_private.h"
#include "server/plant_json.h"

enum { CLIENT_BUFFER_MAX = 256 * 1024 }; // what one client may have waiting

void event_client_resume(struct event_client *c)
{
    if (c->suspended) {
        c->suspended = false;
        MHD_resume_connection(c->mhd);
    }
}

// Where a client goes on that has seen the event `last_id` names.
static uint64_t resume_at(const struct event_hub *h, const char *last_id)
{
    uint64_t boot, seq;
    if (last_id && sscanf(last_id, "%" SCNx64 "-%" SCNu64, &boot, &seq) == 2 && boot == h->boot &&
        seq < h->next_seq)
        return seq + 1 > event_log_oldest(h) ? seq + 1 : event_log_oldest(h);
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
    if (c->next_seq < event_log_oldest(h)) {
        c->fell_behind = true;
        return false;
    }
    for (; c->next_seq < h->next_seq && c->out.n < CLIENT_BUFFER_MAX / 2; c->next_seq++)
        buf_add_str(&c->out, buf_str(&h->log[c->next_seq % LOG_EVENTS]));
    if (event_client_wants_readings(c) && c->tick_seen != h->tick)
        add_readings(c);
    if (c->out.n == 0 && now - c->quiet_since_us >= EVENT_HEARTBEAT_US)
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
