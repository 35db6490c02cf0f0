// A hash map from text keys to 64-bit values (numbers or pointers), in insertion order.
#ifndef FETTLE_BASE_MAP_H
#define FETTLE_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct map_entry {
    uint64_t hash;
    char *key; // terminated copy, owned by the map
    size_t key_n;
    uint64_t value;
};

// Zero-initialise to start. Entries never move in order: `entries[i]` is the i-th key put.
struct map {
    struct map_entry *entries;
    size_t n, cap;
    uint32_t *slots; // 1 + index into entries, 0 for empty; a power of two of them
    size_t slot_count;
};

void map_free(struct map *m);

// Adds or replaces; false when memory is out (the map is unchanged then).
bool map_put(struct map *m, struct str key, uint64_t value);

// The value's place, or NULL. Valid until the next put.
uint64_t *map_find(const struct map *m, struct str key);

#endif
