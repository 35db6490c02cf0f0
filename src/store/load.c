// What opening finds: sensors, what is sealed of each, and the journal, which fills the heads
// again.
#include <stdlib.h>
#include <string.h>

#include "store/journal.h"
#include "store/store_private.h"

static enum err_code damaged(const struct store *s, const char *what, int64_t id, struct err *err)
{
    return err_set(err, ERR_CORRUPT,
                   "%s is damaged (%s %lld): put the last good backup in its place with fettle "
                   "restore BACKUP",
                   s->path, what, (long long)id);
}

static enum err_code load_tally(struct store *s, struct err *err)
{
    struct query q = query_open(&s->writer, SQL_TALLY_GET);
    bool found = query_row(&q);
    if (found) {
        s->table.seal_sequence = (uint64_t)query_int(&q);
        s->table.sealed_readings = (uint64_t)query_int(&q);
    }
    enum err_code code = query_end(&q, err);
    return code == ERR_OK && !found ? damaged(s, "tally of version", 1, err) : code;
}

// `sealed_journal` gets one entry a sensor: rows of the journal that hold nothing unsealed of it.
static enum err_code load_sensors(struct store *s, struct buf *sealed_journal, struct err *err)
{
    enum err_code code = ERR_OK;
    struct query q = query_open(&s->writer, SQL_SENSOR_ALL);
    while (code == ERR_OK && query_row(&q)) {
        int64_t id = query_int(&q);
        struct str asset = query_blob(&q), parameter = query_blob(&q), unit = query_blob(&q);
        int64_t sealed = query_int(&q);
        uint32_t at;
        code = catalog_intern(s->catalog, asset, parameter, unit, &at, err);
        if (code == ERR_OK && at != id)
            code = damaged(s, "sensor", id, err);
        else if (code == ERR_INPUT)
            code = damaged(s, "name of sensor", id, err);
        buf_add(sealed_journal, &sealed, sizeof sealed);
        s->saved_sensors++;
    }
    enum err_code ended = query_end(&q, err);
    if (code == ERR_OK)
        code = ended;
    if (code == ERR_OK && sealed_journal->failed)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for sensors");
    return code == ERR_OK ? series_table_grow(&s->table, s->saved_sensors, err) : code;
}

static enum err_code load_sealed_to(struct store *s, struct err *err)
{
    enum err_code code = ERR_OK;
    for (uint32_t i = 0; code == ERR_OK && i < s->saved_sensors; i++) {
        struct query q = query_open(&s->writer, SQL_CHUNK_SENSOR_LAST);
        query_bind_int(&q, i);
        if (query_row(&q)) {
            query_int(&q);
            series_at(&s->table, i)->sealed_to = query_int(&q);
        }
        code = query_end(&q, err);
    }
    return code;
}

static enum err_code head_append(struct store *s, struct series *se, int64_t journal,
                                 const struct item *items, size_t n, struct err *err)
{
    if (se->count + n > se->capacity) {
        size_t capacity = se->count + n + (se->count + n) / 4 + 16;
        struct item *grown = realloc(se->items, capacity * sizeof *grown);
        if (!grown)
            return err_set(err, ERR_NO_MEMORY, "out of memory for the journal's readings");
        se->items = grown;
        se->capacity = (uint32_t)capacity;
    }
    if (se->count == 0)
        se->journal_low = journal;
    memcpy(se->items + se->count, items, n * sizeof *items);
    se->count += (uint32_t)n;
    s->table.head_readings += n;
    return ERR_OK;
}

static enum err_code replay_row(struct store *s, int64_t id, struct str bytes,
                                const int64_t *sealed_journal, struct journal_in *in,
                                struct err *err)
{
    if (!blob_check(&bytes))
        return damaged(s, "row of the journal", id, err);
    const uint8_t *p = (const uint8_t *)bytes.p;
    in->bytes = (struct bytes_in){p, p + bytes.n, false};
    in->key = 0;
    in->sensor = 0;
    enum err_code code = ERR_OK;
    while (code == ERR_OK && journal_next(in)) {
        if (in->sensor >= s->saved_sensors)
            return damaged(s, "row of the journal", id, err);
        if (id > sealed_journal[in->sensor])
            code = head_append(s, series_at(&s->table, in->sensor), id, in->items, in->count, err);
    }
    return code == ERR_OK && in->bytes.failed ? damaged(s, "row of the journal", id, err) : code;
}

static enum err_code replay_journal(struct store *s, const int64_t *sealed_journal, struct err *err)
{
    struct journal_in *in = malloc(sizeof *in);
    if (!in)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the journal");
    enum err_code code = ERR_OK;
    struct query q = query_open(&s->writer, SQL_JOURNAL_ALL);
    while (code == ERR_OK && query_row(&q)) {
        int64_t id = query_int(&q);
        code = replay_row(s, id, query_blob(&q), sealed_journal, in, err);
        s->journal_next = id + 1;
    }
    enum err_code ended = query_end(&q, err);
    free(in);
    return code == ERR_OK ? ended : code;
}

// Rows may be gone that were numbered higher than all that are left.
static void number_after_sealed(struct store *s, const int64_t *sealed_journal)
{
    for (uint32_t i = 0; i < s->saved_sensors; i++)
        if (sealed_journal[i] >= s->journal_next)
            s->journal_next = sealed_journal[i] + 1;
}

static int by_key(const void *pa, const void *pb)
{
    const struct item *a = pa, *b = pb;
    return (a->key > b->key) - (a->key < b->key);
}

static void sort_head(struct series *se)
{
    for (uint32_t i = 1; i < se->count; i++) {
        if (se->items[i].key < se->items[i - 1].key) {
            qsort(se->items, se->count, sizeof *se->items, by_key);
            return;
        }
    }
}

static enum err_code load_latest(struct store *s, uint32_t sensor, struct series *se,
                                 struct err *err)
{
    struct item items[CHUNK_MAX];
    size_t n = 0;
    int64_t id = 0;
    struct query q = query_open(&s->writer, SQL_CHUNK_SENSOR_LAST);
    query_bind_int(&q, sensor);
    if (query_row(&q))
        id = query_int(&q);
    enum err_code code = query_end(&q, err);
    if (code == ERR_OK)
        code = chunk_read(&s->writer, id, items, &n, err);
    if (code == ERR_OK)
        se->latest = items[n - 1];
    return code;
}

static enum err_code settle(struct store *s, uint32_t sensor, struct err *err)
{
    struct series *se = series_at(&s->table, sensor);
    sort_head(se);
    enum err_code code = ERR_OK;
    if (se->count)
        se->latest = se->items[se->count - 1];
    if (se->sealed_to != TIME_NONE && (se->count == 0 || item_time(&se->latest) < se->sealed_to))
        code = load_latest(s, sensor, se, err);
    if (code == ERR_OK && se->count >= se->seal_at)
        code = seal_list(s, sensor, err);
    if (se->latest.key != ITEM_NONE && item_time(&se->latest) > s->newest_us)
        s->newest_us = item_time(&se->latest);
    return code;
}

enum err_code store_load(struct store *s, struct err *err)
{
    struct buf sealed_journal = {0};
    s->newest_us = TIME_NONE;
    s->journal_next = 1;
    enum err_code code = load_tally(s, err);
    if (code == ERR_OK)
        code = load_sensors(s, &sealed_journal, err);
    const int64_t *sealed = (const int64_t *)(const void *)sealed_journal.p;
    if (code == ERR_OK)
        code = load_sealed_to(s, err);
    if (code == ERR_OK)
        code = replay_journal(s, sealed, err);
    if (code == ERR_OK)
        number_after_sealed(s, sealed);
    for (uint32_t i = 0; code == ERR_OK && i < s->saved_sensors; i++)
        code = settle(s, i, err);
    buf_free(&sealed_journal);
    return code;
}
