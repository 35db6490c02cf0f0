// The connections that are open: how many an address has, and when each must have moved on.
//
// MHD's own idle time begins anew with every byte; a client that sends a byte now and then would
// stay for ever. Here each phase of a request has one deadline, and a watch thread shuts down the
// socket of a connection that missed its own.
#ifndef FETTLE_SERVER_CONNECTIONS_H
#define FETTLE_SERVER_CONNECTIONS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define NO_DEADLINE INT64_MAX

struct connection {
    int fd;
    unsigned char address[16]; // IPv4 as ::ffff:a.b.c.d
    bool loopback;
    _Atomic int64_t deadline_us; // monotonic
    struct connection *prev, *next;
};

struct connections {
    pthread_mutex_t lock;
    struct connection *first;
    atomic_size_t count;
    size_t max, per_address_max, loopback_max;
    atomic_uint_fast64_t accepted, turned_away, timed_out;
};

// Limits are the caller's to set. False when memory is out.
bool connections_open(struct connections *c);
void connections_close(struct connections *c);

// May one more connection from `address` be taken?
bool connections_admit(struct connections *c, const struct sockaddr *address);

// NULL when memory is out. `deadline_us` is the first request's.
struct connection *connections_add(struct connections *c, int fd, const struct sockaddr *address,
                                   int64_t deadline_us);
void connections_remove(struct connections *c, struct connection *one); // NULL: nothing

// Shuts down the sockets whose deadline is before `now_us`; their threads then close them.
void connections_shut_late(struct connections *c, int64_t now_us);

void connection_set_address(struct connection *one, const struct sockaddr *address);

// Text of a numeric address, without port; "" when it is neither IPv4 nor IPv6.
void connection_address(const struct connection *one, char *out, size_t cap);

#endif
