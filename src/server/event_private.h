// What event_hub.c (the log and the thread that wakes) and event_client.c (the readers) share.
#ifndef FETTLE_SERVER_EVENT_PRIVATE_H
#define FETTLE_SERVER_EVENT_PRIVATE_H

#include <pthread.h>

#include "base/buf.h"
#include "server/event_hub.h"

enum { LOG_EVENTS = 1024 };

// A client that heard nothing for so long is sent a comment.
#define EVENT_HEARTBEAT_US (15 * US_PER_SECOND)

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

// The oldest event that the log still holds. Under the lock, as all of the following.
static inline uint64_t event_log_oldest(const struct event_hub *h)
{
    return h->next_seq > LOG_EVENTS ? h->next_seq - LOG_EVENTS : 0;
}

static inline bool event_client_wants_readings(const struct event_client *c)
{
    return c->all_sensors || c->sensor_count;
}

// Lets MHD ask the client for more, if it stopped asking.
void event_client_resume(struct event_client *c);

#endif
