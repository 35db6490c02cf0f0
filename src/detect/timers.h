// Timers in event time: a heap of (when, what), earliest first.
#ifndef FETTLE_DETECT_TIMERS_H
#define FETTLE_DETECT_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
    int64_t when_us;
    uint64_t what; // equal times go off in the order of this
};

// Zero-initialise to start. Timers are not taken back: whoever hears one asks whether it still
// holds.
struct timers {
    struct timer *heap;
    size_t n, cap;
};

void timers_free(struct timers *t);
bool timers_put(struct timers *t, int64_t when_us, uint64_t what); // false: memory is out

static inline int64_t timers_first(const struct timers *t)
{
    return t->n ? t->heap[0].when_us : INT64_MAX;
}

struct timer timers_take(struct timers *t); // the earliest; there must be one

#endif
