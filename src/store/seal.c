// Seals heads: writes their readings into chunks, new or there already, and into the roll-ups.
#include <stdlib.h>
#include <string.h>

#include "store/store_private.h"

enum {
    PIECE_MAX = 512, // readings of a chunk when it is written
    SEALS_MIN = 64,  // heads that one commit may seal, at least
    READINGS_PER_SEAL = 64,
};

enum err_code seal_list(struct store *s, uint32_t sensor, struct err *err)
{
    struct series *se = series_at(&s->table, sensor);
    if (se->due || se->count == 0)
        return ERR_OK;
    if (s->due_count == s->due_capacity) {
        size_t capacity = s->due_capacity ? s->due_capacity * 2 : 256;
        uint32_t *due = malloc(capacity * sizeof *due);
        if (!due)
            return err_set(err, ERR_NO_MEMORY, "out of memory for sensors to be sealed");
        for (size_t i = 0; i < s->due_count; i++)
            due[i] = s->due[(s->due_at + i) % s->due_capacity];
        free(s->due);
        s->due = due;
        s->due_at = 0;
        s->due_capacity = capacity;
    }
    s->due[(s->due_at + s->due_count++) % s->due_capacity] = sensor;
    se->due = true;
    return ERR_OK;
}

static enum err_code write_chunk(struct store *s, uint32_t sensor, const struct item *items,
                                 size_t n, struct err *err)
{
    struct buf *blob = &s->group.blob;
    buf_reset(blob);
    chunk_pack(items, n, blob);
    blob_close(blob, 0);
    if (blob->failed)
        return err_set(err, ERR_NO_MEMORY, "out of memory for a chunk");
    struct query q = query_open(&s->writer, SQL_CHUNK_ADD);
    query_bind_int(&q, sensor);
    query_bind_int(&q, item_time(&items[0]));
    query_bind_int(&q, item_time(&items[n - 1]));
    query_bind_int(&q, (int64_t)n);
    query_bind_blob(&q, buf_str(blob));
    return query_run(&q, err);
}

// In as few chunks of about the same size as there can be.
static enum err_code write_pieces(struct store *s, uint32_t sensor, const struct item *items,
                                  size_t n, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t pieces = (n + PIECE_MAX - 1) / PIECE_MAX; code == ERR_OK && pieces; pieces--) {
        size_t part = n / pieces;
        code = write_chunk(s, sensor, items, part, err);
        items += part;
        n -= part;
    }
    return code;
}

static void merge(const struct item *a, size_t an, const struct item *b, size_t bn,
                  struct item *out)
{
    while (an && bn) {
        if (a->key < b->key)
            *out++ = *a++, an--;
        else
            *out++ = *b++, bn--;
    }
    memcpy(out, a, an * sizeof *a);
    memcpy(out + an, b, bn * sizeof *b);
}

static enum err_code merge_into(struct store *s, uint32_t sensor, const struct chunk_place *chunk,
                                const struct item *items, size_t n, struct err *err)
{
    struct item old[CHUNK_MAX];
    size_t old_count;
    enum err_code code = chunk_read(&s->writer, chunk->id, old, &old_count, err);
    if (code != ERR_OK)
        return code;
    struct item *both = malloc((old_count + n) * sizeof *both);
    if (!both)
        return err_set(err, ERR_NO_MEMORY, "out of memory for a chunk");
    merge(old, old_count, items, n, both);
    struct query q = query_open(&s->writer, SQL_CHUNK_DELETE);
    query_bind_int(&q, chunk->id);
    code = query_run(&q, err);
    if (code == ERR_OK)
        code = write_pieces(s, sensor, both, old_count + n, err);
    free(both);
    return code;
}

// Writes the items up to the chunk that begins after them: into the chunk before when they belong
// within it or it has room, else into chunks of their own. `*done` is how many these were.
static enum err_code write_some(struct store *s, uint32_t sensor, const struct item *items,
                                size_t n, size_t *done, struct err *err)
{
    struct chunk_place before, after;
    bool before_found, after_found;
    int64_t time_us = item_time(&items[0]);
    enum err_code code =
        chunk_find(&s->writer, SQL_CHUNK_AT, sensor, time_us, &before, &before_found, err);
    if (code == ERR_OK)
        code = chunk_find(&s->writer, SQL_CHUNK_AFTER, sensor, time_us, &after, &after_found, err);
    if (code != ERR_OK)
        return code;
    *done = after_found ? item_lower_bound(items, n, after.first_us) : n;
    if (before_found && (time_us <= before.last_us || before.count + *done <= PIECE_MAX))
        return merge_into(s, sensor, &before, items, *done, err);
    return write_pieces(s, sensor, items, *done, err);
}

static enum err_code write_head(struct store *s, uint32_t sensor, const struct series *se,
                                struct err *err)
{
    bool newest = se->sealed_to == TIME_NONE || item_time(&se->items[0]) > se->sealed_to;
    if (newest && se->count >= series_seal_at(&s->table) / 2)
        return write_pieces(s, sensor, se->items, se->count, err);
    enum err_code code = ERR_OK;
    for (size_t at = 0, done; code == ERR_OK && at < se->count; at += done)
        code = write_some(s, sensor, se->items + at, se->count - at, &done, err);
    return code;
}

static enum err_code seal(struct store *s, struct group *g, uint32_t sensor, struct err *err)
{
    struct series *se = series_at(&s->table, sensor);
    if (g->sealed_count == g->sealed_capacity) {
        size_t capacity = g->sealed_capacity ? g->sealed_capacity * 2 : 256;
        uint32_t *sealed = realloc(g->sealed, capacity * sizeof *sealed);
        if (!sealed)
            return err_set(err, ERR_NO_MEMORY, "out of memory for sealed sensors");
        g->sealed = sealed;
        g->sealed_capacity = capacity;
    }
    g->sealed[g->sealed_count++] = sensor;
    se->sealing = true;
    enum err_code code = write_head(s, sensor, se, err);
    if (code == ERR_OK)
        code = rollup_add(&s->writer, sensor, se->items, se->count, err);
    if (code != ERR_OK)
        return code;
    struct query q = query_open(&s->writer, SQL_SENSOR_SEALED);
    query_bind_int(&q, s->journal_next - 1);
    query_bind_int(&q, sensor);
    return query_run(&q, err);
}

static enum err_code write_tally(struct store *s, const struct group *g, struct err *err)
{
    uint64_t readings = s->table.sealed_readings;
    for (size_t i = 0; i < g->sealed_count; i++)
        readings += series_at(&s->table, g->sealed[i])->count;
    struct query q = query_open(&s->writer, SQL_TALLY_SEALED);
    query_bind_int(&q, (int64_t)s->table.seal_sequence + 1);
    query_bind_int(&q, (int64_t)readings);
    return query_run(&q, err);
}

enum err_code group_seal(struct store *s, struct group *g, struct err *err)
{
    size_t most = g->reading_count / READINGS_PER_SEAL;
    if (most < SEALS_MIN)
        most = SEALS_MIN;
    if (most > s->due_count)
        most = s->due_count;
    enum err_code code = ERR_OK;
    for (size_t i = 0; code == ERR_OK && i < most; i++)
        code = seal(s, g, s->due[(s->due_at + i) % s->due_capacity], err);
    if (code == ERR_OK && g->sealed_count)
        code = write_tally(s, g, err);
    return code;
}
