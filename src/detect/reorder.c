// A ring for readings that come in order, and a binary heap for those that do not.
#include "detect/reorder.h"

#include <stdlib.h>

enum { FIRST_CAP = 256 };

void reorder_free(struct reorder *r)
{
    free(r->ring);
    free(r->heap);
    *r = (struct reorder){0};
}

static bool grow_ring(struct reorder *r)
{
    size_t cap = r->ring_cap ? r->ring_cap * 2 : FIRST_CAP;
    struct reading *ring = malloc(cap * sizeof *ring);
    if (!ring)
        return false;
    for (size_t i = 0; i < r->ring_n; i++)
        ring[i] = r->ring[(r->head + i) & (r->ring_cap - 1)];
    free(r->ring);
    r->ring = ring;
    r->ring_cap = cap;
    r->head = 0;
    return true;
}

static bool is_before(const struct held *a, const struct held *b)
{
    if (a->place_us != b->place_us)
        return a->place_us < b->place_us;
    if (a->reading.time_us != b->reading.time_us)
        return a->reading.time_us < b->reading.time_us;
    if (a->reading.sensor != b->reading.sensor)
        return a->reading.sensor < b->reading.sensor;
    return a->number < b->number;
}

static bool heap_put(struct reorder *r, const struct held *h)
{
    if (r->heap_n == r->heap_cap) {
        size_t cap = r->heap_cap ? r->heap_cap * 2 : FIRST_CAP;
        struct held *heap = realloc(r->heap, cap * sizeof *heap);
        if (!heap)
            return false;
        r->heap = heap;
        r->heap_cap = cap;
    }
    size_t at = r->heap_n++;
    while (at > 0 && is_before(h, &r->heap[(at - 1) / 2])) {
        r->heap[at] = r->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    r->heap[at] = *h;
    return true;
}

static struct held heap_take(struct reorder *r)
{
    struct held first = r->heap[0], last = r->heap[--r->heap_n];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < r->heap_n; at = child) {
        if (child + 1 < r->heap_n && is_before(&r->heap[child + 1], &r->heap[child]))
            child++;
        if (!is_before(&r->heap[child], &last))
            break;
        r->heap[at] = r->heap[child];
    }
    r->heap[at] = last;
    return first;
}

bool reorder_put(struct reorder *r, const struct reading *reading)
{
    if (r->ring_n) {
        const struct reading *tail = &r->ring[(r->head + r->ring_n - 1) & (r->ring_cap - 1)];
        if (reading->time_us < tail->time_us ||
            (reading->time_us == tail->time_us && reading->sensor < tail->sensor)) {
            struct held h = {reading->time_us, r->arrivals++, *reading, false};
            return heap_put(r, &h);
        }
    }
    if (r->ring_n == r->ring_cap && !grow_ring(r))
        return false;
    r->ring[(r->head + r->ring_n++) & (r->ring_cap - 1)] = *reading;
    return true;
}

bool reorder_put_ahead(struct reorder *r, const struct reading *reading, int64_t place_us)
{
    struct held h = {place_us, r->arrivals++, *reading, true};
    return heap_put(r, &h);
}

bool reorder_take(struct reorder *r, struct reading *out)
{
    if (r->heap_n && r->ring_n) {
        const struct reading *first = &r->ring[r->head];
        struct held ring_first = {first->time_us, 0, *first, false};
        if (is_before(&r->heap[0], &ring_first)) {
            struct held h = heap_take(r);
            *out = h.reading;
            return h.ahead;
        }
    } else if (r->heap_n) {
        struct held h = heap_take(r);
        *out = h.reading;
        return h.ahead;
    }
    *out = r->ring[r->head];
    r->head = (r->head + 1) & (r->ring_cap - 1);
    r->ring_n--;
    return false;
}
