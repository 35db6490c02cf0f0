// One request from its first line to its answer: what MHD calls, in the order in which it calls.
//
// serve_uri when the first line is there; serve_request when the headers are there, for each piece
// of the body, when the body is complete, and once more when a handler that waited goes on;
// serve_completed when all is over. A request that is refused while its body is still to come gets
// its answer straight onto the socket and is closed, since MHD takes no answer in that state.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "server/assets.h"
#include "server/server_private.h"

// A refused body up to this size is read to its end, so that the connection can stay.
enum { DISCARD_MAX = 65536 };

static const int64_t body_grace_us = 10 * US_PER_SECOND;
static const int64_t body_bytes_per_second = 1024;
static const int64_t send_bytes_per_second = 16384;

static void set_deadline(const struct exchange *x, int64_t deadline_us)
{
    if (x->connection)
        atomic_store(&x->connection->deadline_us, deadline_us);
}

void *serve_uri(void *arg, const char *uri, struct MHD_Connection *mhd)
{
    struct server *s = arg;
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->server = s;
    x->app = s->app;
    x->mhd = mhd;
    x->connection =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    x->began_us = clock_mono_us();
    x->uri_bytes = strlen(uri);
    x->refused_uri = uri[0] != '/' || strstr(uri, "%00");
    set_deadline(x, x->began_us + s->header_timeout_us);
    atomic_fetch_add(&s->under_way, 1);
    return x;
}

void serve_completed(void *arg, struct MHD_Connection *mhd, void **context,
                     enum MHD_RequestTerminationCode why)
{
    struct server *s = arg;
    struct exchange *x = *context;
    (void)mhd;
    (void)why;
    if (!x)
        return;
    if (x->free_work)
        x->free_work(x);
    set_deadline(x, clock_mono_us() + s->idle_timeout_us);
    body_drop(x);
    buf_free(&x->reply.body);
    free(x);
    *context = NULL;
    atomic_fetch_sub(&s->under_way, 1);
}

// ---- checks of the headers, before anything of the body is read ----

struct header_count {
    int fields, hosts, lengths, encodings;
};

static enum MHD_Result count_header(void *arg, enum MHD_ValueKind kind, const char *key,
                                    const char *value)
{
    struct header_count *n = arg;
    (void)kind;
    (void)value;
    struct str name = str_of(key);
    n->fields++;
    n->hosts += str_eq_nocase(name, STR_LIT("Host"));
    n->lengths += str_eq_nocase(name, STR_LIT("Content-Length"));
    n->encodings += str_eq_nocase(name, STR_LIT("Transfer-Encoding"));
    return MHD_YES;
}

static bool check_sizes(struct exchange *x, const struct header_count *n)
{
    const struct server *s = x->server;
    size_t bytes =
        MHD_get_connection_info(x->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
    if (x->uri_bytes > s->uri_max)
        reply_error(x, 414, "uri_too_long", NULL,
                    "the path with its parameters has %zu bytes, at most %zu are taken",
                    x->uri_bytes, s->uri_max);
    else if (n->fields > s->fields_max)
        reply_error(x, 431, "headers_too_large", NULL, "%d header fields, at most %d are taken",
                    n->fields, s->fields_max);
    else if (bytes > s->headers_max + x->uri_bytes)
        reply_error(x, 431, "headers_too_large", NULL, "the headers have more than %zu bytes",
                    s->headers_max);
    return !(x->must_close = x->reply.status != 0);
}

// What a proxy in front could read otherwise than we do is refused whole.
static bool check_framing(struct exchange *x, const char *version, const struct header_count *n)
{
    const char *length = exchange_header(x, "Content-Length");
    const char *encoding = exchange_header(x, "Transfer-Encoding");
    const char *wrong = NULL;
    if (x->refused_uri)
        wrong = "the path must begin with / and hold no zero byte";
    else if (n->lengths + n->encodings > 1)
        wrong = "more than one of Content-Length and Transfer-Encoding";
    else if (length && strspn(length, "0123456789") != strlen(length))
        wrong = "Content-Length is no number";
    else if (encoding && !str_eq_nocase(str_of(encoding), STR_LIT("chunked")))
        wrong = "Transfer-Encoding: only chunked is understood";
    else if (encoding && strcmp(version, "HTTP/1.1") != 0)
        wrong = "Transfer-Encoding needs HTTP/1.1";
    else if (n->hosts != 1)
        wrong = "one Host header expected";
    if (wrong)
        reply_error(x, 400, "framing", NULL, "%s", wrong);
    return !(x->must_close = wrong != NULL);
}

static bool local_address(const struct exchange *x, char *out, size_t cap)
{
    struct sockaddr_storage at = {0};
    socklen_t n = sizeof at;
    struct connection local = {0};
    int fd = MHD_get_connection_info(x->mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    if (getsockname(fd, (struct sockaddr *)&at, &n) != 0)
        return false;
    connection_set_address(&local, (struct sockaddr *)&at);
    connection_address(&local, out, cap);
    return out[0] != '\0';
}

static bool check_host(struct exchange *x)
{
    const struct server *s = x->server;
    const char *host = exchange_header(x, "Host");
    char local[INET6_ADDRSTRLEN];
    if (access_host_allowed(&s->access, str_of(host), NULL, s->port) ||
        (local_address(x, local, sizeof local) &&
         access_host_allowed(&s->access, str_of(host), local, s->port)))
        return true;
    reply_error(x, 421, "wrong_host", NULL,
                "this server does not answer to \"%.128s\": add the name to server.hosts", host);
    return false;
}

static bool check_origin(struct exchange *x, const char *method)
{
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "OPTIONS") == 0)
        return true;
    if (access_change_allowed(&x->server->access, exchange_header(x, "Origin"),
                              exchange_header(x, "Sec-Fetch-Site"), exchange_header(x, "Host")))
        return true;
    reply_error(x, 403, "cross_site", NULL,
                "changes from the pages of another site are refused (server.cors_origins)");
    return false;
}

static bool find_route(struct exchange *x, const char *method, const char *path)
{
    unsigned methods = 0;
    struct str id = {0};
    const struct asset_file *file = asset_find(path);
    x->route = route_find(method, path, &methods, &id);
    if (file)
        methods = 1u << METHOD_GET;
    if (methods)
        route_allow(methods, x->reply.allow, sizeof x->reply.allow);
    if (methods && strcmp(method, "OPTIONS") == 0) {
        reply_empty(x, 204);
    } else if (file && (strcmp(method, "GET") == 0 || x->is_head)) {
        x->reply.allow[0] = '\0';
        x->reply.status = 200;
        x->reply.type = file->type;
        x->reply.file = file;
    } else if (x->route) {
        x->reply.allow[0] = '\0';
        if (!str_copy(x->path_id, sizeof x->path_id, id))
            reply_error(x, 404, "not_found", NULL, "no such id");
    } else if (methods) {
        reply_error(x, 405, "method_not_allowed", NULL, "%.64s takes %s", path, x->reply.allow);
    } else {
        reply_error(x, 404, "not_found", NULL, "nothing is at %.128s; /docs lists what there is",
                    path);
    }
    return x->reply.status == 0;
}

static bool check_key(struct exchange *x)
{
    if (x->route->role == ROLE_PUBLIC ||
        access_key_right(&x->server->access, exchange_header(x, "Authorization"),
                         exchange_header(x, "X-API-Key")))
        return true;
    reply_error(x, 401, "unauthorized", NULL,
                "an API key is needed: send \"X-API-Key: ...\" or \"Authorization: Bearer ...\"");
    x->reply.challenge = true;
    return false;
}

// The size of the body to come; 0 for none, SIZE_MAX when it is not told (chunked).
static size_t announced(const struct exchange *x)
{
    uint64_t n = 0;
    const char *length = exchange_header(x, "Content-Length");
    if (exchange_header(x, "Transfer-Encoding"))
        return SIZE_MAX;
    if (length && !str_to_u64(str_of(length), &n))
        return SIZE_MAX;
    return n > SIZE_MAX ? SIZE_MAX : (size_t)n;
}

static bool check_body_headers(struct exchange *x)
{
    size_t size = announced(x);
    const char *encoding = exchange_header(x, "Content-Encoding");
    const char *type = exchange_header(x, "Content-Type");
    if (size == 0)
        return true;
    struct str rest = str_of(type), media = str_trim(str_cut(&rest, ';'));
    x->gzip_body = encoding && str_eq_nocase(str_trim(str_of(encoding)), STR_LIT("gzip"));
    if (x->route->body == BODY_NONE)
        reply_error(x, 400, "usage", NULL, "%s takes no body", x->route->path);
    else if (encoding && !x->gzip_body &&
             !str_eq_nocase(str_trim(str_of(encoding)), STR_LIT("identity")))
        reply_error(x, 415, "unsupported", "Content-Encoding",
                    "Content-Encoding %.32s is not understood: gzip or none", encoding);
    else if (x->route->body == BODY_JSON && !str_eq_nocase(media, STR_LIT("application/json")))
        reply_error(x, 415, "unsupported", "Content-Type",
                    "Content-Type: application/json expected");
    else if (!exchange_header(x, "Transfer-Encoding") && size > body_limit(x))
        reply_error(x, 413, "limit", NULL, "the body has %zu bytes, at most %zu are taken", size,
                    body_limit(x));
    return x->reply.status == 0;
}

static void begin(struct exchange *x, const char *path, const char *method, const char *version)
{
    struct header_count n = {0};
    MHD_get_connection_values(x->mhd, MHD_HEADER_KIND, count_header, &n);
    x->is_head = strcmp(method, "HEAD") == 0;
    if (check_sizes(x, &n) && check_framing(x, version, &n) && check_host(x) &&
        check_origin(x, method) && find_route(x, method, path) && check_key(x) &&
        exchange_read_params(x))
        check_body_headers(x);
}

// ---- answering ----

static void count_answer(const struct exchange *x)
{
    int64_t took = clock_mono_us() - x->began_us;
    http_counters_add(x->server->counters, x->route, x->reply.status, took);
    log_debug("http", "%s %d %lld us", x->route ? x->route->path : "-", x->reply.status,
              (long long)took);
}

static enum MHD_Result answer(struct exchange *x)
{
    int64_t bytes = (int64_t)(x->reply.file ? x->reply.file->n : x->reply.body.n);
    int64_t time = bytes / send_bytes_per_second * US_PER_SECOND;
    enum MHD_Result ok = reply_send(x);
    set_deadline(x, x->reply.read_stream ? NO_DEADLINE
                                         : clock_mono_us() + x->server->idle_timeout_us + time);
    count_answer(x);
    return ok;
}

// The answer straight onto the socket; MHD closes it then. What has come already is read, so that
// closing does not reset the connection before the client saw the answer.
static enum MHD_Result answer_and_close(struct exchange *x)
{
    struct buf out = {0};
    char rest[16384];
    int fd = MHD_get_connection_info(x->mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    reply_write_raw(x, &out);
    ssize_t sent = out.failed ? 0 : send(fd, out.p, out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0)
        shutdown(fd, SHUT_WR);
    for (size_t left = DISCARD_MAX / sizeof rest; left; left--)
        if (recv(fd, rest, sizeof rest, MSG_DONTWAIT) <= 0)
            break;
    buf_free(&out);
    x->answered = true;
    count_answer(x);
    return MHD_NO;
}

static enum MHD_Result serve_headers(struct exchange *x, const char *path, const char *method,
                                     const char *version)
{
    x->begun = true;
    begin(x, path, method, version);
    size_t size = announced(x);
    x->body_deadline_us = clock_mono_us() + body_grace_us;
    set_deadline(x, size ? x->body_deadline_us : NO_DEADLINE);
    // An answer given now would make MHD close the connection after a POST, so it waits for the end
    // of the request, when that is near.
    bool refused = x->reply.status >= 400;
    return x->must_close || (refused && size > DISCARD_MAX) ? answer_and_close(x) : MHD_YES;
}

static enum MHD_Result serve_piece(struct exchange *x, const char *data, size_t n)
{
    if (x->answered)
        return MHD_YES;
    x->body_seen += n;
    set_deadline(x, x->body_deadline_us +
                        (int64_t)x->body_seen * US_PER_SECOND / body_bytes_per_second);
    if (x->reply.status)
        return x->body_seen > DISCARD_MAX ? answer_and_close(x) : MHD_YES;
    return body_take(x, data, n) ? MHD_YES : answer_and_close(x);
}

static enum MHD_Result serve_end(struct exchange *x)
{
    if (x->handled) {
        x->waits = false;
        if (x->finish)
            x->finish(x);
        return x->waits ? MHD_YES : answer(x);
    }
    x->handled = true;
    set_deadline(x, NO_DEADLINE);
    if (x->reply.status || !body_finish(x))
        return answer(x);
    if (x->route->body == BODY_JSON && !x->route->body_optional && x->body.n == 0) {
        reply_error(x, 400, "input", NULL, "a JSON body is missing");
        return answer(x);
    }
    x->route->handle(x);
    // Waiting: from here on another thread may have continued it already.
    return x->waits ? MHD_YES : answer(x);
}

enum MHD_Result serve_request(void *arg, struct MHD_Connection *mhd, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **context)
{
    struct exchange *x = *context;
    (void)arg;
    (void)mhd;
    if (!x)
        return MHD_NO;
    if (!x->begun)
        return serve_headers(x, url, method, version);
    if (*size == 0)
        return x->answered ? MHD_YES : serve_end(x);
    size_t n = *size;
    *size = 0;
    return serve_piece(x, data, n);
}

void exchange_wait(struct exchange *x)
{
    x->waits = true;
    atomic_fetch_add(&x->server->waiting, 1);
    MHD_suspend_connection(x->mhd);
}

void exchange_continue(struct exchange *x)
{
    struct server *s = x->server;
    MHD_resume_connection(x->mhd);
    atomic_fetch_sub(&s->waiting, 1);
}
