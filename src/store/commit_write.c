// What a transaction writes: sensors, things, values, and the journal of readings.
#include "store/journal.h"
#include "store/store_private.h"

static const int64_t trim_every_us = US_PER_SECOND;

// The numbers of sensors have no holes, so that they come out the same when read back.
static enum err_code write_sensors(struct store *s, uint32_t count, struct err *err)
{
    enum err_code code = ERR_OK;
    for (uint32_t i = s->saved_sensors; code == ERR_OK && i < count; i++) {
        const struct sensor *sensor = catalog_sensor(s->catalog, i);
        struct query q = query_open(&s->writer, SQL_SENSOR_ADD);
        query_bind_int(&q, i);
        query_bind_text(&q, sensor->asset_name);
        query_bind_text(&q, sensor->parameter);
        query_bind_text(&q, sensor->unit);
        code = query_run(&q, err);
    }
    return code;
}

static enum err_code write_things(struct store *s, const struct store_batch *b, struct err *err)
{
    struct conn *c = &s->writer;
    enum err_code code = ERR_OK;
    for (size_t i = 0; code == ERR_OK && i < b->incident_count; i++)
        code = incident_put(c, s->catalog, &b->incidents[i], err);
    for (size_t i = 0; code == ERR_OK && i < b->anomaly_count; i++)
        code = anomaly_put(c, &b->anomalies[i], err);
    for (size_t i = 0; code == ERR_OK && i < b->edit_count; i++)
        code = incident_apply_edit(c, &b->edits[i], err);
    for (size_t i = 0; code == ERR_OK && i < b->summary_count; i++)
        code = summary_put(c, &b->summaries[i], err);
    for (size_t i = 0; code == ERR_OK && i < b->diagnosis_count; i++)
        code = diagnosis_put(c, &b->diagnoses[i], err);
    return code;
}

static enum err_code write_puts(struct store *s, const struct group *g, struct err *err)
{
    enum err_code code = ERR_OK;
    for (const struct state_put *p = g->puts; code == ERR_OK && p; p = p->next) {
        struct query q = query_open(&s->writer, p->value.p ? SQL_STATE_PUT : SQL_STATE_DELETE);
        query_bind_text(&q, p->key);
        if (p->value.p)
            query_bind_blob(&q, p->value);
        code = query_run(&q, err);
    }
    return code;
}

static enum err_code write_journal_row(struct store *s, struct buf *blob, int64_t *id,
                                       struct err *err)
{
    if (blob->n == 0 && !blob->failed)
        return ERR_OK;
    blob_close(blob, 0);
    if (blob->failed)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the journal");
    struct query q = query_open(&s->writer, SQL_JOURNAL_ADD);
    query_bind_int(&q, (*id)++);
    query_bind_blob(&q, buf_str(blob));
    enum err_code code = query_run(&q, err);
    buf_reset(blob);
    return code;
}

static enum err_code write_journal(struct store *s, struct group *g, int64_t *next_id,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    struct journal_out out = {.to = &g->blob};
    buf_reset(&g->blob);
    for (size_t i = 0; code == ERR_OK && i < g->touched_count; i++) {
        const struct series *se = series_at(&s->table, g->touched[i]);
        if (se->group_count)
            journal_add(&out, g->touched[i], g->items + se->group_at, se->group_count);
        if (g->blob.n > JOURNAL_ROW_BYTES || g->blob.failed) {
            code = write_journal_row(s, &g->blob, next_id, err);
            out = (struct journal_out){.to = &g->blob};
        }
    }
    return code == ERR_OK ? write_journal_row(s, &g->blob, next_id, err) : code;
}

// Rows of the journal that hold nothing of any head go, a few at a time.
static enum err_code trim_journal(struct store *s, struct err *err)
{
    int64_t now = clock_mono_us(), low = s->journal_next;
    if (now - s->trimmed_at_us < trim_every_us && !store_test_hooks.hasty)
        return ERR_OK;
    for (uint32_t i = 0; i < s->table.count; i++) {
        const struct series *se = series_at(&s->table, i);
        if (se->count && se->journal_low < low)
            low = se->journal_low;
    }
    struct query q = query_open(&s->writer, SQL_JOURNAL_TRIM);
    query_bind_int(&q, low);
    enum err_code code = query_run(&q, err);
    // Many rows left: go on with the next commit.
    if (code == ERR_OK && sqlite3_changes(s->writer.db) < 200)
        s->trimmed_at_us = now;
    return code;
}

static enum err_code write_readings(struct store *s, struct group *g, int64_t *journal_next,
                                    struct err *err)
{
    enum err_code code = group_admit(s, g, err);
    if (code == ERR_OK)
        code = group_seal(s, g, err);
    for (size_t i = 0; code == ERR_OK && i < g->touched_count; i++)
        code = series_reserve(series_at(&s->table, g->touched[i]), err);
    if (code == ERR_OK)
        code = write_journal(s, g, journal_next, err);
    return code == ERR_OK ? trim_journal(s, err) : code;
}

enum err_code group_write(struct store *s, struct group *g, int64_t *journal_next, struct err *err)
{
    enum err_code code = write_sensors(s, g->sensor_count, err);
    for (size_t m = 0; code == ERR_OK && m < g->member_count; m++)
        if (!g->members[m].unknown_incident)
            code = write_things(s, g->members[m].batch, err);
    if (code == ERR_OK)
        code = write_puts(s, g, err);
    return code == ERR_OK ? write_readings(s, g, journal_next, err) : code;
}
