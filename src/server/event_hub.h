// Server-sent events: one log of what happened, read by each client at its own pace.
//
// Events are put once into a bounded log that all clients share; a client is a place in that log.
// One that falls behind the log's oldest event is closed and may come back with Last-Event-ID. The
// stage that found something only appends to the log; the hub's own thread wakes the clients.
#ifndef FETTLE_SERVER_EVENT_HUB_H
#define FETTLE_SERVER_EVENT_HUB_H

#include <stddef.h>
#include <stdint.h>

#include <microhttpd.h>

#include "app/app.h"
#include "base/err.h"

struct event_hub;
struct event_client;

enum { EVENT_SENSORS_MAX = 500 };

// Starts listening to the app. At most `max_clients` read at once.
enum err_code event_hub_open(struct app *app, size_t max_clients, struct event_hub **out,
                             struct err *err);

// Ends all streams; no new client is taken.
void event_hub_end(struct event_hub *h);

// After MHD was stopped: every client is gone by then.
void event_hub_close(struct event_hub **h);

// A new reader on connection `mhd`. `sensors` are those whose newest values it wants, at most twice
// a second, NULL with a count of SIZE_MAX for all of them. `last_id` is the Last-Event-ID header or
// NULL: what followed that event is sent first, as far as the log goes back. ERR_BUSY: no room.
enum err_code event_client_open(struct event_hub *h, struct MHD_Connection *mhd,
                                const uint32_t *sensors, size_t sensor_count, const char *last_id,
                                struct event_client **out, struct err *err);

// MHD's callbacks over a client.
ssize_t event_client_read(void *client, uint64_t pos, char *to, size_t max);
void event_client_close(void *client);

size_t event_hub_clients(struct event_hub *h);
uint64_t event_hub_sent(struct event_hub *h);    // events in the log since start
uint64_t event_hub_dropped(struct event_hub *h); // clients closed because they fell behind

#endif
