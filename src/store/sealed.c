// Chunks in the database: which one holds a time, and what is in it.
#include "store/store_private.h"

enum err_code chunk_find(struct conn *c, enum statement which, uint32_t sensor, int64_t time_us,
                         struct chunk_place *out, bool *found, struct err *err)
{
    struct query q = query_open(c, which);
    query_bind_int(&q, sensor);
    query_bind_int(&q, time_us);
    *found = query_row(&q);
    if (*found) {
        out->id = query_int(&q);
        out->first_us = query_int(&q);
        out->last_us = query_int(&q);
        out->count = (uint32_t)query_int(&q);
    }
    return query_end(&q, err);
}

static enum err_code damaged(const struct conn *c, int64_t id, struct err *err)
{
    return err_set(err, ERR_CORRUPT,
                   "%s is damaged (chunk %lld): put the last good backup in its place with fettle "
                   "restore BACKUP",
                   c->path, (long long)id);
}

enum err_code chunk_read(struct conn *c, int64_t id, struct item *out, size_t *n, struct err *err)
{
    struct query q = query_open(c, SQL_CHUNK_BYTES);
    query_bind_int(&q, id);
    bool whole = false;
    if (query_row(&q)) {
        struct str bytes = query_blob(&q);
        if (blob_check(&bytes)) {
            const uint8_t *p = (const uint8_t *)bytes.p;
            struct bytes_in in = {p, p + bytes.n, false};
            whole = chunk_unpack(&in, out, n) && in.p == in.end;
        }
    }
    enum err_code code = query_end(&q, err);
    return code == ERR_OK && !whole ? damaged(c, id, err) : code;
}
