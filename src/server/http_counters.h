// Counts of requests by route and status, with how long they took; safe for all threads.
#ifndef FETTLE_SERVER_HTTP_COUNTERS_H
#define FETTLE_SERVER_HTTP_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct route;

// Upper bounds of the histogram in microseconds; beyond the last one is +Inf.
#define LATENCY_BOUNDS_US                                                                          \
    {                                                                                              \
        250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000  \
    }
enum { LATENCY_BUCKETS = 14, STATUS_CLASSES = 6 };

struct http_counters;

struct http_counters *http_counters_open(void); // NULL: out of memory
void http_counters_close(struct http_counters **c);

// `route` NULL: a request that no route served.
void http_counters_add(struct http_counters *c, const struct route *route, int status,
                       int64_t took_us);

// In Prometheus' text form.
void http_counters_write(const struct http_counters *c, struct buf *out);

#endif
