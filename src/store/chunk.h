// A chunk: up to CHUNK_MAX readings of one sensor, in order of time, packed into bytes.
#ifndef FETTLE_STORE_CHUNK_H
#define FETTLE_STORE_CHUNK_H

#include "plant/plant.h"
#include "store/column.h"

// A reading as the store keeps it in memory. The key orders by time; a sensor has one reading a
// time, whatever its quality.
struct item {
    int64_t key; // time_us * 4 + quality
    double value;
};

enum { CHUNK_MAX = COLUMN_MAX, ITEM_QUALITIES = 4 };

static inline int64_t item_key(int64_t time_us, uint32_t quality)
{
    return time_us * ITEM_QUALITIES + (int64_t)quality;
}

static inline int64_t item_time(const struct item *item)
{
    return item->key >> 2;
}

static inline uint32_t item_quality(const struct item *item)
{
    return (uint32_t)item->key & 3;
}

// The first of n ordered items with time at or after `time_us`; n if there is none.
size_t item_lower_bound(const struct item *items, size_t n, int64_t time_us);

// 1 to CHUNK_MAX items in any order of time; what comes back is the same bit for bit. Out of memory
// shows in out->failed.
void chunk_pack(const struct item *items, size_t n, struct buf *out);

// Unpacks the items of one chunk and leaves `in` behind it. `out` has room for CHUNK_MAX. False for
// bytes that are no chunk.
bool chunk_unpack(struct bytes_in *in, struct item *out, size_t *n);

#endif
