// The journal's bytes: what one commit stored, sensor by sensor, until it is sealed into chunks.
#ifndef FETTLE_STORE_JOURNAL_H
#define FETTLE_STORE_JOURNAL_H

#include "store/chunk.h"

// Zero-initialise, with `to` set; one per blob.
struct journal_out {
    struct buf *to; // its `failed` tells of lack of memory
    int64_t key;    // of the reading before
    uint32_t sensor;
};

// Adds readings of one sensor in order of time.
void journal_add(struct journal_out *j, uint32_t sensor, const struct item *items, size_t n);

struct journal_in {
    struct bytes_in bytes;
    int64_t key;
    uint32_t sensor;
    struct item items[CHUNK_MAX];
    size_t count; // in `items`
};

// Reads the next run of readings of one sensor into j->sensor, j->items, j->count. False at the end
// and for damaged bytes; j->bytes.failed tells them apart.
bool journal_next(struct journal_in *j);

#endif
