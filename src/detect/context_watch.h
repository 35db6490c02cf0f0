// Watches one sensor for levels that do not follow from what went before (contexts.h).
//
// Values become levels of the range seen so far, widened by itself on each side. A value beyond it
// widens the range, and contexts are learnt anew from the readings kept. Memory is bounded, about
// 0.8 MB: for few, slow series. One thread owns an instance.
#ifndef FETTLE_DETECT_CONTEXT_WATCH_H
#define FETTLE_DETECT_CONTEXT_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct context_watch;

// The first `warm_up` readings only teach. NULL when memory is out.
struct context_watch *context_watch_open(uint32_t warm_up);
void context_watch_close(struct context_watch **w);

// The next reading. True when it is new where it stands (0.75 or more of what contexts_push tells)
// and nothing was in the last warm_up / 5 readings. What is not finite or beyond 1e15 is neither
// judged nor learnt.
bool context_watch_push(struct context_watch *w, double value);

size_t context_watch_bytes(const struct context_watch *w);

#endif
