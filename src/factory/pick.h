// Picks one of the ways to say something from a list in a table.
#ifndef FETTLE_FACTORY_PICK_H
#define FETTLE_FACTORY_PICK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rng.h"

// One of the ways in `list`, '|' between, into `to`; of ways marked '~' only when `held_out`, and
// then only those if there are any.
void pick_way(const char *list, bool held_out, struct rng *rng, char *to, size_t cap);

#endif
