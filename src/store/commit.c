// One transaction: a group of batches is written, committed, and then shown to those who read.
#include <stdlib.h>

#include "base/log.h"
#include "store/store_private.h"

enum {
    KEPT_READINGS = 32768,   // room that a group keeps from commit to commit
    EPOCH_READINGS = 65536,  // an epoch is this many readings...
    EPOCHS_MAX = 64,         // heads older than so many epochs are due
    CHECKPOINT_PAGES = 1000, // of the log, 4 MiB
};

static const int64_t epoch_us = 30 * US_PER_SECOND; // ...or this long

void store_note_failure(struct store *s, enum err_code code)
{
    atomic_store(&s->disk_full, code == ERR_NO_SPACE);
    if (code == ERR_IO && !atomic_exchange(&s->read_only, true))
        log_error("store", "the disk failed: nothing more is stored until the program is started "
                           "anew");
}

enum err_code store_is_read_only(struct store *s, struct err *err)
{
    if (!atomic_load(&s->read_only))
        return ERR_OK;
    return err_set(err, ERR_IO,
                   "%s: the disk failed before; the store is read-only until it is opened anew",
                   s->path);
}

// Whether the group itself brings the incident, in one of the members up to `last`.
static bool brings_incident(const struct group *g, size_t last, uint64_t id)
{
    for (size_t m = 0; m <= last; m++) {
        const struct store_batch *batch = g->members[m].batch;
        for (size_t i = 0; g->members[m].unknown_incident == 0 && i < batch->incident_count; i++)
            if (batch->incidents[i].id == id)
                return true;
    }
    return false;
}

// An edit of an incident that is not there makes its batch fail, and no other.
static enum err_code check_edits(struct store *s, struct group *g, struct err *err)
{
    for (size_t m = 0; m < g->member_count; m++) {
        const struct store_batch *batch = g->members[m].batch;
        uint64_t unknown = 0;
        for (size_t i = 0; i < batch->edit_count && !unknown; i++) {
            uint64_t id = batch->edits[i].id;
            bool exists = brings_incident(g, m, id);
            enum err_code code = exists ? ERR_OK : incident_exists(&s->writer, id, &exists, err);
            if (code != ERR_OK)
                return code;
            unknown = exists ? 0 : id;
        }
        g->members[m].unknown_incident = unknown;
    }
    return ERR_OK;
}

static void grow_older(struct store *s, const struct group *g)
{
    int64_t now = clock_mono_us();
    s->epoch_readings += g->reading_count;
    uint64_t most = (uint64_t)s->table.count * 4;
    if (s->epoch_readings < (most > EPOCH_READINGS ? most : EPOCH_READINGS) &&
        now - s->epoch_at_us < epoch_us)
        return;
    s->epoch++;
    s->epoch_readings = 0;
    s->epoch_at_us = now;
    for (uint32_t i = 0; i < s->table.count; i++)
        if (s->epoch - series_at(&s->table, i)->born_epoch > EPOCHS_MAX)
            seal_list(s, i, NULL); // out of memory: the next epoch tries again
}

static void show(struct store *s, struct group *g, int64_t journal_next)
{
    struct series_table *t = &s->table;
    int64_t newest = s->newest_us;
    pthread_rwlock_wrlock(&t->lock);
    for (size_t i = 0; i < g->touched_count; i++) {
        struct series *se = series_at(t, g->touched[i]);
        series_apply(t, se, g->items + se->group_at, s->journal_next, s->epoch);
        if (se->latest.key != ITEM_NONE && item_time(&se->latest) > newest)
            newest = item_time(&se->latest);
    }
    for (size_t i = 0; i < g->sealed_count; i++) {
        struct series *se = series_at(t, g->sealed[i]);
        se->due = false;
        series_apply(t, se, NULL, 0, s->epoch);
    }
    if (g->sealed_count)
        t->seal_sequence++;
    pthread_rwlock_unlock(&t->lock);
    atomic_store(&s->newest_us, newest);
    s->due_count -= g->sealed_count;
    s->due_at = s->due_capacity ? (s->due_at + g->sealed_count) % s->due_capacity : 0;
    s->journal_next = journal_next;
    s->saved_sensors = g->sensor_count;
    for (size_t i = 0; i < g->touched_count; i++) {
        const struct series *se = series_at(t, g->touched[i]);
        if (se->count >= se->seal_at)
            seal_list(s, g->touched[i], NULL); // out of memory: its next reading tries again
    }
    grow_older(s, g);
}

static void forget(struct store *s, struct group *g)
{
    for (size_t i = 0; i < g->touched_count; i++)
        series_forget_group(series_at(&s->table, g->touched[i]));
    for (size_t i = 0; i < g->sealed_count; i++)
        series_forget_group(series_at(&s->table, g->sealed[i]));
}

static void number_readings(struct group *g)
{
    g->reading_count = 0;
    for (size_t m = 0; m < g->member_count; m++) {
        struct member *member = &g->members[m];
        struct store_batch *batch = member->batch;
        member->first_index = g->reading_count;
        if (member->unknown_incident)
            continue;
        g->reading_count += batch->reading_count;
        if (batch->fate)
            memset(batch->fate, FATE_STORED, batch->reading_count);
    }
}

static enum err_code transact(struct store *s, struct group *g, struct err *err)
{
    int64_t start = clock_mono_us(), journal_next = s->journal_next;
    g->sensor_count = (uint32_t)catalog_sensor_count(s->catalog);
    enum err_code code = store_is_read_only(s, err);
    if (code == ERR_OK)
        code = series_table_grow(&s->table, g->sensor_count, err);
    if (code == ERR_OK)
        code = check_edits(s, g, err);
    if (code != ERR_OK)
        return code;
    number_readings(g);
    code = conn_begin(&s->writer, err);
    if (code == ERR_OK)
        code = conn_end(&s->writer, group_write(s, g, &journal_next, err), err);
    store_note_failure(s, code);
    if (code != ERR_OK) {
        forget(s, g);
        return code;
    }
    show(s, g, journal_next);
    uint64_t took = (uint64_t)(clock_mono_us() - start);
    atomic_fetch_add(&s->commits, 1);
    atomic_fetch_add(&s->commit_us_total, took);
    if (took > atomic_load(&s->commit_us_max))
        atomic_store(&s->commit_us_max, took);
    return ERR_OK;
}

// A log that began anew is due at its usual size, one that could not after as much more again.
static void checkpoint(struct store *s)
{
    int pages = s->writer.log_pages, log, copied;
    if (pages < s->log_pages || s->checkpoint_at == 0)
        s->checkpoint_at = store_test_hooks.hasty ? 1 : CHECKPOINT_PAGES;
    s->log_pages = pages;
    if (pages < s->checkpoint_at || atomic_load(&s->read_only))
        return;
    s->checkpoint_at = pages + CHECKPOINT_PAGES;
    int result =
        sqlite3_wal_checkpoint_v2(s->writer.db, NULL, SQLITE_CHECKPOINT_PASSIVE, &log, &copied);
    struct err err;
    if (result == SQLITE_OK || result == SQLITE_BUSY)
        return;
    enum err_code code = conn_error(&s->writer, result, &err);
    log_warn("store", "checkpoint: %s", err.text);
    if (code == ERR_IO)
        store_note_failure(s, code);
}

// There is room in the queue again before anyone hears of it.
static void answer(struct store *s, struct group *g, enum err_code code, const struct err *err)
{
    pthread_mutex_lock(&s->lock);
    s->queued_readings -= g->queued_readings;
    pthread_mutex_unlock(&s->lock);
    for (size_t m = 0; m < g->member_count; m++) {
        struct store_batch *batch = g->members[m].batch;
        struct err own;
        if (code == ERR_OK && g->members[m].unknown_incident) {
            err_set(&own, ERR_NOT_FOUND, "there is no incident %llu",
                    (unsigned long long)g->members[m].unknown_incident);
            batch->done(batch, ERR_NOT_FOUND, &own);
            continue;
        }
        if (code != ERR_OK)
            batch->duplicates = 0;
        batch->stored = code == ERR_OK ? batch->reading_count - batch->duplicates : 0;
        batch->done(batch, code, err);
    }
    pthread_mutex_lock(&s->lock);
    for (struct state_put *p = g->puts, *next; p; p = next) {
        next = p->next;
        p->code = code;
        if (code != ERR_OK)
            p->err = *err;
        p->over = true;
    }
    pthread_cond_broadcast(&s->progress);
    pthread_mutex_unlock(&s->lock);
}

static void empty(struct group *g)
{
    g->member_count = g->touched_count = g->sealed_count = 0;
    g->reading_count = g->queued_readings = 0;
    g->puts = NULL;
    if (g->capacity > KEPT_READINGS) {
        free(g->arrivals);
        free(g->items);
        g->arrivals = NULL;
        g->items = NULL;
        g->capacity = 0;
    }
    if (g->blob.cap > 4 * JOURNAL_ROW_BYTES)
        buf_free(&g->blob);
}

bool group_add(struct group *g, struct store_batch *batch)
{
    if (g->member_count == g->member_capacity) {
        size_t capacity = g->member_capacity ? g->member_capacity * 2 : 64;
        struct member *members = realloc(g->members, capacity * sizeof *members);
        if (!members)
            return false;
        g->members = members;
        g->member_capacity = capacity;
    }
    batch->stored = batch->duplicates = 0;
    g->queued_readings += batch->reading_count;
    g->members[g->member_count++] = (struct member){.batch = batch};
    return true;
}

// A group of nothing but barriers needs no transaction.
static bool has_work(const struct store *s, const struct group *g)
{
    bool work = g->puts || s->due_count;
    for (size_t m = 0; m < g->member_count && !work; m++) {
        const struct store_batch *b = g->members[m].batch;
        work = b->reading_count || b->anomaly_count || b->incident_count || b->edit_count ||
               b->summary_count || b->diagnosis_count;
    }
    return work;
}

void group_commit(struct store *s, struct group *g)
{
    bool work = has_work(s, g);
    if (!work && g->member_count == 0)
        return;
    struct err err = {0};
    enum err_code code = work ? transact(s, g, &err) : store_is_read_only(s, &err);
    answer(s, g, code, &err);
    empty(g);
    s->committed_at_us = clock_mono_us();
    checkpoint(s);
}

void group_free(struct group *g)
{
    free(g->members);
    free(g->arrivals);
    free(g->items);
    free(g->touched);
    free(g->sealed);
    buf_free(&g->blob);
    *g = (struct group){0};
}
