// Answers: errors, headers, ETags and packing, and how they get onto the wire.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/assets.h"
#include "server/gzip.h"
#include "server/openai_reply.h"
#include "server/server_private.h"

enum { PACK_FROM_BYTES = 1024, PACK_LEVEL = 1, REPLY_HEADERS_MAX = 20, STREAM_BLOCK = 4096 };

static const char json_type[] = "application/json";

static const char content_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

void reply_json(struct exchange *x, struct json_out *j)
{
    x->reply.status = 200;
    x->reply.type = json_type;
    buf_reset(&x->reply.body);
    json_open(j, &x->reply.body);
}

void reply_error(struct exchange *x, int status, const char *code, const char *field,
                 const char *fmt, ...)
{
    char message[ERR_TEXT_BYTES];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    struct json_out j;
    reply_json(x, &j);
    x->reply.status = status;
    x->reply.tagged = false;
    json_object(&j);
    json_key(&j, "error");
    json_object(&j);
    json_key_text(&j, "code", code);
    json_key_text(&j, "message", message);
    if (field)
        json_key_text(&j, "field", field);
    if (x->route && strncmp(x->route->path, "/v1/", 4) == 0) {
        json_key_text(&j, "param", field);
        json_key_text(&j, "type", openai_error_type(status));
    }
    json_end(&j);
    json_end(&j);
    if (status == 503 || status == 429)
        x->reply.retry_after_s = 1;
}

void reply_err(struct exchange *x, const struct err *err, const char *field)
{
    reply_error(x, err_http_status(err->code), err_name(err->code), field, "%s", err->text);
}

void reply_empty(struct exchange *x, int status)
{
    buf_reset(&x->reply.body);
    x->reply.status = status;
    x->reply.type = NULL;
}

void reply_text(struct exchange *x, const char *type)
{
    x->reply.status = 200;
    x->reply.type = type;
}

struct header_list {
    size_t n;
    struct {
        const char *name, *value;
    } items[REPLY_HEADERS_MAX];
    char retry_after[16], etag[24];
};

static void add(struct header_list *h, const char *name, const char *value)
{
    h->items[h->n].name = name;
    h->items[h->n++].value = value;
}

static void add_cors(const struct exchange *x, struct header_list *h)
{
    const struct access *access = &x->server->access;
    const char *origin = access->origin_count ? exchange_header(x, "Origin") : NULL;
    if (!access->origin_count)
        return;
    add(h, "Vary", "Accept-Encoding, Origin");
    if (!origin || !access_origin_listed(access, str_of(origin)))
        return;
    add(h, "Access-Control-Allow-Origin", origin);
    if (x->reply.status == 204 && exchange_header(x, "Access-Control-Request-Method")) {
        add(h, "Access-Control-Allow-Methods", x->reply.allow);
        add(h, "Access-Control-Allow-Headers",
            "Content-Type, Content-Encoding, Authorization, X-API-Key, Last-Event-ID");
        add(h, "Access-Control-Max-Age", "600");
    }
}

static void add_headers(const struct exchange *x, struct header_list *h)
{
    const struct reply *r = &x->reply;
    add(h, "X-Content-Type-Options", "nosniff");
    add(h, "Content-Security-Policy", content_policy);
    add(h, "X-Frame-Options", "DENY");
    add(h, "Referrer-Policy", "no-referrer");
    add(h, "Cross-Origin-Resource-Policy", "same-origin");
    add(h, "Cross-Origin-Opener-Policy", "same-origin");
    if (r->type)
        add(h, "Content-Type", r->type);
    add(h, "Cache-Control", h->etag[0] ? "no-cache" : "no-store");
    if (h->etag[0])
        add(h, "ETag", h->etag);
    if (r->allow[0])
        add(h, "Allow", r->allow);
    if (r->challenge)
        add(h, "WWW-Authenticate", "Bearer realm=\"fettle\"");
    if (r->retry_after_s) {
        snprintf(h->retry_after, sizeof h->retry_after, "%d", r->retry_after_s);
        add(h, "Retry-After", h->retry_after);
    }
    if (x->server->access.origin_count)
        add_cors(x, h);
    else if (r->type)
        add(h, "Vary", "Accept-Encoding");
}

// Does an If-None-Match header (NULL: none) name this tag?
static bool names_tag(const char *header, const char *etag)
{
    struct str rest = str_of(header);
    while (rest.n) {
        struct str one = str_trim(str_cut(&rest, ','));
        if (str_starts(one, STR_LIT("W/")))
            one = (struct str){one.p + 2, one.n - 2};
        if (str_is(one, "*") || str_is(one, etag[0] == 'W' ? etag + 2 : etag))
            return true;
    }
    return false;
}

static void set_tag(struct exchange *x, struct header_list *h)
{
    struct reply *r = &x->reply;
    if (r->status != 200)
        return;
    if (r->file)
        snprintf(h->etag, sizeof h->etag, "%s", r->file->etag);
    else if (r->tagged)
        snprintf(h->etag, sizeof h->etag, "W/\"%016llx\"",
                 (unsigned long long)str_hash(buf_str(&r->body)));
    if (h->etag[0] && names_tag(exchange_header(x, "If-None-Match"), h->etag)) {
        r->status = 304;
        r->file = NULL;
        r->type = NULL;
        buf_reset(&r->body);
    }
}

static struct MHD_Response *file_response(const struct exchange *x, struct header_list *h)
{
    const struct asset_file *f = x->reply.file;
    bool packed = f->packed && gzip_accepted(exchange_header(x, "Accept-Encoding"));
    if (packed)
        add(h, "Content-Encoding", "gzip");
    const unsigned char *bytes = packed ? f->packed : f->bytes;
    return MHD_create_response_from_buffer(packed ? f->packed_n : f->n, (void *)(uintptr_t)bytes,
                                           MHD_RESPMEM_PERSISTENT);
}

// Packs the body when the client takes it and it is worth it; event streams never come here.
static void pack_body(struct exchange *x, struct header_list *h)
{
    struct buf packed = {0};
    if (x->reply.body.n < PACK_FROM_BYTES ||
        !gzip_accepted(exchange_header(x, "Accept-Encoding")) ||
        !gzip_pack(buf_str(&x->reply.body), PACK_LEVEL, &packed)) {
        buf_free(&packed);
        return;
    }
    buf_free(&x->reply.body);
    x->reply.body = packed;
    add(h, "Content-Encoding", "gzip");
}

static struct MHD_Response *body_response(struct exchange *x, struct header_list *h)
{
    struct buf *body = &x->reply.body;
    pack_body(x, h);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body->n, body->p, body->p ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (response)
        *body = (struct buf){0};
    return response;
}

// What a handler left must be an answer.
static void check_reply(struct exchange *x)
{
    if (x->reply.body.failed) {
        buf_free(&x->reply.body);
        reply_error(x, 503, "no_memory", NULL, "out of memory for the answer");
    }
    if (x->reply.status == 0)
        reply_error(x, 500, "internal", NULL, "%s left no answer", x->route ? x->route->path : "-");
}

enum MHD_Result reply_send(struct exchange *x)
{
    check_reply(x);
    struct reply *r = &x->reply;
    struct header_list h = {0};
    set_tag(x, &h);
    add_headers(x, &h);
    struct MHD_Response *response =
        r->read_stream
            ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, r->read_stream,
                                                r->stream, r->close_stream)
        : r->file ? file_response(x, &h)
                  : body_response(x, &h);
    if (!response) {
        if (r->close_stream)
            r->close_stream(r->stream);
        return MHD_NO;
    }
    enum MHD_Result ok = MHD_YES;
    for (size_t i = 0; ok == MHD_YES && i < h.n; i++)
        ok = MHD_add_response_header(response, h.items[i].name, h.items[i].value);
    if (ok == MHD_YES && atomic_load(&x->server->stopping))
        ok = MHD_add_response_header(response, "Connection", "close");
    if (ok == MHD_YES)
        ok = MHD_queue_response(x->mhd, (unsigned)r->status, response);
    MHD_destroy_response(response);
    x->answered = ok == MHD_YES;
    return ok;
}

void reply_write_raw(struct exchange *x, struct buf *out)
{
    check_reply(x);
    struct header_list h = {0};
    add_headers(x, &h);
    buf_printf(out, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %zu\r\n",
               x->reply.status, MHD_get_reason_phrase_for((unsigned)x->reply.status),
               x->reply.body.n);
    for (size_t i = 0; i < h.n; i++)
        buf_printf(out, "%s: %s\r\n", h.items[i].name, h.items[i].value);
    buf_add_z(out, "\r\n");
    buf_add_str(out, buf_str(&x->reply.body));
}
