// The list of open connections with their deadlines.
#include "server/connections.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

bool connections_open(struct connections *c)
{
    return pthread_mutex_init(&c->lock, NULL) == 0;
}

void connections_close(struct connections *c)
{
    while (c->first)
        connections_remove(c, c->first);
    pthread_mutex_destroy(&c->lock);
}

void connection_set_address(struct connection *one, const struct sockaddr *address)
{
    unsigned char *to = one->address;
    memset(to, 0, sizeof one->address);
    one->loopback = false;
    if (address->sa_family == AF_INET6) {
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
        memcpy(to, v6, sizeof one->address);
        one->loopback = IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && to[12] == 127);
    } else if (address->sa_family == AF_INET) {
        to[10] = to[11] = 0xff;
        memcpy(to + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
        one->loopback = to[12] == 127;
    }
}

bool connections_admit(struct connections *c, const struct sockaddr *address)
{
    struct connection from = {0};
    connection_set_address(&from, address);
    size_t limit = from.loopback ? c->loopback_max : c->per_address_max, same = 0;
    pthread_mutex_lock(&c->lock);
    for (const struct connection *one = c->first; one && same < limit; one = one->next)
        same += memcmp(one->address, from.address, sizeof from.address) == 0;
    pthread_mutex_unlock(&c->lock);
    bool room = same < limit && atomic_load(&c->count) < c->max;
    atomic_fetch_add(room ? &c->accepted : &c->turned_away, 1);
    return room;
}

struct connection *connections_add(struct connections *c, int fd, const struct sockaddr *address,
                                   int64_t deadline_us)
{
    struct connection *one = calloc(1, sizeof *one);
    if (!one)
        return NULL;
    one->fd = fd;
    connection_set_address(one, address);
    atomic_store(&one->deadline_us, deadline_us);
    pthread_mutex_lock(&c->lock);
    one->next = c->first;
    if (c->first)
        c->first->prev = one;
    c->first = one;
    pthread_mutex_unlock(&c->lock);
    atomic_fetch_add(&c->count, 1);
    return one;
}

void connections_remove(struct connections *c, struct connection *one)
{
    if (!one)
        return;
    pthread_mutex_lock(&c->lock);
    if (one->prev)
        one->prev->next = one->next;
    else
        c->first = one->next;
    if (one->next)
        one->next->prev = one->prev;
    pthread_mutex_unlock(&c->lock);
    atomic_fetch_sub(&c->count, 1);
    free(one);
}

void connections_shut_late(struct connections *c, int64_t now_us)
{
    // Under the lock a connection in the list still owns its descriptor.
    pthread_mutex_lock(&c->lock);
    for (struct connection *one = c->first; one; one = one->next) {
        if (atomic_load(&one->deadline_us) > now_us)
            continue;
        atomic_store(&one->deadline_us, NO_DEADLINE);
        shutdown(one->fd, SHUT_RDWR);
        atomic_fetch_add(&c->timed_out, 1);
    }
    pthread_mutex_unlock(&c->lock);
}

void connection_address(const struct connection *one, char *out, size_t cap)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    out[0] = '\0';
    if (memcmp(one->address, mapped, sizeof mapped) == 0)
        inet_ntop(AF_INET, one->address + 12, out, (socklen_t)cap);
    else
        inet_ntop(AF_INET6, one->address, out, (socklen_t)cap);
}
