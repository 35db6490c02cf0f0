// Request counters and latency histograms.
#include "server/http_counters.h"

#include <stdlib.h>

#include "server/route.h"

struct route_counts {
    atomic_uint_fast64_t status[STATUS_CLASSES]; // [2]: 2xx
    atomic_uint_fast64_t bucket[LATENCY_BUCKETS];
    atomic_uint_fast64_t took_us;
};

struct http_counters {
    size_t count;
    struct route_counts by_route[]; // in the order of the table, the last: no route
};

static const int64_t bounds_us[LATENCY_BUCKETS - 1] = LATENCY_BOUNDS_US;

struct http_counters *http_counters_open(void)
{
    size_t count = route_count() + 1;
    struct http_counters *c = calloc(1, sizeof *c + count * sizeof *c->by_route);
    if (c)
        c->count = count;
    return c;
}

void http_counters_close(struct http_counters **c)
{
    free(*c);
    *c = NULL;
}

void http_counters_add(struct http_counters *c, const struct route *route, int status,
                       int64_t took_us)
{
    struct route_counts *r = &c->by_route[route ? (size_t)(route - routes) : c->count - 1];
    int bucket = 0;
    while (bucket < LATENCY_BUCKETS - 1 && took_us > bounds_us[bucket])
        bucket++;
    atomic_fetch_add_explicit(&r->status[status / 100 % STATUS_CLASSES], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&r->bucket[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&r->took_us, (uint64_t)took_us, memory_order_relaxed);
}

static void write_labels(struct buf *out, size_t i, size_t count)
{
    bool none = i == count - 1;
    buf_printf(out, "{method=\"%s\",route=\"%s\"", none ? "" : route_method_name(routes[i].method),
               none ? "none" : routes[i].path);
}

static void write_histogram(struct buf *out, const struct route_counts *r, size_t i, size_t count)
{
    uint64_t sum = 0;
    for (int b = 0; b < LATENCY_BUCKETS; b++) {
        sum += atomic_load(&r->bucket[b]);
        buf_add_z(out, "fettle_http_request_duration_seconds_bucket");
        write_labels(out, i, count);
        buf_add_z(out, ",le=\"");
        if (b < LATENCY_BUCKETS - 1)
            buf_add_double(out, (double)bounds_us[b] / 1e6);
        else
            buf_add_z(out, "+Inf");
        buf_printf(out, "\"} %llu\n", (unsigned long long)sum);
    }
    buf_add_z(out, "fettle_http_request_duration_seconds_sum");
    write_labels(out, i, count);
    buf_add_z(out, "} ");
    buf_add_double(out, (double)atomic_load(&r->took_us) / 1e6);
    buf_add_z(out, "\nfettle_http_request_duration_seconds_count");
    write_labels(out, i, count);
    buf_printf(out, "} %llu\n", (unsigned long long)sum);
}

static bool is_used(const struct route_counts *r)
{
    for (int s = 0; s < STATUS_CLASSES; s++)
        if (atomic_load(&r->status[s]))
            return true;
    return false;
}

void http_counters_write(const struct http_counters *c, struct buf *out)
{
    buf_add_z(out, "# HELP fettle_http_requests_total Requests answered.\n"
                   "# TYPE fettle_http_requests_total counter\n");
    for (size_t i = 0; i < c->count; i++)
        for (int s = 0; s < STATUS_CLASSES; s++) {
            uint64_t n = atomic_load(&c->by_route[i].status[s]);
            if (n == 0)
                continue;
            buf_add_z(out, "fettle_http_requests_total");
            write_labels(out, i, c->count);
            buf_printf(out, ",status=\"%dxx\"} %llu\n", s, (unsigned long long)n);
        }
    buf_add_z(out, "# HELP fettle_http_request_duration_seconds Time from a request's first line "
                   "to its answer.\n"
                   "# TYPE fettle_http_request_duration_seconds histogram\n");
    for (size_t i = 0; i < c->count; i++)
        if (is_used(&c->by_route[i]))
            write_histogram(out, &c->by_route[i], i, c->count);
}
