// Opening and closing the server: the listening socket, MHD's threads, the watch over deadlines.
#include "server/server.h"
#include "app/models.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "server/server_private.h"

enum {
    CONNECTION_MEMORY = 49152, // headers, and the buffer that bodies pass through
    BACKLOG = 1024,
    SPARE_FILES = 256, // descriptors for everything that is no connection
};

static const int64_t watch_every_us = 250 * US_PER_MS;
static const int64_t drain_us = 3 * US_PER_SECOND;

// Numbers only, so that starting never asks the network for a name.
static bool read_address(const char *text, int port, struct sockaddr_storage *out, socklen_t *n)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (strcmp(text, "localhost") == 0)
        text = "127.0.0.1";
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(out, &v4, *n = sizeof v4);
        return true;
    }
    if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
        memcpy(out, &v6, *n = sizeof v6);
        return true;
    }
    return false;
}

static enum err_code open_socket(struct server *s, const char *address, int port, struct err *err)
{
    struct sockaddr_storage at = {0};
    socklen_t n = 0;
    int one = 1;
    if (!read_address(address, port, &at, &n))
        return err_set(err, ERR_INPUT,
                       "server.address: %s: an address in numbers expected, such as 127.0.0.1 or "
                       "::1",
                       address);
    s->listen_fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->listen_fd < 0)
        return err_errno(err, errno, "cannot make a socket");
    setsockopt(s->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(s->listen_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (bind(s->listen_fd, (struct sockaddr *)&at, n) != 0 || listen(s->listen_fd, BACKLOG) != 0) {
        if (errno == EADDRINUSE)
            return err_set(err, ERR_CONFLICT,
                           "port %d of %s is taken: stop what uses it, or choose another with "
                           "--set server.port=N",
                           port, address);
        return err_errno(err, errno, "cannot listen on %s port %d", address, port);
    }
    n = sizeof at;
    if (getsockname(s->listen_fd, (struct sockaddr *)&at, &n) != 0)
        return err_errno(err, errno, "cannot listen on %s port %d", address, port);
    bool is_v6 = at.ss_family == AF_INET6;
    s->port = ntohs(is_v6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                          : ((struct sockaddr_in *)&at)->sin_port);
    const char *host = strcmp(address, "0.0.0.0") == 0 || strcmp(address, "localhost") == 0
                           ? "127.0.0.1"
                       : strcmp(address, "::") == 0 ? "::1"
                                                    : address;
    snprintf(s->host, sizeof s->host, "%s", host);
    snprintf(s->url, sizeof s->url, is_v6 ? "http://[%s]:%d" : "http://%s:%d", s->host, s->port);
    return ERR_OK;
}

static void on_log(void *arg, const char *fmt, va_list ap)
{
    char text[512];
    (void)arg;
    vsnprintf(text, sizeof text, fmt, ap);
    text[strcspn(text, "\n")] = '\0';
    log_debug("http", "%s", text);
}

static enum MHD_Result on_accept(void *arg, const struct sockaddr *address, socklen_t n)
{
    struct server *s = arg;
    (void)n;
    bool stopping = atomic_load(&s->stopping);
    return !stopping && connections_admit(&s->connections, address) ? MHD_YES : MHD_NO;
}

static void on_connection(void *arg, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct server *s = arg;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        connections_remove(&s->connections, *context);
        *context = NULL;
        return;
    }
    int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    const struct sockaddr *from =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    *context = connections_add(&s->connections, fd, from, clock_mono_us() + s->header_timeout_us);
}

static void *watch_main(void *arg)
{
    struct server *s = arg;
    pthread_mutex_lock(&s->watch_lock);
    while (s->watch_running) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        t.tv_nsec += (long)(watch_every_us * 1000);
        t.tv_sec += t.tv_nsec / 1000000000;
        t.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&s->watch_cond, &s->watch_lock, &t);
        connections_shut_late(&s->connections, clock_mono_us());
    }
    pthread_mutex_unlock(&s->watch_lock);
    return NULL;
}

static enum err_code start_watch(struct server *s, struct err *err)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->watch_lock, NULL);
    pthread_cond_init(&s->watch_cond, &attr);
    pthread_condattr_destroy(&attr);
    s->watch_running = true;
    if (pthread_create(&s->watch_thread, NULL, watch_main, s) == 0)
        return ERR_OK;
    s->watch_running = false;
    return err_set(err, ERR_NO_MEMORY, "cannot start the watch thread");
}

static void stop_watch(struct server *s)
{
    if (!s->watch_running)
        return;
    pthread_mutex_lock(&s->watch_lock);
    s->watch_running = false;
    pthread_cond_signal(&s->watch_cond);
    pthread_mutex_unlock(&s->watch_lock);
    pthread_join(s->watch_thread, NULL);
}

static void read_limits(struct server *s, const struct settings *set)
{
    s->uri_max = (size_t)settings_int(set, "server.uri_max");
    s->headers_max = (size_t)settings_int(set, "server.headers_max");
    s->fields_max = (int)settings_int(set, "server.fields_max");
    s->json_max = (size_t)settings_int(set, "server.json_max");
    s->ingest_max = (size_t)settings_int(set, "server.ingest_max");
    s->bodies_max = (size_t)settings_int(set, "server.bodies_max");
    s->idle_timeout_us = settings_int(set, "server.idle_timeout");
    s->header_timeout_us = settings_int(set, "server.header_timeout");
    s->connections.max = (size_t)settings_int(set, "server.connections");
    s->connections.per_address_max = (size_t)settings_int(set, "server.connections_per_address");
    s->connections.loopback_max = (size_t)settings_int(set, "server.connections_loopback");
}

// Shells often allow 1,024 descriptors where the system allows many more.
static void allow_files(size_t connections)
{
    struct rlimit limit;
    rlim_t wanted = connections + SPARE_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
        log_warn("server", "the system allows %llu open files, fewer than server.connections needs",
                 (unsigned long long)limit.rlim_cur);
}

static enum err_code start_daemon(struct server *s, const struct settings *set, struct err *err)
{
    unsigned threads = (unsigned)settings_int(set, "server.threads");
    unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    if (strchr(s->host, ':'))
        flags |= MHD_USE_IPv6;
    // The number of connections is ours to limit (connections_admit), for all threads together.
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_log, s},
        {MHD_OPTION_LISTEN_SOCKET, s->listen_fd, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)(s->connections.max * (threads + 1)), NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)(s->idle_timeout_us / US_PER_SECOND), NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)serve_uri, s},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)serve_completed, s},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, s},
        {threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, threads, NULL},
        {MHD_OPTION_END, 0, NULL}};
    s->daemon = MHD_start_daemon(flags, (uint16_t)s->port, on_accept, s, serve_request, s,
                                 MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    return s->daemon ? ERR_OK : err_set(err, ERR_IO, "cannot start serving at %s", s->url);
}

static enum err_code start(struct server *s, struct app *app, struct err *err)
{
    const struct settings *set = app_settings_hold(app);
    read_limits(s, set);
    allow_files(s->connections.max);
    enum err_code code = open_socket(s, settings_text(set, "server.address"),
                                     (int)settings_int(set, "server.port"), err);
    if (code == ERR_OK)
        code = access_open(&s->access, set, app_data_dir(app), s->port, err);
    if (code == ERR_OK)
        code =
            event_hub_open(app, (size_t)settings_int(set, "server.event_clients"), &s->events, err);
    if (code == ERR_OK)
        code = start_watch(s, err);
    if (code == ERR_OK)
        code = start_daemon(s, set, err);
    app_settings_release(app, set);
    return code;
}

enum err_code server_open(struct app *app, struct server **out, struct err *err)
{
    struct server *s = calloc(1, sizeof *s);
    if (s) {
        s->app = app;
        s->listen_fd = -1;
        s->counters = http_counters_open();
    }
    if (!s || !s->counters || !connections_open(&s->connections)) {
        if (s)
            http_counters_close(&s->counters);
        free(s);
        return err_set(err, ERR_NO_MEMORY, "out of memory for the server");
    }
    enum err_code code = start(s, app, err);
    if (code == ERR_OK)
        *out = s;
    else
        server_close(&s);
    return code;
}

// Waits for requests under way. Those that wait for a commit must come to their end before MHD may
// be stopped; the others get a while.
static void drain(struct server *s)
{
    int64_t until = clock_mono_us() + drain_us;
    while (atomic_load(&s->waiting) || (atomic_load(&s->under_way) && clock_mono_us() < until))
        clock_sleep_us(2 * US_PER_MS);
}

void server_close(struct server **server)
{
    struct server *s = *server;
    if (!s)
        return;
    atomic_store(&s->stopping, true);
    if (s->daemon) {
        event_hub_end(s->events);
        app_models_stop(s->app);
        drain(s);
        MHD_stop_daemon(s->daemon); // closes the socket, too
    } else if (s->listen_fd >= 0) {
        close(s->listen_fd);
    }
    stop_watch(s);
    event_hub_close(&s->events);
    connections_close(&s->connections);
    http_counters_close(&s->counters);
    free(s);
    *server = NULL;
}

const char *server_host(const struct server *s)
{
    return s->host;
}

int server_port(const struct server *s)
{
    return s->port;
}

const char *server_url(const struct server *s)
{
    return s->url;
}
