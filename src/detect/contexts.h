// What usually follows what: contexts of recent levels and the level that came after each of them.
//
// The method of the Contextual Anomaly Detector, open source edition (M. Smirnov, 2016), with its
// published constants: a level is seen as the set of its bits; a context is a set of such facts and
// of contexts that were active one step before, together with the facts that followed it. What two
// contexts have in common becomes a context as well, so that rules get more general with time.
// Memory is bounded. One thread owns an instance.
#ifndef FETTLE_DETECT_CONTEXTS_H
#define FETTLE_DETECT_CONTEXTS_H

#include <stddef.h>

enum { CONTEXTS_BITS = 3, CONTEXTS_LEVELS = 1 << CONTEXTS_BITS };

struct contexts;

// Room for `most` contexts (at least 64). NULL when memory is out.
struct contexts *contexts_open(size_t most);
void contexts_close(struct contexts **c);

// As after contexts_open.
void contexts_forget(struct contexts *c);

// The next level (0 to CONTEXTS_LEVELS - 1). Returns how new it is where it stands, 0 to 1: half of
// it the share of the contexts at hand that it does not continue, half the share of the contexts it
// makes that were not known. Once there is no room, new contexts count but are not kept.
double contexts_push(struct contexts *c, int level);

// Contexts kept.
size_t contexts_count(const struct contexts *c);

size_t contexts_bytes(const struct contexts *c);

#endif
