// Heads of all sensors: room is made before a commit, readings go in after it.
#include "store/series.h"

#include <stdlib.h>
#include <string.h>

enum {
    HEADS_READINGS = 700000, // aimed at for all heads together, when full
    SEAL_AT_MIN = 64,
    SEAL_AT_MAX = 512,
};

enum err_code series_table_open(struct series_table *t, struct err *err)
{
    *t = (struct series_table){.blocks = calloc(SERIES_BLOCKS, sizeof *t->blocks)};
    pthread_rwlockattr_t attr;
    pthread_rwlockattr_init(&attr);
    pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    bool made = t->blocks && pthread_rwlock_init(&t->lock, &attr) == 0;
    pthread_rwlockattr_destroy(&attr);
    if (made)
        return ERR_OK;
    free(t->blocks);
    t->blocks = NULL;
    return err_set(err, ERR_NO_MEMORY, "out of memory for the store");
}

void series_table_close(struct series_table *t)
{
    if (!t->blocks)
        return;
    for (uint32_t i = 0; i < t->count; i++) {
        free(series_at(t, i)->items);
        free(series_at(t, i)->fresh);
    }
    for (size_t i = 0; i < SERIES_BLOCKS; i++)
        free(t->blocks[i]);
    free(t->blocks);
    t->blocks = NULL;
    pthread_rwlock_destroy(&t->lock);
}

static uint32_t seal_at_of(uint32_t sensors)
{
    uint32_t each = HEADS_READINGS / (sensors ? sensors : 1);
    return each < SEAL_AT_MIN ? SEAL_AT_MIN : each > SEAL_AT_MAX ? SEAL_AT_MAX : each;
}

uint32_t series_seal_at(const struct series_table *t)
{
    return seal_at_of(t->count);
}

// Spreads first seals evenly, so that sensors which began together are not all due together.
static uint32_t first_seal_at(uint32_t sensor, uint32_t seal_at)
{
    uint32_t h = sensor * UINT32_C(2654435761);
    h ^= h >> 15;
    return SEAL_AT_MIN / 2 + h % (seal_at - SEAL_AT_MIN / 2);
}

enum err_code series_table_grow(struct series_table *t, uint32_t count, struct err *err)
{
    if (count > SERIES_BLOCK * SERIES_BLOCKS)
        return err_set(err, ERR_LIMIT, "more than %d sensors", SERIES_BLOCK * SERIES_BLOCKS);
    for (uint32_t i = t->count; i < count; i++) {
        struct series **block = &t->blocks[i / SERIES_BLOCK];
        if (!*block && !(*block = calloc(SERIES_BLOCK, sizeof **block)))
            return err_set(err, ERR_NO_MEMORY, "out of memory for sensors");
        struct series *se = *block + i % SERIES_BLOCK;
        se->sealed_to = TIME_NONE;
        se->latest.key = ITEM_NONE;
        se->seal_at = first_seal_at(i, seal_at_of(count));
        t->count = i + 1;
    }
    return ERR_OK;
}

enum err_code series_reserve(struct series *se, struct err *err)
{
    uint32_t need = (se->sealing ? 0 : se->count) + se->group_count;
    bool fits = need <= se->capacity;
    bool wasteful = se->sealing && se->capacity > 4 * need + 64;
    if (need == 0 || (fits && !wasteful))
        return ERR_OK;
    uint32_t capacity = need + (need / 8 < 16 ? 16 : need / 8);
    se->fresh = malloc(capacity * sizeof *se->fresh);
    if (!se->fresh)
        return err_set(err, ERR_NO_MEMORY, "out of memory for %u readings", need);
    se->fresh_capacity = capacity;
    return ERR_OK;
}

void series_forget_group(struct series *se)
{
    free(se->fresh);
    se->fresh = NULL;
    se->fresh_capacity = 0;
    se->group_count = 0;
    se->sealing = false;
}

static void unseal(struct series_table *t, struct series *se)
{
    int64_t newest = item_time(&se->items[se->count - 1]);
    if (se->sealed_to == TIME_NONE || newest > se->sealed_to)
        se->sealed_to = newest;
    se->gap_low = se->gap_high = 0;
    t->head_readings -= se->count;
    t->sealed_readings += se->count;
    se->count = 0;
    se->seal_at = series_seal_at(t);
    se->sealing = false;
    if (se->group_count == 0) {
        free(se->items);
        se->items = NULL;
        se->capacity = 0;
    }
}

// Merges from the back, so that what is there moves only once.
static void merge(struct series *se, const struct item *items, uint32_t n)
{
    uint32_t at = se->count + n;
    uint32_t old = se->count;
    while (n && old) {
        if (se->items[old - 1].key > items[n - 1].key)
            se->items[--at] = se->items[--old];
        else
            se->items[--at] = items[--n];
    }
    memcpy(se->items, items, n * sizeof *items);
}

void series_apply(struct series_table *t, struct series *se, const struct item *items,
                  int64_t journal, uint32_t epoch)
{
    if (se->sealing)
        unseal(t, se);
    uint32_t n = se->group_count;
    if (n == 0)
        return;
    if (se->count == 0) {
        se->journal_low = journal;
        se->born_epoch = epoch;
    }
    if (se->fresh_capacity) {
        if (se->count)
            memcpy(se->fresh, se->items, se->count * sizeof *se->items);
        free(se->items);
        se->items = se->fresh;
        se->capacity = se->fresh_capacity;
        se->fresh = NULL;
        se->fresh_capacity = 0;
    }
    merge(se, items, n);
    se->count += n;
    t->head_readings += n;
    if (items[n - 1].key > se->latest.key)
        se->latest = items[n - 1];
    se->group_count = 0;
}
