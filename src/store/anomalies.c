// Anomalies in the database: one row an episode, updated while it lasts.
#include "store/store_private.h"

enum { LIMIT_MAX = 1000 };

#define COLUMNS                                                                                    \
    "id, incident, sensor, kind, side, severity, detector, start_us, end_us, detected_us, "        \
    "peak_us, peak, limit_value, expected_low, expected_high, score, count, message"

enum err_code anomaly_put(struct conn *c, const struct anomaly *a, struct err *err)
{
    struct query q = query_open(c, SQL_ANOMALY_PUT);
    query_bind_int(&q, (int64_t)a->id);
    query_bind_int(&q, (int64_t)a->incident);
    query_bind_int(&q, a->sensor);
    query_bind_text(&q, anomaly_kind_name(a->kind));
    query_bind_text(&q, side_name(a->side));
    query_bind_text(&q, severity_name(a->severity));
    query_bind_text(&q, a->detector);
    query_bind_int(&q, a->start_us);
    query_bind_time(&q, a->end_us);
    query_bind_time(&q, a->detected_us);
    query_bind_time(&q, a->peak_us);
    query_bind_real(&q, a->peak);
    query_bind_real(&q, a->limit);
    query_bind_real(&q, a->expected_low);
    query_bind_real(&q, a->expected_high);
    query_bind_real(&q, a->score);
    query_bind_int(&q, (int64_t)a->count);
    query_bind_text(&q, a->message);
    return query_run(&q, err);
}

static struct str text_of(struct query *q, char out[PLANT_NAME_BYTES])
{
    query_copy_text(q, out, PLANT_NAME_BYTES);
    return str_of(out);
}

static enum err_code read_row(struct query *q, struct anomaly *a, struct err *err)
{
    char kind[PLANT_NAME_BYTES], side[PLANT_NAME_BYTES], severity[PLANT_NAME_BYTES];
    *a = (struct anomaly){.id = (uint64_t)query_int(q)};
    a->incident = (uint64_t)query_int(q);
    a->sensor = (uint32_t)query_int(q);
    bool known = anomaly_kind_from_name(text_of(q, kind), &a->kind);
    known &= side_from_name(text_of(q, side), &a->side);
    known &= severity_from_name(text_of(q, severity), &a->severity);
    query_copy_text(q, a->detector, sizeof a->detector);
    a->start_us = query_int(q);
    a->end_us = query_time(q);
    a->detected_us = query_time(q);
    a->peak_us = query_time(q);
    a->peak = query_real(q);
    a->limit = query_real(q);
    a->expected_low = query_real(q);
    a->expected_high = query_real(q);
    a->score = query_real(q);
    a->count = (uint64_t)query_int(q);
    query_copy_text(q, a->message, sizeof a->message);
    if (known)
        return ERR_OK;
    return err_set(err, ERR_CORRUPT,
                   "%s: anomaly %llu has an unknown kind, side or severity (%s, "
                   "%s, %s)",
                   q->c->path, (unsigned long long)a->id, kind, side, severity);
}

// What a filter asks for as SQL, with a ? for each value in `values`.
struct condition {
    struct buf sql;
    int64_t values[16];
    size_t count;
};

static void add(struct condition *c, const char *sql, int64_t value)
{
    buf_add_z(&c->sql, c->count ? " AND " : " WHERE ");
    buf_add_z(&c->sql, sql);
    c->values[c->count++] = value;
}

static void add_filter(struct condition *c, const struct anomaly_filter *f)
{
    if (f->to_us != TIME_NONE)
        add(c, "start_us < ?", f->to_us);
    if (f->from_us != TIME_NONE)
        add(c, "coalesce(end_us, 9223372036854775807) >= ?", f->from_us);
    if (f->before_id) {
        add(c, "start_us <= ?", f->before_us);
        add(c, "(start_us < ?", f->before_us);
        buf_add_z(&c->sql, " OR id < ?)");
        c->values[c->count++] = (int64_t)f->before_id;
    }
    if (f->has_sensor)
        add(c, "sensor = ?", f->sensor);
    if (f->has_incident)
        add(c, "incident = ?", (int64_t)f->incident);
    if (f->open_only)
        buf_add_z(&c->sql, c->count ? " AND end_us IS NULL" : " WHERE end_us IS NULL");
}

static enum err_code select_rows(struct conn *c, const struct condition *where, const char *asset,
                                 const char *kind, size_t limit, struct anomaly *out, size_t *count,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    struct query q = query_text(c, where->sql.p);
    for (size_t i = 0; i < where->count; i++)
        query_bind_int(&q, where->values[i]);
    if (asset)
        query_bind_text(&q, asset);
    if (kind)
        query_bind_text(&q, kind);
    query_bind_int(&q, (int64_t)limit);
    while (code == ERR_OK && *count < limit && query_row(&q))
        code = read_row(&q, &out[(*count)++], err);
    enum err_code ended = query_end(&q, err);
    return code == ERR_OK ? ended : code;
}

enum err_code store_anomalies(struct store *s, const struct anomaly_filter *filter,
                              struct anomaly *out, size_t *count, struct err *err)
{
    struct condition where = {0};
    const char *asset = filter->has_asset ? catalog_asset_name(s->catalog, filter->asset) : NULL;
    const char *kind = filter->has_kind ? anomaly_kind_name(filter->kind) : NULL;
    size_t limit = filter->limit < LIMIT_MAX ? filter->limit : LIMIT_MAX;
    *count = 0;
    if (filter->has_asset && !asset)
        return ERR_OK;
    buf_add_z(&where.sql, "SELECT " COLUMNS " FROM anomaly");
    add_filter(&where, filter);
    const char *glue = where.count || filter->open_only ? " AND " : " WHERE ";
    if (asset) {
        buf_printf(&where.sql, "%ssensor IN (SELECT id FROM sensor WHERE asset = ?)", glue);
        glue = " AND ";
    }
    if (kind)
        buf_printf(&where.sql, "%skind = ?", glue);
    buf_add_z(&where.sql, " ORDER BY start_us DESC, id DESC LIMIT ?");
    struct conn *c;
    enum err_code code =
        where.sql.failed ? err_set(err, ERR_NO_MEMORY, "out of memory for a query") : ERR_OK;
    if (code == ERR_OK)
        code = reader_take(s, &c, err);
    if (code == ERR_OK) {
        code = select_rows(c, &where, asset, kind, limit, out, count, err);
        reader_give(s, c);
    }
    buf_free(&where.sql);
    return code;
}

enum err_code store_anomaly(struct store *s, uint64_t id, struct anomaly *out, struct err *err)
{
    struct conn *c;
    enum err_code code = reader_take(s, &c, err);
    if (code != ERR_OK)
        return code;
    struct query q = query_text(c, "SELECT " COLUMNS " FROM anomaly WHERE id = ?");
    query_bind_int(&q, (int64_t)id);
    bool found = query_row(&q);
    if (found)
        code = read_row(&q, out, err);
    enum err_code ended = query_end(&q, err);
    reader_give(s, c);
    if (code == ERR_OK)
        code = ended;
    if (code == ERR_OK && !found)
        code = err_set(err, ERR_NOT_FOUND, "there is no anomaly %llu", (unsigned long long)id);
    return code;
}

enum err_code store_anomaly_count(struct store *s, int64_t since_us, uint64_t *count,
                                  struct err *err)
{
    struct conn *c;
    enum err_code code = reader_take(s, &c, err);
    if (code != ERR_OK)
        return code;
    struct query q = query_open(c, SQL_ANOMALY_COUNT);
    query_bind_int(&q, since_us);
    *count = query_row(&q) ? (uint64_t)query_int(&q) : 0;
    code = query_end(&q, err);
    reader_give(s, c);
    return code;
}
