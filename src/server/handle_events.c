// GET /api/v1/events: server-sent events.
#include <string.h>
#include <sys/socket.h>

#include "server/event_hub.h"
#include "server/handlers.h"
#include "server/server_private.h"

enum { SEND_BUFFER = 65536 };

// "a/b,c/d", "*" for all, nothing for none.
static bool read_sensors(struct exchange *x, uint32_t *ids, size_t *count)
{
    struct str rest = str_of(exchange_text(x, "sensors"));
    *count = 0;
    if (str_is(rest, "*")) {
        *count = SIZE_MAX;
        return true;
    }
    while (rest.n) {
        char name[PLANT_FULL_NAME_BYTES];
        str_copy(name, sizeof name, str_trim(str_cut(&rest, ',')));
        if (*count == EVENT_SENSORS_MAX) {
            reply_error(x, 400, "usage", "sensors", "at most %d sensors in one stream",
                        EVENT_SENSORS_MAX);
            return false;
        }
        if (!exchange_find_sensor(x, name, &ids[*count]))
            return false;
        ++*count;
    }
    return true;
}

// What the system holds for a reader that does not read is memory, too.
static void bound_send_buffer(struct exchange *x)
{
    int bytes = SEND_BUFFER;
    int fd = MHD_get_connection_info(x->mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

void handle_events(struct exchange *x)
{
    uint32_t ids[EVENT_SENSORS_MAX];
    size_t count;
    struct event_client *client;
    struct err err;
    if (!read_sensors(x, ids, &count))
        return;
    if (x->is_head) {
        reply_text(x, "text/event-stream");
        return;
    }
    if (event_client_open(x->server->events, x->mhd, ids, count,
                          exchange_header(x, "Last-Event-ID"), &client, &err) != ERR_OK) {
        reply_err(x, &err, NULL);
        return;
    }
    bound_send_buffer(x);
    reply_text(x, "text/event-stream");
    x->reply.stream = client;
    x->reply.read_stream = event_client_read;
    x->reply.close_stream = event_client_close;
}
