// Every reading of all sensors in order of time, window by window.
#include <stdlib.h>

#include "store/store_private.h"

enum {
    WINDOW_READINGS = 400000, // a window that may hold more is halved
    BLOCK = 4096,             // readings handed on at once
};

// The readings of one sensor within the window.
struct run {
    uint32_t at, end; // in window.readings
};

struct window {
    int64_t from_us, to_us;
    struct buf heads;    // struct item, of all sensors
    struct buf head_end; // size_t, a sensor: end of its items in `heads`
    struct buf readings; // struct reading, sensor by sensor
    struct buf runs;     // struct run, a heap by (time, sensor)
    uint32_t sensors;
    uint64_t count; // at most so many readings are in it
};

static enum err_code no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "out of memory while reading all sensors");
}

// Runs under the read lock.
static enum err_code copy_heads(struct store *s, struct window *w, struct err *err)
{
    buf_reset(&w->heads);
    buf_reset(&w->head_end);
    w->sensors = s->table.count;
    for (uint32_t i = 0; i < w->sensors; i++) {
        const struct series *se = series_at(&s->table, i);
        size_t at = item_lower_bound(se->items, se->count, w->from_us);
        size_t end = item_lower_bound(se->items, se->count, w->to_us);
        if (end > at)
            buf_add(&w->heads, se->items + at, (end - at) * sizeof *se->items);
        size_t head_end = w->heads.n / sizeof *se->items;
        buf_add(&w->head_end, &head_end, sizeof head_end);
    }
    w->count = w->heads.n / sizeof(struct item);
    return w->heads.failed || w->head_end.failed ? no_memory(err) : ERR_OK;
}

static enum err_code count_chunks(struct conn *c, struct window *w, struct err *err)
{
    enum err_code code = ERR_OK;
    for (uint32_t i = 0; code == ERR_OK && i < w->sensors && w->count <= WINDOW_READINGS; i++)
        code = walk_count(c, i, w->from_us, w->to_us, WINDOW_READINGS, &w->count, err);
    return code;
}

struct collecting {
    struct buf *to;
    uint32_t sensor;
};

static bool collect(void *arg, const struct item *item)
{
    struct collecting *k = arg;
    struct reading r = {item_time(item), item->value, k->sensor, item_quality(item)};
    buf_add(k->to, &r, sizeof r);
    return !k->to->failed;
}

static enum err_code collect_runs(struct conn *c, struct window *w, struct err *err)
{
    const struct item *heads = (const struct item *)(const void *)w->heads.p;
    const size_t *head_end = (const size_t *)(const void *)w->head_end.p;
    enum err_code code = ERR_OK;
    buf_reset(&w->readings);
    buf_reset(&w->runs);
    for (uint32_t i = 0; code == ERR_OK && i < w->sensors; i++) {
        struct collecting k = {&w->readings, i};
        size_t at = i ? head_end[i - 1] : 0;
        struct run run = {.at = (uint32_t)(w->readings.n / sizeof(struct reading))};
        code = walk_items(c, i, w->from_us, w->to_us, heads ? heads + at : NULL, head_end[i] - at,
                          collect, &k, err);
        run.end = (uint32_t)(w->readings.n / sizeof(struct reading));
        if (run.end > run.at)
            buf_add(&w->runs, &run, sizeof run);
    }
    return code == ERR_OK && (w->readings.failed || w->runs.failed) ? no_memory(err) : code;
}

// ---- merging the runs ----

static bool comes_before(const struct reading *all, const struct run *a, const struct run *b)
{
    const struct reading *ra = &all[a->at], *rb = &all[b->at];
    return ra->time_us != rb->time_us ? ra->time_us < rb->time_us : ra->sensor < rb->sensor;
}

static void sift(const struct reading *all, struct run *heap, size_t n, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && comes_before(all, &heap[child + 1], &heap[child]))
            child++;
        if (!comes_before(all, &heap[child], &heap[at]))
            return;
        struct run swapped = heap[at];
        heap[at] = heap[child];
        heap[child] = swapped;
    }
}

static bool hand_on(struct window *w, store_readings_fn *each, void *arg)
{
    struct reading block[BLOCK];
    const struct reading *all = (const struct reading *)(const void *)w->readings.p;
    struct run *heap = (struct run *)(void *)w->runs.p;
    size_t n = w->runs.n / sizeof *heap, filled = 0;
    for (size_t i = n / 2; i-- > 0;)
        sift(all, heap, n, i);
    while (n) {
        block[filled++] = all[heap[0].at];
        if (++heap[0].at == heap[0].end)
            heap[0] = heap[--n];
        sift(all, heap, n, 0);
        if (filled == BLOCK || n == 0) {
            if (!each(arg, block, filled))
                return false;
            filled = 0;
        }
    }
    return true;
}

// ---- the windows ----

// The first reading at or after `from_us`, TIME_NONE for none; may be too early, never too late.
static enum err_code find_next(struct store *s, struct conn *c, int64_t from_us, int64_t *next_us,
                               struct err *err)
{
    *next_us = TIME_NONE;
    for (uint32_t i = 0; i < s->table.count; i++) {
        const struct series *se = series_at(&s->table, i);
        size_t at = item_lower_bound(se->items, se->count, from_us);
        if (at < se->count && (*next_us == TIME_NONE || item_time(&se->items[at]) < *next_us))
            *next_us = item_time(&se->items[at]);
    }
    struct query q = query_open(c, SQL_CHUNK_NEXT);
    query_bind_int(&q, from_us);
    if (query_row(&q)) {
        int64_t first_us = query_time(&q);
        if (first_us != TIME_NONE && (*next_us == TIME_NONE || first_us < *next_us))
            *next_us = first_us;
    }
    return query_end(&q, err);
}

// Fills the window, or finds it empty (and what comes after it), or too full.
static enum err_code look(struct store *s, struct window *w, int64_t *next_us, struct err *err)
{
    struct conn *c;
    enum err_code code = view_open(s, &c, err);
    if (code != ERR_OK)
        return code;
    code = copy_heads(s, w, err);
    if (code == ERR_OK)
        code = find_next(s, c, w->to_us, next_us, err);
    view_unlock(s);
    if (code == ERR_OK)
        code = count_chunks(c, w, err);
    bool whole = w->count <= WINDOW_READINGS || w->to_us - w->from_us == 1;
    if (code == ERR_OK && whole)
        code = collect_runs(c, w, err);
    view_close(s, c);
    return code;
}

static enum err_code scan(struct store *s, struct window *w, int64_t to_us, store_readings_fn *each,
                          void *arg, struct err *err)
{
    int64_t width_us = US_PER_MINUTE;
    while (w->from_us < to_us) {
        int64_t next_us = TIME_NONE;
        w->to_us = width_us < to_us - w->from_us ? w->from_us + width_us : to_us;
        enum err_code code = look(s, w, &next_us, err);
        if (code != ERR_OK)
            return code;
        if (w->count > WINDOW_READINGS && w->to_us - w->from_us > 1) {
            width_us = (w->to_us - w->from_us) / 2;
            continue;
        }
        if (!hand_on(w, each, arg))
            return ERR_OK;
        if (w->count < WINDOW_READINGS / 4 && width_us < TIME_MAX_US / 4)
            width_us *= 2;
        w->from_us = w->to_us;
        if (w->count == 0) {
            if (next_us == TIME_NONE)
                return ERR_OK;
            w->from_us = next_us;
            width_us = US_PER_MINUTE;
        }
    }
    return ERR_OK;
}

enum err_code store_scan(struct store *s, int64_t from_us, int64_t to_us, store_readings_fn *each,
                         void *arg, struct err *err)
{
    struct window w = {.from_us = from_us < TIME_MIN_US ? TIME_MIN_US : from_us};
    enum err_code code = scan(s, &w, to_us > TIME_MAX_US ? TIME_MAX_US + 1 : to_us, each, arg, err);
    buf_free(&w.heads);
    buf_free(&w.head_end);
    buf_free(&w.readings);
    buf_free(&w.runs);
    return code;
}
