// What the store knows of itself, and the newest readings.
#include <math.h>
#include <sys/stat.h>

#include "store/store_private.h"

void store_latest(struct store *s, struct reading *out, size_t count)
{
    pthread_rwlock_rdlock(&s->table.lock);
    for (size_t i = 0; i < count; i++) {
        const struct series *se = i < s->table.count ? series_at(&s->table, (uint32_t)i) : NULL;
        out[i] =
            (struct reading){.time_us = TIME_NONE, .value = (double)NAN, .sensor = (uint32_t)i};
        if (!se || se->latest.key == ITEM_NONE)
            continue;
        out[i].time_us = item_time(&se->latest);
        out[i].value = se->latest.value;
        out[i].quality = item_quality(&se->latest);
    }
    pthread_rwlock_unlock(&s->table.lock);
}

int64_t store_last_reading_us(struct store *s)
{
    return s->newest_us;
}

static uint64_t file_bytes(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

// The oldest time in chunks; TIME_NONE when there is none or it cannot be read now.
static int64_t oldest_sealed(struct store *s)
{
    struct conn *c;
    int64_t oldest_us = TIME_NONE;
    if (reader_take(s, &c, NULL) != ERR_OK)
        return oldest_us;
    struct query q = query_open(c, SQL_CHUNK_FIRST);
    if (query_row(&q))
        oldest_us = query_time(&q);
    if (query_end(&q, NULL) != ERR_OK)
        oldest_us = TIME_NONE;
    reader_give(s, c);
    return oldest_us;
}

void store_stats(struct store *s, struct store_stats *out)
{
    char log_path[STORE_PATH_BYTES + 32];
    *out = (struct store_stats){.oldest_us = oldest_sealed(s), .newest_us = s->newest_us};
    pthread_rwlock_rdlock(&s->table.lock);
    out->readings = s->table.sealed_readings + s->table.head_readings;
    for (uint32_t i = 0; i < s->table.count; i++) {
        const struct series *se = series_at(&s->table, i);
        if (se->count && (out->oldest_us == TIME_NONE || item_time(se->items) < out->oldest_us))
            out->oldest_us = item_time(se->items);
    }
    pthread_rwlock_unlock(&s->table.lock);
    snprintf(log_path, sizeof log_path, "%s-wal", s->path);
    out->database_bytes = file_bytes(s->path) + file_bytes(log_path);
    out->commits = s->commits;
    out->commit_us_total = s->commit_us_total;
    out->commit_us_max = s->commit_us_max;
    pthread_mutex_lock(&s->lock);
    out->queued_readings = s->queued_readings;
    pthread_mutex_unlock(&s->lock);
    out->read_only = s->read_only;
    out->disk_full = s->disk_full;
    snprintf(out->engine, sizeof out->engine, "SQLite %s", sqlite3_libversion());
}
