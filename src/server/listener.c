// Waiting for a long answer, and sending it piece by piece.
#include "server/listener.h"

#include <poll.h>
#include <string.h>

void listener_open(struct listener *l, struct exchange *x)
{
    *l = (struct listener){.mhd = x->mhd, .exchange = x};
    l->fd = MHD_get_connection_info(x->mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

void listener_free(struct listener *l)
{
    buf_free(&l->out);
}

bool listener_is_there(void *listener)
{
    const struct listener *l = listener;
    struct pollfd fd = {.fd = l->fd, .events = POLLRDHUP};
    return poll(&fd, 1, 0) <= 0 || !(fd.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL));
}

void listener_wait(void *listener)
{
    exchange_wait(((struct listener *)listener)->exchange);
}

void listener_continue(void *listener)
{
    exchange_continue(((struct listener *)listener)->exchange);
}

void listener_suspend(void *listener)
{
    MHD_suspend_connection(((struct listener *)listener)->mhd);
}

void listener_resume(void *listener)
{
    MHD_resume_connection(((struct listener *)listener)->mhd);
}

static ssize_t read_stream(void *arg, uint64_t pos, char *to, size_t max)
{
    struct listener *l = arg;
    (void)pos;
    while (l->out_at == l->out.n) {
        if (l->ended || l->out.failed)
            return MHD_CONTENT_READER_END_OF_STREAM;
        l->out_at = 0;
        if (!l->fill(l->owner))
            return 0;
    }
    size_t left = l->out.n - l->out_at;
    size_t n = left < max ? left : max;
    memcpy(to, l->out.p + l->out_at, n);
    l->out_at += n;
    return (ssize_t)n;
}

static void close_stream(void *arg)
{
    struct listener *l = arg;
    l->close(l->owner);
}

void listener_stream(struct listener *l, struct exchange *x, void *owner, bool (*fill)(void *owner),
                     void (*close)(void *owner))
{
    l->owner = owner;
    l->fill = fill;
    l->close = close;
    reply_text(x, "text/event-stream");
    x->reply.stream = l;
    x->reply.read_stream = read_stream;
    x->reply.close_stream = close_stream;
}
