// Readings that wait for their turn, given out in order of time whatever order they came in.
//
// In-order readings pass through a ring; the others through a heap beside it. Readings of equal
// place come out by sensor, then as they came.
#ifndef FETTLE_DETECT_REORDER_H
#define FETTLE_DETECT_REORDER_H

#include "plant/plant.h"

struct held {
    int64_t place_us; // its place in the order
    uint64_t number;  // of arrival
    struct reading reading;
    bool ahead; // its place is not its time: see detect/event_clock.h
};

// Zero-initialise to start.
struct reorder {
    struct reading *ring; // place is the time; ordered by (time, sensor)
    size_t ring_cap;      // a power of two
    size_t head, ring_n;
    struct held *heap;
    size_t heap_n, heap_cap;
    uint64_t arrivals;
};

void reorder_free(struct reorder *r);

// Takes a reading in, at the place of its time. False when memory is out.
bool reorder_put(struct reorder *r, const struct reading *reading);

// Takes one in whose place is not its time.
bool reorder_put_ahead(struct reorder *r, const struct reading *reading, int64_t place_us);

static inline size_t reorder_count(const struct reorder *r)
{
    return r->ring_n + r->heap_n;
}

// The place of the first one; INT64_MAX when empty.
static inline int64_t reorder_first(const struct reorder *r)
{
    int64_t first = r->ring_n ? r->ring[r->head].time_us : INT64_MAX;
    return r->heap_n && r->heap[0].place_us < first ? r->heap[0].place_us : first;
}

// One that will soon be first; NULL: unknown.
static inline const struct reading *reorder_upcoming(const struct reorder *r)
{
    return r->ring_n ? &r->ring[r->head] : NULL;
}

// Takes the first one out; there must be one. True if it was put ahead.
bool reorder_take(struct reorder *r, struct reading *out);

#endif
