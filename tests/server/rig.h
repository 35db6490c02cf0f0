// A whole server over an empty plant on a free port of 127.0.0.1, and a plain client for it.
#ifndef FETTLE_TESTS_SERVER_RIG_H
#define FETTLE_TESTS_SERVER_RIG_H

#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/app.h"
#include "base/json_doc.h"
#include "base/log.h"
#include "server/server.h"

enum { RIG_SETS_MAX = 16, RIG_TABLES_MAX = 16, RIG_TIMEOUT_S = 10 };

struct rig {
    char dir[64];
    struct app_sources from;
    const struct setting_def *tables[RIG_TABLES_MAX];
    const char *sets[RIG_SETS_MAX];
    struct app *app;
    struct server *server;
};

static inline int rig_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

// `pairs`: further settings "name=value", ended by NULL.
static inline void rig_open(struct rig *r, const char *const *pairs)
{
    struct err err;
    size_t count = 0, sets = 0;
    const struct setting_def *const *tables = app_setting_tables(&count);
    assert_true(count < RIG_TABLES_MAX);
    memcpy(r->tables, tables, count * sizeof *tables);
    r->tables[count++] = server_settings;
    r->sets[sets++] = "server.port=0";
    r->sets[sets++] = "intake.future=20000d"; // the tests' readings have fixed times
    for (; pairs && *pairs; pairs++)
        r->sets[sets++] = *pairs;
    snprintf(r->dir, sizeof r->dir, "/tmp/fettle-server-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    r->from = (struct app_sources){.tables = r->tables,
                                   .table_count = count,
                                   .data_dir = r->dir,
                                   .sets = r->sets,
                                   .set_count = sets};
    log_set_level(LOG_ERROR);
    assert_ok(app_open(&r->from, &r->app, &err), err);
    assert_ok(server_open(r->app, &r->server, &err), err);
}

static inline void rig_close(struct rig *r)
{
    struct err err;
    server_close(&r->server);
    assert_ok(app_close(&r->app, &err), err);
    nftw(r->dir, rig_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline int rig_connect(const struct rig *r)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)server_port(r->server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval timeout = {.tv_sec = RIG_TIMEOUT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

struct answer {
    int status;      // 0: the connection ended without an answer
    bool closed;     // the server closed the connection
    char *head;      // status line and headers, terminated
    struct str body; // within `all`
    struct buf all;
};

static inline void answer_free(struct answer *a)
{
    free(a->head);
    buf_free(&a->all);
    *a = (struct answer){0};
}

// A header's value, NULL when it is not there.
static inline char *answer_header(const struct answer *a, const char *name)
{
    static _Thread_local char value[1024];
    char wanted[128];
    snprintf(wanted, sizeof wanted, "\r\n%s: ", name);
    const char *at = a->head ? strcasestr(a->head, wanted) : NULL;
    if (!at)
        return NULL;
    at += strlen(wanted);
    snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\r"), at);
    return value;
}

static inline bool send_all(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        n -= (size_t)sent;
    }
    return true;
}

// Reads until the answer is complete by its Content-Length (or has none to have), or the end.
static inline void read_answer(int fd, struct answer *a, bool is_head)
{
    size_t want = SIZE_MAX, head_n = 0;
    *a = (struct answer){0};
    while (a->all.n < want) {
        char *to = buf_reserve(&a->all, 65536);
        ssize_t n = recv(fd, to, 65536, 0);
        if (n <= 0) {
            a->closed = n == 0 || errno == ECONNRESET;
            break;
        }
        a->all.n += (size_t)n;
        a->all.p[a->all.n] = '\0';
        char *end = a->head ? NULL : strstr(a->all.p, "\r\n\r\n");
        if (!end)
            continue;
        head_n = (size_t)(end - a->all.p) + 4;
        a->head = strndup(a->all.p, head_n);
        sscanf(a->head, "HTTP/1.%*d %d", &a->status);
        const char *length = answer_header(a, "Content-Length");
        if (is_head || a->status == 204 || a->status == 304)
            want = head_n;
        else if (length)
            want = head_n + strtoul(length, NULL, 10);
    }
    // An answer that announces the end is followed by it.
    char more;
    const char *connection = answer_header(a, "Connection");
    if (!a->closed && connection && strcasecmp(connection, "close") == 0)
        a->closed = recv(fd, &more, 1, 0) == 0 || errno == ECONNRESET;
    a->body = (struct str){a->all.p ? a->all.p + head_n : "", a->all.n - head_n};
}

// Sends bytes as they are; the server's answer.
static inline void rig_send(const struct rig *r, const void *bytes, size_t n, struct answer *a)
{
    int fd = rig_connect(r);
    send_all(fd, bytes, n);
    read_answer(fd, a, false);
    close(fd);
}

// A whole request; `headers` are lines ended by "\r\n", or NULL. `body` may be NULL.
static inline int rig_ask(const struct rig *r, const char *method, const char *path,
                          const char *headers, struct str body, struct answer *a)
{
    struct buf out = {0};
    buf_printf(&out, "%s %s HTTP/1.1\r\n", method, path);
    if (!headers || !strcasestr(headers, "Host:"))
        buf_printf(&out, "Host: 127.0.0.1:%d\r\n", server_port(r->server));
    buf_add_z(&out, headers ? headers : "");
    if (body.p)
        buf_printf(&out, "Content-Length: %zu\r\n", body.n);
    buf_add_z(&out, "\r\n");
    buf_add_str(&out, body);
    int fd = rig_connect(r);
    send_all(fd, out.p, out.n);
    read_answer(fd, a, strcmp(method, "HEAD") == 0);
    close(fd);
    buf_free(&out);
    return a->status;
}

static inline int rig_get(const struct rig *r, const char *path, struct answer *a)
{
    return rig_ask(r, "GET", path, NULL, (struct str){0}, a);
}

static inline int rig_post(const struct rig *r, const char *path, const char *type,
                           const char *body, struct answer *a)
{
    char headers[128];
    snprintf(headers, sizeof headers, "Content-Type: %s\r\n", type);
    return rig_ask(r, "POST", path, headers, str_of(body), a);
}

// The answer's body as a tree of `arena`; fails the test when it is no JSON.
static inline struct json_node *answer_json(const struct answer *a, struct arena *arena)
{
    struct json_node *root = NULL;
    struct err err;
    if (json_read(arena, a->body, "answer", &root, &err) != ERR_OK)
        fail_msg("%s in: %.*s", err.text, (int)(a->body.n < 400 ? a->body.n : 400), a->body.p);
    return root;
}

// Waits until the first incident stands in the store, a few seconds at most.
static inline void rig_await_incident(const struct rig *r)
{
    for (int i = 0; i < 500; i++) {
        struct answer a;
        int status = rig_get(r, "/api/v1/incidents/1", &a);
        answer_free(&a);
        if (status == 200)
            return;
        clock_sleep_us(10 * US_PER_MS);
    }
    fail_msg("no incident was raised");
}

#endif
