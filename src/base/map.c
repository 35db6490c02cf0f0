// The hash map: open addressing over an insertion-ordered list of entries.
#include "base/map.h"

#include <stdlib.h>

void map_free(struct map *m)
{
    for (size_t i = 0; i < m->n; i++)
        free(m->entries[i].key);
    free(m->entries);
    free(m->slots);
    *m = (struct map){0};
}

// The slot that holds `key`, or the empty one where it belongs.
static size_t slot_of(const struct map *m, struct str key, uint64_t hash)
{
    size_t mask = m->slot_count - 1, at = hash & mask;
    for (;; at = (at + 1) & mask) {
        uint32_t slot = m->slots[at];
        if (slot == 0)
            return at;
        const struct map_entry *e = &m->entries[slot - 1];
        if (e->hash == hash && str_eq((struct str){e->key, e->key_n}, key))
            return at;
    }
}

static bool grow(struct map *m)
{
    size_t cap = m->cap ? m->cap * 2 : 8;
    if (cap > UINT32_MAX / 4)
        return false;
    struct map_entry *entries = realloc(m->entries, cap * sizeof *entries);
    if (!entries)
        return false;
    m->entries = entries;
    uint32_t *slots = calloc(cap * 2, sizeof *slots);
    if (!slots)
        return false;
    free(m->slots);
    m->slots = slots;
    m->slot_count = cap * 2;
    m->cap = cap;
    size_t mask = m->slot_count - 1;
    for (size_t i = 0; i < m->n; i++) {
        size_t at = m->entries[i].hash & mask;
        while (m->slots[at])
            at = (at + 1) & mask;
        m->slots[at] = (uint32_t)(i + 1);
    }
    return true;
}

bool map_put(struct map *m, struct str key, uint64_t value)
{
    if (m->n == m->cap && !grow(m))
        return false;
    uint64_t hash = str_hash(key);
    size_t at = slot_of(m, key, hash);
    if (m->slots[at]) {
        m->entries[m->slots[at] - 1].value = value;
        return true;
    }
    char *copy = malloc(key.n + 1);
    if (!copy)
        return false;
    str_copy(copy, key.n + 1, key);
    m->entries[m->n] = (struct map_entry){hash, copy, key.n, value};
    m->slots[at] = (uint32_t)++m->n;
    return true;
}

uint64_t *map_find(const struct map *m, struct str key)
{
    if (m->n == 0)
        return NULL;
    uint32_t slot = m->slots[slot_of(m, key, str_hash(key))];
    return slot ? &m->entries[slot - 1].value : NULL;
}
