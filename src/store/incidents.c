// Incidents in the database: what detection says of them, and what people say.
#include "store/store_private.h"

enum { LIMIT_MAX = 1000 };

#define SELECT                                                                                     \
    "SELECT id, asset, state, severity, verdict, active, start_us, last_us, acknowledged_us, "     \
    "resolved_us, anomaly_count, kinds, title, note, cause FROM incident"

enum err_code incident_put(struct conn *c, const struct catalog *catalog, const struct incident *in,
                           struct err *err)
{
    struct query q = query_open(c, SQL_INCIDENT_PUT);
    query_bind_int(&q, (int64_t)in->id);
    query_bind_text(&q, catalog_asset_name(catalog, in->asset));
    query_bind_text(&q, incident_state_name(in->state));
    query_bind_text(&q, severity_name(in->severity));
    query_bind_text(&q, verdict_name(in->verdict));
    query_bind_int(&q, in->active);
    query_bind_int(&q, in->start_us);
    query_bind_int(&q, in->last_us);
    query_bind_time(&q, in->acknowledged_us);
    query_bind_time(&q, in->resolved_us);
    query_bind_int(&q, (int64_t)in->anomaly_count);
    query_bind_int(&q, in->kinds);
    query_bind_text(&q, in->title);
    query_bind_text(&q, in->note);
    query_bind_text(&q, in->cause);
    return query_run(&q, err);
}

enum err_code incident_exists(struct conn *c, uint64_t id, bool *exists, struct err *err)
{
    struct query q = query_open(c, SQL_INCIDENT_EXISTS);
    query_bind_int(&q, (int64_t)id);
    *exists = query_row(&q);
    return query_end(&q, err);
}

static enum err_code set_text(struct conn *c, enum statement which, const char *text, uint64_t id,
                              struct err *err)
{
    struct query q = query_open(c, which);
    query_bind_text(&q, text);
    query_bind_int(&q, (int64_t)id);
    return query_run(&q, err);
}

static enum err_code set_state(struct conn *c, const struct incident_edit *e, struct err *err)
{
    static const enum statement statements[] = {[INCIDENT_OPEN] = SQL_INCIDENT_OPEN,
                                                [INCIDENT_ACKNOWLEDGED] = SQL_INCIDENT_ACKNOWLEDGE,
                                                [INCIDENT_RESOLVED] = SQL_INCIDENT_RESOLVE};
    struct query q = query_open(c, statements[e->state]);
    if (e->state != INCIDENT_OPEN)
        query_bind_int(&q, e->time_us);
    query_bind_int(&q, (int64_t)e->id);
    return query_run(&q, err);
}

enum err_code incident_apply_edit(struct conn *c, const struct incident_edit *e, struct err *err)
{
    enum err_code code = ERR_OK;
    if (e->set_state)
        code = set_state(c, e, err);
    if (code == ERR_OK && e->set_verdict)
        code = set_text(c, SQL_INCIDENT_VERDICT, verdict_name(e->verdict), e->id, err);
    if (code == ERR_OK && e->set_note)
        code = set_text(c, SQL_INCIDENT_NOTE, e->note, e->id, err);
    if (code == ERR_OK && e->set_cause)
        code = set_text(c, SQL_INCIDENT_CAUSE, e->cause, e->id, err);
    return code;
}

static enum err_code read_row(struct query *q, const struct catalog *catalog, struct incident *in,
                              struct err *err)
{
    char asset[PLANT_NAME_BYTES], state[32], severity[32], verdict[32];
    *in = (struct incident){.id = (uint64_t)query_int(q)};
    query_copy_text(q, asset, sizeof asset);
    query_copy_text(q, state, sizeof state);
    query_copy_text(q, severity, sizeof severity);
    query_copy_text(q, verdict, sizeof verdict);
    in->active = query_int(q) != 0;
    in->start_us = query_int(q);
    in->last_us = query_int(q);
    in->acknowledged_us = query_time(q);
    in->resolved_us = query_time(q);
    in->anomaly_count = (uint64_t)query_int(q);
    in->kinds = (uint32_t)query_int(q);
    query_copy_text(q, in->title, sizeof in->title);
    query_copy_text(q, in->note, sizeof in->note);
    query_copy_text(q, in->cause, sizeof in->cause);
    if (catalog_find_asset(catalog, str_of(asset), &in->asset) &&
        incident_state_from_name(str_of(state), &in->state) &&
        severity_from_name(str_of(severity), &in->severity) &&
        verdict_from_name(str_of(verdict), &in->verdict))
        return ERR_OK;
    return err_set(err, ERR_CORRUPT,
                   "%s: incident %llu has an unknown asset, state, severity or verdict (%s, %s, "
                   "%s, %s)",
                   q->c->path, (unsigned long long)in->id, asset, state, severity, verdict);
}

enum err_code store_incidents(struct store *s, const struct incident_filter *filter,
                              struct incident *out, size_t *count, struct err *err)
{
    struct buf sql = {0};
    struct conn *c;
    const char *asset = filter->has_asset ? catalog_asset_name(s->catalog, filter->asset) : NULL;
    size_t limit = filter->limit < LIMIT_MAX ? filter->limit : LIMIT_MAX;
    *count = 0;
    if (filter->has_asset && !asset)
        return ERR_OK;
    buf_add_z(&sql, SELECT " WHERE id < ?");
    if (filter->active_only)
        buf_add_z(&sql, " AND active = 1");
    if (filter->has_state)
        buf_add_z(&sql, " AND state = ?");
    if (asset)
        buf_add_z(&sql, " AND asset = ?");
    buf_add_z(&sql, " ORDER BY id DESC LIMIT ?");
    enum err_code code = sql.failed ? err_set(err, ERR_NO_MEMORY, "out of memory for a query")
                                    : reader_take(s, &c, err);
    if (code == ERR_OK) {
        struct query q = query_text(c, sql.p);
        query_bind_int(&q, filter->before_id ? (int64_t)filter->before_id : INT64_MAX);
        if (filter->has_state)
            query_bind_text(&q, incident_state_name(filter->state));
        if (asset)
            query_bind_text(&q, asset);
        query_bind_int(&q, (int64_t)limit);
        while (code == ERR_OK && *count < limit && query_row(&q))
            code = read_row(&q, s->catalog, &out[(*count)++], err);
        enum err_code ended = query_end(&q, err);
        code = code == ERR_OK ? ended : code;
        reader_give(s, c);
    }
    buf_free(&sql);
    return code;
}

enum err_code store_incident(struct store *s, uint64_t id, struct incident *out, struct err *err)
{
    struct conn *c;
    enum err_code code = reader_take(s, &c, err);
    if (code != ERR_OK)
        return code;
    struct query q = query_text(c, SELECT " WHERE id = ?");
    query_bind_int(&q, (int64_t)id);
    bool found = query_row(&q);
    if (found)
        code = read_row(&q, s->catalog, out, err);
    enum err_code ended = query_end(&q, err);
    reader_give(s, c);
    if (code == ERR_OK)
        code = ended;
    if (code == ERR_OK && !found)
        code = err_set(err, ERR_NOT_FOUND, "there is no incident %llu", (unsigned long long)id);
    return code;
}

enum err_code store_last_incident_id(struct store *s, uint64_t *id, struct err *err)
{
    struct conn *c;
    enum err_code code = reader_take(s, &c, err);
    if (code != ERR_OK)
        return code;
    struct query q = query_open(c, SQL_INCIDENT_LAST);
    *id = query_row(&q) ? (uint64_t)query_int(&q) : 0;
    code = query_end(&q, err);
    reader_give(s, c);
    return code;
}
