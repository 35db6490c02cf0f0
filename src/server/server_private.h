// What the files of server/ share: the server's state, by owner.
#ifndef FETTLE_SERVER_SERVER_PRIVATE_H
#define FETTLE_SERVER_SERVER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include <microhttpd.h>

#include "server/access.h"
#include "server/connections.h"
#include "server/event_hub.h"
#include "server/exchange.h"
#include "server/http_counters.h"
#include "server/server.h"

struct server {
    struct app *app;
    struct MHD_Daemon *daemon;
    int listen_fd;
    int port;
    char host[64]; // to connect to
    char url[96];

    struct access access;
    struct connections connections;
    struct event_hub *events;
    struct http_counters *counters;

    // Limits, from the settings.
    size_t uri_max, headers_max, json_max, ingest_max, bodies_max;
    int fields_max;
    int64_t idle_timeout_us, header_timeout_us;

    atomic_size_t bodies_held; // bytes of request bodies in memory
    atomic_size_t under_way;   // requests that are not over yet
    atomic_size_t waiting;     // of these, those set aside by exchange_wait
    atomic_bool stopping;

    // The watch thread: deadlines of connections.
    pthread_t watch_thread;
    bool watch_running;
    pthread_mutex_t watch_lock;
    pthread_cond_t watch_cond;
};

// ---- serve.c: MHD's callbacks ----
enum MHD_Result serve_request(void *server, struct MHD_Connection *mhd, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **context);
void *serve_uri(void *server, const char *uri, struct MHD_Connection *mhd);
void serve_completed(void *server, struct MHD_Connection *mhd, void **context,
                     enum MHD_RequestTerminationCode why);

// ---- body.c ----
// Takes a piece of the body. False: the body is refused (x->reply says why).
bool body_take(struct exchange *x, const char *data, size_t n);
// The body is complete: unpacks it. False: refused.
bool body_finish(struct exchange *x);
// Gives back what the body held.
void body_drop(struct exchange *x);
size_t body_limit(const struct exchange *x);

#endif
