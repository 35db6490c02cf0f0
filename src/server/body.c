// Request bodies: taken piece by piece within the limits, unpacked when they came as gzip.
#include <stdlib.h>
#include <string.h>

#include "server/gzip.h"
#include "server/server_private.h"

size_t body_limit(const struct exchange *x)
{
    if (!x->route)
        return 0;
    switch (x->route->body) {
    case BODY_NONE:
        return 0;
    case BODY_JSON:
        return x->server->json_max;
    case BODY_READINGS:
        return x->server->ingest_max;
    }
    return 0;
}

// Counts `n` more bytes against what all requests may hold together.
static bool hold(struct exchange *x, size_t n)
{
    if (atomic_fetch_add(&x->server->bodies_held, n) + n > x->server->bodies_max) {
        atomic_fetch_sub(&x->server->bodies_held, n);
        reply_error(x, 503, "busy", NULL, "%zu bytes of bodies are being worked on: try again",
                    x->server->bodies_max);
        return false;
    }
    x->body_held += n;
    return true;
}

void body_drop(struct exchange *x)
{
    atomic_fetch_sub(&x->server->bodies_held, x->body_held);
    x->body_held = 0;
    buf_free(&x->body);
}

bool body_take(struct exchange *x, const char *data, size_t n)
{
    if (x->body.n + n > body_limit(x)) {
        reply_error(x, 413, "limit", NULL, "the body is larger than %zu bytes", body_limit(x));
        return false;
    }
    if (!hold(x, n))
        return false;
    buf_add(&x->body, data, n);
    if (x->body.failed)
        reply_error(x, 503, "no_memory", NULL, "out of memory for the body");
    return !x->body.failed;
}

bool body_finish(struct exchange *x)
{
    if (!x->gzip_body || x->body.n == 0)
        return true;
    size_t limit = body_limit(x);
    if (!hold(x, limit))
        return false;
    struct buf plain = {0};
    struct err err;
    enum err_code code = gzip_unpack(buf_str(&x->body), limit, &plain, &err);
    body_drop(x);
    x->body = plain;
    x->body_held = plain.n;
    atomic_fetch_add(&x->server->bodies_held, plain.n);
    if (code != ERR_OK)
        reply_err(x, &err, NULL);
    return code == ERR_OK;
}
