// Sorts a group's readings by sensor and time, and takes those out that are there already.
#include <stdlib.h>
#include <string.h>

#include "store/store_private.h"

// ---- gathering by sensor ----

static bool reserve(struct group *g)
{
    if (g->reading_count <= g->capacity)
        return true;
    size_t capacity = g->reading_count + g->reading_count / 4;
    struct arrival *arrivals = realloc(g->arrivals, capacity * sizeof *arrivals);
    if (arrivals)
        g->arrivals = arrivals;
    struct item *items = realloc(g->items, capacity * sizeof *items);
    if (items)
        g->items = items;
    if (!arrivals || !items)
        return false;
    g->capacity = capacity;
    return true;
}

static bool touch(struct group *g, uint32_t sensor)
{
    if (g->touched_count == g->touched_capacity) {
        size_t capacity = g->touched_capacity ? g->touched_capacity * 2 : 256;
        uint32_t *touched = realloc(g->touched, capacity * sizeof *touched);
        if (!touched)
            return false;
        g->touched = touched;
        g->touched_capacity = capacity;
    }
    g->touched[g->touched_count++] = sensor;
    return true;
}

static enum err_code count_by_sensor(struct store *s, struct group *g, struct err *err)
{
    bool fits = reserve(g);
    for (size_t m = 0; fits && m < g->member_count; m++) {
        const struct store_batch *batch = g->members[m].batch;
        size_t count = g->members[m].unknown_incident ? 0 : batch->reading_count;
        for (size_t i = 0; fits && i < count; i++) {
            uint32_t sensor = batch->readings[i].sensor;
            struct series *se = series_at(&s->table, sensor);
            if (se->group_count > 0 || (fits = touch(g, sensor)))
                se->group_count++;
        }
    }
    return fits ? ERR_OK
                : err_set(err, ERR_NO_MEMORY, "out of memory for %zu readings", g->reading_count);
}

static void place(struct store *s, struct group *g)
{
    uint32_t at = 0;
    for (size_t i = 0; i < g->touched_count; i++) {
        struct series *se = series_at(&s->table, g->touched[i]);
        se->group_at = at;
        at += se->group_count;
        se->group_count = 0;
    }
    for (size_t m = 0; m < g->member_count; m++) {
        const struct member *member = &g->members[m];
        size_t count = member->unknown_incident ? 0 : member->batch->reading_count;
        for (size_t i = 0; i < count; i++) {
            const struct reading *r = &member->batch->readings[i];
            struct series *se = series_at(&s->table, r->sensor);
            g->arrivals[se->group_at + se->group_count++] = (struct arrival){
                {item_key(r->time_us, r->quality), r->value}, (uint32_t)(member->first_index + i)};
        }
    }
}

static int by_time_and_arrival(const void *pa, const void *pb)
{
    const struct arrival *a = pa, *b = pb;
    int64_t at = item_time(&a->item), bt = item_time(&b->item);
    if (at != bt)
        return at < bt ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static void sort(struct arrival *a, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (item_time(&a[i].item) < item_time(&a[i - 1].item)) {
            qsort(a, n, sizeof *a, by_time_and_arrival);
            return;
        }
    }
}

// ---- duplicates ----

static const uint32_t duplicate = UINT32_MAX; // in place of the index

static void mark(struct group *g, struct arrival *a)
{
    size_t low = 0, high = g->member_count; // members with an index of it or before: the last one
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (g->members[middle].first_index <= a->index)
            low = middle;
        else
            high = middle;
    }
    struct store_batch *batch = g->members[low].batch;
    batch->duplicates++;
    if (batch->fate)
        batch->fate[a->index - g->members[low].first_index] = FATE_DUPLICATE;
    a->index = duplicate;
}

static void mark_within(struct group *g, struct arrival *a, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (item_time(&a[i].item) == item_time(&a[i - 1].item))
            mark(g, &a[i]);
}

static void mark_known(struct group *g, struct arrival *a, size_t n, const struct item *items,
                       size_t item_count)
{
    for (size_t i = 0; i < n && item_count; i++) {
        int64_t time_us = item_time(&a[i].item);
        if (time_us > item_time(&items[item_count - 1]))
            return;
        if (a[i].index == duplicate)
            continue;
        size_t at = item_lower_bound(items, item_count, time_us);
        if (at < item_count && item_time(&items[at]) == time_us)
            mark(g, &a[i]);
    }
}

// Finds what chunks hold around `time_us`: either a chunk over it, or the gap that it lies in.
static enum err_code look_up(struct store *s, struct series *se, uint32_t sensor, int64_t time_us,
                             struct chunk_place *over, bool *in_chunk, struct err *err)
{
    struct chunk_place after;
    bool before_found, after_found;
    enum err_code code =
        chunk_find(&s->writer, SQL_CHUNK_AT, sensor, time_us, over, &before_found, err);
    *in_chunk = code == ERR_OK && before_found && time_us <= over->last_us;
    if (code != ERR_OK || *in_chunk)
        return code;
    code = chunk_find(&s->writer, SQL_CHUNK_AFTER, sensor, time_us, &after, &after_found, err);
    se->gap_low = before_found ? over->last_us : INT64_MIN;
    se->gap_high = after_found ? after.first_us : INT64_MAX;
    return code;
}

static enum err_code mark_sealed(struct store *s, struct group *g, struct series *se,
                                 uint32_t sensor, struct err *err)
{
    struct item items[CHUNK_MAX];
    struct arrival *a = g->arrivals + se->group_at;
    size_t n = se->group_count;
    for (size_t i = 0; i < n;) {
        int64_t time_us = item_time(&a[i].item);
        if (se->sealed_to == TIME_NONE || time_us > se->sealed_to)
            return ERR_OK;
        if (time_us > se->gap_low && time_us < se->gap_high) {
            i++;
            continue;
        }
        struct chunk_place chunk;
        bool in_chunk;
        size_t item_count = 0;
        enum err_code code = look_up(s, se, sensor, time_us, &chunk, &in_chunk, err);
        if (code == ERR_OK && in_chunk)
            code = chunk_read(&s->writer, chunk.id, items, &item_count, err);
        if (code != ERR_OK)
            return code;
        size_t end = i;
        while (in_chunk && end < n && item_time(&a[end].item) <= chunk.last_us)
            end++;
        mark_known(g, a + i, end - i, items, item_count);
        i = in_chunk ? end : i + 1;
    }
    return ERR_OK;
}

// What remains goes to g->items, at the same place.
static void keep_new(struct group *g, struct series *se)
{
    const struct arrival *a = g->arrivals + se->group_at;
    struct item *out = g->items + se->group_at;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < se->group_count; i++)
        if (a[i].index != duplicate)
            out[kept++] = a[i].item;
    se->group_count = kept;
}

enum err_code group_admit(struct store *s, struct group *g, struct err *err)
{
    enum err_code code = count_by_sensor(s, g, err);
    if (code != ERR_OK)
        return code;
    place(s, g);
    for (size_t i = 0; i < g->touched_count; i++) {
        uint32_t sensor = g->touched[i];
        struct series *se = series_at(&s->table, sensor);
        struct arrival *a = g->arrivals + se->group_at;
        sort(a, se->group_count);
        mark_within(g, a, se->group_count);
        mark_known(g, a, se->group_count, se->items, se->count);
        if ((code = mark_sealed(s, g, se, sensor, err)) != ERR_OK)
            return code;
        keep_new(g, se);
    }
    return ERR_OK;
}
