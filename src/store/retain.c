// Retention: what has grown old, or too much, goes in small steps between commits.
#include "store/store_private.h"

#include "base/log.h"

enum {
    CHUNKS_PER_STEP = 128,
    ROWS_PER_STEP = 500,
    ROLLUPS_PER_STEP = 4000,
    SENSORS_PER_STEP = 200,
    FREE_PAGES_KEPT = 4096, // for the journal, which comes and goes
    VACUUM_PAGES = 512,
};

// What a step of a stage says: more of it is to be done, or the next stage is due.
struct progress {
    bool more;
    enum err_code code;
};

static struct progress stage_over(enum err_code code)
{
    return (struct progress){false, code};
}

// ---- readings ----

// Readings still in heads are sealed first, by the commits between the steps.
static struct progress seal_old_heads(struct store *s, struct retain_run *r, struct err *err)
{
    int64_t cut = r->now_us - r->keep.readings_us;
    if (r->keep.readings_us == 0)
        return stage_over(ERR_OK);
    if (atomic_load(&s->disk_full))
        return stage_over(err_set(err, ERR_NO_SPACE, "%s: the disk is full", s->path));
    bool any = false;
    for (uint32_t i = 0; i < s->table.count; i++) {
        const struct series *se = series_at(&s->table, i);
        if (se->count == 0 || item_time(&se->items[0]) >= cut)
            continue;
        any = true;
        enum err_code code = seal_list(s, i, err);
        if (code != ERR_OK)
            return stage_over(code);
    }
    return (struct progress){any, ERR_OK};
}

struct old_chunk {
    int64_t id, last_us;
    uint32_t sensor, count;
};

static enum err_code find_old(struct store *s, int64_t cut, struct old_chunk *out, size_t *n,
                              struct err *err)
{
    struct query q = query_open(&s->writer, SQL_CHUNK_OLDER);
    query_bind_int(&q, cut);
    query_bind_int(&q, CHUNKS_PER_STEP);
    *n = 0;
    while (*n < CHUNKS_PER_STEP && query_row(&q)) {
        struct old_chunk *o = &out[(*n)++];
        o->id = query_int(&q);
        o->sensor = (uint32_t)query_int(&q);
        o->last_us = query_int(&q);
        o->count = (uint32_t)query_int(&q);
    }
    return query_end(&q, err);
}

static enum err_code delete_chunks(struct store *s, const struct old_chunk *old, size_t n,
                                   uint64_t left, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; code == ERR_OK && i < n; i++) {
        struct query q = query_open(&s->writer, SQL_CHUNK_DELETE);
        query_bind_int(&q, old[i].id);
        code = query_run(&q, err);
    }
    if (code != ERR_OK)
        return code;
    struct query q = query_open(&s->writer, SQL_TALLY_RETIRED);
    query_bind_int(&q, (int64_t)left);
    return query_run(&q, err);
}

// A sensor whose last chunk went has no newest reading any more.
static void forget_chunks(struct store *s, const struct old_chunk *old, size_t n, uint64_t left)
{
    pthread_rwlock_wrlock(&s->table.lock);
    for (size_t i = 0; i < n; i++) {
        struct series *se = series_at(&s->table, old[i].sensor);
        if (se->sealed_to != old[i].last_us)
            continue;
        se->sealed_to = TIME_NONE;
        if (se->count == 0)
            se->latest.key = ITEM_NONE;
    }
    s->table.sealed_readings = left;
    pthread_rwlock_unlock(&s->table.lock);
}

// Deletes the oldest chunks among those wholly before `cut`.
static struct progress retire_chunks(struct store *s, int64_t cut, struct err *err)
{
    struct old_chunk old[CHUNKS_PER_STEP];
    size_t n;
    enum err_code code = find_old(s, cut, old, &n, err);
    if (code != ERR_OK || n == 0)
        return stage_over(code);
    uint64_t left = s->table.sealed_readings;
    for (size_t i = 0; i < n; i++)
        left -= old[i].count;
    code = conn_begin(&s->writer, err);
    if (code == ERR_OK)
        code = conn_end(&s->writer, delete_chunks(s, old, n, left, err), err);
    if (code == ERR_OK)
        forget_chunks(s, old, n, left);
    return (struct progress){true, code};
}

static struct progress retire_readings(struct store *s, struct retain_run *r, struct err *err)
{
    if (r->keep.readings_us == 0)
        return stage_over(ERR_OK);
    return retire_chunks(s, r->now_us - r->keep.readings_us, err);
}

static enum err_code pragma(struct store *s, const char *sql, int64_t *out, struct err *err)
{
    struct query q = query_text(&s->writer, sql);
    *out = query_row(&q) ? query_int(&q) : 0;
    return query_end(&q, err);
}

static enum err_code count_pages(struct store *s, int64_t *pages, int64_t *unused, struct err *err)
{
    enum err_code code = pragma(s, "PRAGMA page_count", pages, err);
    return code == ERR_OK ? pragma(s, "PRAGMA freelist_count", unused, err) : code;
}

static struct progress retire_by_size(struct store *s, struct retain_run *r, struct err *err)
{
    int64_t pages, unused, page_bytes, journal = 0;
    if (r->keep.bytes == 0)
        return stage_over(ERR_OK);
    enum err_code code = count_pages(s, &pages, &unused, err);
    if (code == ERR_OK)
        code = pragma(s, "PRAGMA page_size", &page_bytes, err);
    // The journal goes by itself once its readings are sealed: no chunk must go in its place.
    if (code == ERR_OK)
        code = pragma(s, "SELECT coalesce(sum(length(readings)), 0) FROM journal", &journal, err);
    if (code != ERR_OK || (pages - unused) * page_bytes - journal <= r->keep.bytes)
        return stage_over(code);
    return retire_chunks(s, INT64_MAX, err);
}

// ---- everything else ----

static enum err_code run_retire(struct store *s, enum statement which, int64_t a, int64_t b,
                                struct err *err)
{
    struct query q = query_open(&s->writer, which);
    query_bind_int(&q, a);
    query_bind_int(&q, b);
    if (which == SQL_MINUTE_RETIRE || which == SQL_HOUR_RETIRE)
        query_bind_int(&q, ROLLUPS_PER_STEP);
    return query_run(&q, err);
}

static struct progress retire_rows(struct store *s, enum statement which, int64_t now_us,
                                   int64_t age_us, struct err *err)
{
    if (age_us == 0)
        return stage_over(ERR_OK);
    enum err_code code = run_retire(s, which, now_us - age_us, ROWS_PER_STEP, err);
    return (struct progress){sqlite3_changes(s->writer.db) >= ROWS_PER_STEP, code};
}

static enum err_code retire_sensors(struct store *s, struct retain_run *r, enum statement which,
                                    int64_t cut, struct err *err)
{
    enum err_code code = ERR_OK;
    int deleted = 0;
    for (int i = 0; code == ERR_OK && i < SENSORS_PER_STEP && r->sensor < s->table.count &&
                    deleted < ROLLUPS_PER_STEP;
         i++) {
        code = run_retire(s, which, r->sensor, cut, err);
        int changes = sqlite3_changes(s->writer.db);
        deleted += changes;
        if (changes < ROLLUPS_PER_STEP)
            r->sensor++;
    }
    return code;
}

static struct progress retire_rollups(struct store *s, struct retain_run *r, enum statement which,
                                      int64_t age_us, struct err *err)
{
    if (age_us == 0)
        return stage_over(ERR_OK);
    int64_t cut = r->now_us - age_us;
    enum err_code code = conn_begin(&s->writer, err);
    if (code == ERR_OK)
        code = conn_end(&s->writer, retire_sensors(s, r, which, cut, err), err);
    bool more = r->sensor < s->table.count;
    if (!more)
        r->sensor = 0;
    return (struct progress){more, code};
}

static struct progress retire_minutes(struct store *s, struct retain_run *r, struct err *err)
{
    return retire_rollups(s, r, SQL_MINUTE_RETIRE, r->keep.minutes_us, err);
}

static struct progress retire_hours(struct store *s, struct retain_run *r, struct err *err)
{
    return retire_rollups(s, r, SQL_HOUR_RETIRE, r->keep.hours_us, err);
}

static struct progress retire_anomalies(struct store *s, struct retain_run *r, struct err *err)
{
    return retire_rows(s, SQL_ANOMALY_RETIRE, r->now_us, r->keep.anomalies_us, err);
}

static struct progress retire_incidents(struct store *s, struct retain_run *r, struct err *err)
{
    return retire_rows(s, SQL_INCIDENT_RETIRE, r->now_us, r->keep.incidents_us, err);
}

static struct progress retire_summaries(struct store *s, struct retain_run *r, struct err *err)
{
    return retire_rows(s, SQL_SUMMARY_RETIRE, r->now_us, r->keep.summaries_us, err);
}

static struct progress give_pages_back(struct store *s, struct retain_run *r, struct err *err)
{
    (void)r;
    int64_t pages, unused;
    enum err_code code = count_pages(s, &pages, &unused, err);
    if (code != ERR_OK || unused <= FREE_PAGES_KEPT || unused <= pages / 8)
        return stage_over(code);
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%d)", VACUUM_PAGES);
    return (struct progress){true, conn_exec(&s->writer, sql, err)};
}

typedef struct progress stage_fn(struct store *s, struct retain_run *r, struct err *err);

static stage_fn *const stages[] = {seal_old_heads,   retire_readings,  retire_by_size,
                                   retire_minutes,   retire_hours,     retire_anomalies,
                                   retire_incidents, retire_summaries, give_pages_back};

// ---- the run ----

void retain_begin(struct store *s, int64_t now_us)
{
    pthread_mutex_lock(&s->lock);
    s->retain = (struct retain_run){.under_way = true,
                                    .asked = s->retain_wanted != s->retain_done,
                                    .now_us = now_us,
                                    .keep = s->retention};
    pthread_mutex_unlock(&s->lock);
}

static void end(struct store *s, enum err_code code, const struct err *err)
{
    s->retain.under_way = false;
    if (code != ERR_OK && !s->retain.asked)
        log_warn("store", "retention: %s", err->text);
    if (!s->retain.asked)
        return;
    pthread_mutex_lock(&s->lock);
    s->retain_done = s->retain_wanted;
    s->retain_code = code;
    if (code != ERR_OK)
        s->retain_err = *err;
    pthread_cond_broadcast(&s->progress);
    pthread_mutex_unlock(&s->lock);
}

void retain_step(struct store *s)
{
    struct retain_run *r = &s->retain;
    struct err err = {0};
    if (!r->under_way)
        return;
    struct progress p = stage_over(store_is_read_only(s, &err));
    if (p.code == ERR_OK)
        p = stages[r->stage](s, r, &err);
    if (p.code == ERR_OK && !p.more)
        r->stage++;
    if (p.code == ERR_IO)
        store_note_failure(s, p.code);
    if (p.code != ERR_OK || r->stage == sizeof stages / sizeof *stages)
        end(s, p.code, &err);
}

void retain_cancel(struct store *s)
{
    struct err err = {0};
    if (s->retain.under_way || s->retain_wanted != s->retain_done) {
        s->retain.asked = true;
        end(s, err_set(&err, ERR_CANCELLED, "the store is closing"), &err);
    }
}

enum err_code store_retain(struct store *s, int64_t now_us, struct err *err)
{
    pthread_mutex_lock(&s->lock);
    enum err_code code = ERR_OK;
    while (s->retain_wanted != s->retain_done && !s->stopping)
        pthread_cond_wait(&s->progress, &s->lock); // another caller's run
    if (s->stopping) {
        code = err_set(err, ERR_CANCELLED, "the store is closing");
    } else {
        uint64_t mine = ++s->retain_wanted;
        s->retain_now_us = now_us;
        pthread_cond_signal(&s->wake);
        while (s->retain_done < mine)
            pthread_cond_wait(&s->progress, &s->lock);
        code = s->retain_code;
        if (code != ERR_OK && err)
            *err = s->retain_err;
    }
    pthread_mutex_unlock(&s->lock);
    return code;
}
