// The HTTP client: connect, send, read to the end.
#include "cli/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_doc.h"
#include "base/json_out.h"

enum { ANSWER_MAX = 64 << 20, TIMEOUT_S = 30 };

static bool announce_path(const char *data_dir, char *out, size_t cap)
{
    return snprintf(out, cap, "%s/server.json", data_dir) < (int)cap;
}

enum err_code client_announce(const char *data_dir, const char *host, int port, struct err *err)
{
    char path[4096];
    if (!announce_path(data_dir, path, sizeof path))
        return err_set(err, ERR_LIMIT, "%s: path too long", data_dir);
    struct buf text = {0};
    struct json_out j;
    json_open(&j, &text);
    json_object(&j);
    json_key_int(&j, "pid", getpid());
    json_key_text(&j, "host", host);
    json_key_int(&j, "port", port);
    json_end(&j);
    buf_add_char(&text, '\n');
    enum err_code code = text.failed ? err_set(err, ERR_NO_MEMORY, "out of memory")
                                     : file_replace(path, text.p, text.n, err);
    buf_free(&text);
    return code;
}

void client_withdraw(const char *data_dir)
{
    char path[4096];
    if (announce_path(data_dir, path, sizeof path))
        unlink(path);
}

static void read_key(const char *data_dir, char *key, size_t cap)
{
    char path[4096];
    struct buf text = {0};
    key[0] = '\0';
    if (snprintf(path, sizeof path, "%s/api-key", data_dir) < (int)sizeof path &&
        file_read(path, cap, &text, NULL) == ERR_OK)
        str_copy(key, cap, str_trim(buf_str(&text)));
    buf_free(&text);
}

static enum err_code connect_to(const struct client *c, int *fd, struct err *err);

bool client_find(const char *data_dir, struct client *out)
{
    char path[4096];
    struct buf text = {0};
    struct arena *arena = arena_open(65536);
    struct json_node *root = NULL;
    *out = (struct client){0};
    if (arena && announce_path(data_dir, path, sizeof path) &&
        file_read(path, 4096, &text, NULL) == ERR_OK)
        json_read(arena, buf_str(&text), path, &root, NULL);
    str_copy(out->host, sizeof out->host, str_of(json_get_text(root, "host")));
    pid_t pid = (pid_t)json_get_int(root, "pid");
    out->port = (int)json_get_int(root, "port");
    // A process that died without withdrawing leaves its file: ask whether it is there.
    int fd = -1;
    bool alive = out->host[0] && pid > 0 && out->port > 0 &&
                 (kill(pid, 0) == 0 || errno == EPERM) && connect_to(out, &fd, NULL) == ERR_OK;
    if (fd >= 0)
        close(fd);
    arena_close(&arena);
    buf_free(&text);
    if (alive)
        read_key(data_dir, out->key, sizeof out->key);
    return alive;
}

static enum err_code connect_to(const struct client *c, int *fd, struct err *err)
{
    char port[16];
    snprintf(port, sizeof port, "%d", c->port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *found;
    if (getaddrinfo(c->host, port, &hints, &found) != 0)
        return err_set(err, ERR_IO, "%s is no address", c->host);
    *fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval timeout = {.tv_sec = TIMEOUT_S};
    enum err_code code = ERR_OK;
    if (*fd < 0 || setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0 ||
        connect(*fd, found->ai_addr, found->ai_addrlen) != 0)
        code = err_errno(err, errno, "cannot reach fettle at %s:%d", c->host, c->port);
    freeaddrinfo(found);
    return code;
}

static enum err_code read_all(int fd, struct buf *in, struct err *err)
{
    for (;;) {
        char *to = buf_reserve(in, 65536);
        if (!to || in->n > ANSWER_MAX)
            return err_set(err, ERR_LIMIT, "the answer is larger than %d bytes", ANSWER_MAX);
        ssize_t n = recv(fd, to, 65536, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, errno, "no answer from fettle");
        if (n == 0)
            return ERR_OK;
        in->n += (size_t)n;
    }
}

static void add_chunks(struct str body, struct buf *answer)
{
    while (body.n) {
        struct str line = str_cut(&body, '\n');
        size_t size = 0;
        for (size_t i = 0; i < line.n; i++) {
            char ch = line.p[i];
            int digit = ch >= '0' && ch <= '9'   ? ch - '0'
                        : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10
                        : ch >= 'A' && ch <= 'F' ? ch - 'A' + 10
                                                 : -1;
            if (digit < 0)
                break;
            size = size * 16 + (size_t)digit;
        }
        if (size == 0 || size > body.n)
            break;
        buf_add(answer, body.p, size);
        body.p += size;
        body.n -= size;
        str_cut(&body, '\n');
    }
}

// Splits the answer into status, headers and body.
static enum err_code take_answer(struct str in, struct buf *answer, struct err *err)
{
    const char *end = memmem(in.p, in.n, "\r\n\r\n", 4);
    int status = 0;
    if (!end || sscanf(in.p, "HTTP/1.%*d %d", &status) != 1)
        return err_set(err, ERR_IO, "what answers is no fettle");
    struct str head = {in.p, (size_t)(end - in.p)};
    struct str body = {end + 4, in.n - head.n - 4};
    size_t before = answer->n;
    if (memmem(head.p, head.n, "chunked", 7))
        add_chunks(body, answer);
    else
        buf_add_str(answer, body);
    if (answer->failed)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the answer");
    if (status < 400)
        return ERR_OK;
    struct arena *arena = arena_open(1 << 20);
    struct json_node *root = NULL;
    if (arena)
        json_read(arena, (struct str){answer->p + before, answer->n - before}, "", &root, NULL);
    const char *message = json_get_text(json_get(root, "error"), "message");
    enum err_code code = status == 404   ? ERR_NOT_FOUND
                         : status == 401 ? ERR_DENIED
                         : status == 409 ? ERR_CONFLICT
                         : status == 403 ? ERR_DENIED
                         : status < 500  ? ERR_USAGE
                                         : ERR_IO;
    err_set(err, code, "%s%s", message[0] ? message : "the server refused (no message)",
            status == 401 ? " (--api-key or FETTLE_API_KEY)" : "");
    arena_close(&arena);
    return code;
}

enum err_code client_request(const struct client *c, const char *method, const char *path,
                             const char *body, struct buf *answer, struct err *err)
{
    struct buf request = {0}, in = {0};
    int fd = -1;
    buf_printf(&request,
               "%s %s HTTP/1.1\r\nHost: %s:%d\r\nConnection: close\r\nAccept: "
               "application/json\r\n",
               method, path, c->host, c->port);
    if (c->key[0])
        buf_printf(&request, "X-API-Key: %s\r\n", c->key);
    if (body)
        buf_printf(&request, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                   strlen(body));
    buf_printf(&request, "\r\n%s", body ? body : "");
    enum err_code code =
        request.failed ? err_set(err, ERR_NO_MEMORY, "out of memory") : connect_to(c, &fd, err);
    if (code == ERR_OK)
        code = file_write_all(fd, request.p, request.n, err);
    if (code == ERR_OK)
        code = read_all(fd, &in, err);
    if (code == ERR_OK)
        code = take_answer(buf_str(&in), answer, err);
    if (fd >= 0)
        close(fd);
    buf_free(&request);
    buf_free(&in);
    return code;
}
