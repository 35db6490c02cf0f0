// A bounded queue between stages in one process: many senders, one receiver.
#ifndef FETTLE_BUS_RING_H
#define FETTLE_BUS_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;

// `slots` items of `item_bytes` each. NULL when memory is out.
struct ring *ring_open(size_t slots, size_t item_bytes);
void ring_close(struct ring **r);

// Copies `count` items in, waiting for room at most `timeout_us` (negative: for ever, 0: not at
// all). All or nothing for counts up to the number of slots. False: no room in time, or stopped.
bool ring_put(struct ring *r, const void *items, size_t count, int64_t timeout_us);

// Copies at most `max` items out, waiting at most `timeout_us` for the first. 0: none in time, or
// stopped and empty.
size_t ring_take(struct ring *r, void *items, size_t max, int64_t timeout_us);

// No more is put in; what is there can still be taken. Wakes everyone who waits.
void ring_stop(struct ring *r);
bool ring_is_done(const struct ring *r); // stopped and empty

size_t ring_used(const struct ring *r);

#endif
