// One request with its answer, and what handlers may do with them.
//
// A handler runs on one of the server's threads. It reads parameters and body, and leaves an answer
// with one of the reply_ functions; leaving none is a fault of the handler (500). A handler that
// has to wait for something calls exchange_wait instead and is continued later.
#ifndef FETTLE_SERVER_EXCHANGE_H
#define FETTLE_SERVER_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <microhttpd.h>

#include "app/app.h"
#include "base/buf.h"
#include "base/json_out.h"
#include "server/route.h"
#include "server/server.h"

struct asset_file;
struct connection;

struct param_value {
    bool set;         // given, or by default
    const char *text; // as given
    int64_t number;   // of PARAM_INT, PARAM_BOOL, PARAM_TIME, PARAM_HEX_ID; a choice's place
};

struct reply {
    int status; // 0: none yet
    const char *type;
    struct buf body;
    const struct asset_file *file; // in place of `body`: one of the embedded files
    bool tagged;                   // gets an ETag from its content, so that it can be 304
    int retry_after_s;             // 0: none
    char allow[64];                // "": no Allow header
    bool challenge;                // 401: says how to authenticate
    // In place of `body`: a stream without end.
    MHD_ContentReaderCallback read_stream;
    MHD_ContentReaderFreeCallback close_stream;
    void *stream;
};

struct exchange {
    struct server *server;
    struct app *app;
    struct MHD_Connection *mhd;
    struct connection *connection;
    const struct route *route;
    int64_t began_us; // monotonic
    struct param_value params[PARAMS_MAX];
    char path_id[192]; // the path parameter
    struct buf body;   // as read; unpacked when it was sent as gzip
    struct reply reply;

    // What a handler that waits keeps, and how it goes on.
    void *work;
    void (*finish)(struct exchange *x);    // called when continued; leaves the answer
    void (*free_work)(struct exchange *x); // NULL when `work` needs nothing

    // The core's.
    size_t uri_bytes, body_seen, body_held;
    bool waits; // set by exchange_wait, for the thread that serves the connection
    bool begun, handled, answered, is_head, gzip_body, refused_uri, must_close;
    int64_t body_deadline_us;
};

// ---- what was asked ----

const char *exchange_header(const struct exchange *x, const char *name); // NULL: not there

// A parameter of the route's table; asking for another is a fault of the program and aborts.
const struct param_value *exchange_param(const struct exchange *x, const char *name);
int64_t exchange_int(const struct exchange *x, const char *name);      // 0 when not set
bool exchange_bool(const struct exchange *x, const char *name);        // false when not set
int64_t exchange_time(const struct exchange *x, const char *name);     // TIME_NONE when not set
const char *exchange_text(const struct exchange *x, const char *name); // "" when not set

// Checks what was given against the route's table and fills x->params; leaves a 400 that names the
// parameter and returns false when something is wrong.
bool exchange_read_params(struct exchange *x);

// Looks up what `sensor` or `asset` names; leaves a 404 and returns false when there is none.
bool exchange_find_sensor(struct exchange *x, const char *name, uint32_t *id);
bool exchange_find_asset(struct exchange *x, const char *name, uint32_t *id);

// ---- waiting ----

// Sets the exchange aside. Call it before handing work to another thread; that thread (or the
// handler itself, when handing over failed) calls exchange_continue exactly once. Then x->finish
// runs on a server thread; it may wait again.
void exchange_wait(struct exchange *x);
void exchange_continue(struct exchange *x);

// ---- answers ----

// Starts a JSON answer with status 200; what `j` writes becomes the body.
void reply_json(struct exchange *x, struct json_out *j);

// {"error":{"code":...,"message":...,"field":...}}; `field` may be NULL.
void reply_error(struct exchange *x, int status, const char *code, const char *field,
                 const char *fmt, ...) __attribute__((format(printf, 5, 6)));

// The same from an error of the layers below, with its HTTP status.
void reply_err(struct exchange *x, const struct err *err, const char *field);

void reply_empty(struct exchange *x, int status);

// A page or text of `type` (static text); the body is x->reply.body.
void reply_text(struct exchange *x, const char *type);

// Turns x->reply into MHD's response with all headers and queues it.
enum MHD_Result reply_send(struct exchange *x);

// The answer as bytes on the wire, for a connection that is closed after it.
void reply_write_raw(struct exchange *x, struct buf *out);

#endif
