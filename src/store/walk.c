// Walks over the readings of one sensor, chunks and head together, in order of time.
#include "store/store_private.h"

// ---- the chunks that touch [from, to) ----

struct chunks {
    struct query q;
    struct chunk_place first; // the chunk that begins at or before `from`
    bool first_waits;
    int64_t from_us;
};

static enum err_code chunks_open(struct chunks *all, struct conn *c, uint32_t sensor,
                                 int64_t from_us, int64_t to_us, struct err *err)
{
    bool found;
    enum err_code code = chunk_find(c, SQL_CHUNK_AT, sensor, from_us, &all->first, &found, err);
    all->first_waits = found && all->first.last_us >= from_us && all->first.first_us < to_us;
    all->q = query_open(c, SQL_CHUNK_FROM);
    query_bind_int(&all->q, sensor);
    query_bind_int(&all->q, from_us < INT64_MAX ? from_us + 1 : from_us);
    query_bind_int(&all->q, to_us);
    return code;
}

static bool chunks_next(struct chunks *all, struct chunk_place *out)
{
    if (all->first_waits) {
        *out = all->first;
        all->first_waits = false;
        return true;
    }
    if (!query_row(&all->q))
        return false;
    out->id = query_int(&all->q);
    out->first_us = query_int(&all->q);
    out->last_us = query_int(&all->q);
    out->count = (uint32_t)query_int(&all->q);
    return true;
}

enum err_code walk_count(struct conn *c, uint32_t sensor, int64_t from_us, int64_t to_us,
                         uint64_t enough, uint64_t *count, struct err *err)
{
    struct chunks all;
    struct chunk_place chunk;
    enum err_code code = chunks_open(&all, c, sensor, from_us, to_us, err);
    while (code == ERR_OK && *count <= enough && chunks_next(&all, &chunk))
        *count += chunk.count;
    enum err_code ended = query_end(&all.q, err);
    return code == ERR_OK ? ended : code;
}

// ---- their readings, with those of the head between ----

struct walk {
    const struct item *head, *head_end;
    walk_fn *each;
    void *arg;
};

// The head's readings before `to_us`; false when `each` has had enough.
static bool walk_head(struct walk *w, int64_t to_us)
{
    while (w->head < w->head_end && item_time(w->head) < to_us)
        if (!w->each(w->arg, w->head++))
            return false;
    return true;
}

static bool walk_chunk(struct walk *w, const struct item *items, size_t n, int64_t from_us,
                       int64_t to_us)
{
    for (size_t i = item_lower_bound(items, n, from_us); i < n; i++) {
        int64_t time_us = item_time(&items[i]);
        if (time_us >= to_us)
            return true;
        if (!walk_head(w, time_us) || !w->each(w->arg, &items[i]))
            return false;
    }
    return true;
}

enum err_code walk_items(struct conn *c, uint32_t sensor, int64_t from_us, int64_t to_us,
                         const struct item *head, size_t n, walk_fn *each, void *arg,
                         struct err *err)
{
    struct item items[CHUNK_MAX];
    struct chunks all;
    struct chunk_place chunk;
    struct walk w = {head + item_lower_bound(head, n, from_us), head + n, each, arg};
    bool going_on = true;
    enum err_code code = chunks_open(&all, c, sensor, from_us, to_us, err);
    while (code == ERR_OK && going_on && chunks_next(&all, &chunk)) {
        size_t count = 0;
        code = chunk_read(c, chunk.id, items, &count, err);
        if (code == ERR_OK)
            going_on = walk_chunk(&w, items, count, from_us, to_us);
    }
    enum err_code ended = query_end(&all.q, err);
    if (code == ERR_OK)
        code = ended;
    if (code == ERR_OK && going_on)
        walk_head(&w, to_us);
    return code;
}
