// What the store holds in memory of each sensor: the head, which is all readings not yet in chunks.
//
// Heads are ordered by time and hold committed readings only. The writer's thread changes them,
// under the write lock of `lock`; other threads look under the read lock.
#ifndef FETTLE_STORE_SERIES_H
#define FETTLE_STORE_SERIES_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/err.h"
#include "store/chunk.h"

struct series {
    struct item *items; // the head
    uint32_t count, capacity;
    uint32_t seal_at;    // readings in the head that make it due
    uint32_t born_epoch; // of its oldest reading
    int64_t journal_low; // no journal row before this one holds anything of the head
    int64_t sealed_to;   // newest time in chunks; TIME_NONE: no chunk
    struct item latest;  // the newest reading of all; key ITEM_NONE: none

    // The writer's own.
    int64_t gap_low, gap_high;      // chunks hold nothing strictly between
    struct item *fresh;             // larger head, made before the commit that needs it
    uint32_t fresh_capacity;        // 0: none
    uint32_t group_at, group_count; // readings of the present commit, in its `items`
    bool due, sealing;
};

#define ITEM_NONE INT64_MIN

enum { SERIES_BLOCK = 1024, SERIES_BLOCKS = 16384 };

struct series_table {
    pthread_rwlock_t lock;
    struct series **blocks; // SERIES_BLOCKS pointers
    atomic_uint count;      // those below are there and never move
    // Under the lock, too.
    uint64_t seal_sequence;   // of the last seal that the heads show
    uint64_t sealed_readings; // in chunks
    uint64_t head_readings;
};

enum err_code series_table_open(struct series_table *t, struct err *err);
void series_table_close(struct series_table *t);

// Makes room for sensors below `count`. The writer's.
enum err_code series_table_grow(struct series_table *t, uint32_t count, struct err *err);

static inline struct series *series_at(const struct series_table *t, uint32_t sensor)
{
    return &t->blocks[sensor / SERIES_BLOCK][sensor % SERIES_BLOCK];
}

// How many readings a head may hold before it is due, so that all heads stay within a bound.
uint32_t series_seal_at(const struct series_table *t);

// ---- the commit's steps ----

// Before: makes sure that the readings of the group will fit, once the head is sealed if it is.
enum err_code series_reserve(struct series *se, struct err *err);

// After, under the write lock; cannot fail. `items` are the group's, in order of time, none of them
// in the head.
void series_apply(struct series_table *t, struct series *se, const struct item *items,
                  int64_t journal, uint32_t epoch);

// After a rollback.
void series_forget_group(struct series *se);

#endif
