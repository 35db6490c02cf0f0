// Binds, steps and reads statements with the first failure kept.
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "store/conn.h"

static const char *const texts[] = {
#define X(NAME, sql) sql,
    STATEMENTS(X)
#undef X
};

struct query query_open(struct conn *c, enum statement which)
{
    struct query q = {.c = c};
    if (!c->statements[which])
        q.result = sqlite3_prepare_v3(c->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                                      &c->statements[which], NULL);
    q.statement = c->statements[which];
    return q;
}

struct query query_text(struct conn *c, const char *sql)
{
    struct query q = {.c = c, .owned = true};
    q.result = sqlite3_prepare_v2(c->db, sql, -1, &q.statement, NULL);
    return q;
}

static void keep(struct query *q, int result)
{
    if (q->result == SQLITE_OK)
        q->result = result;
}

void query_bind_int(struct query *q, int64_t v)
{
    keep(q, sqlite3_bind_int64(q->statement, ++q->bound, v));
}

void query_bind_time(struct query *q, int64_t time_us)
{
    if (time_us == TIME_NONE)
        keep(q, sqlite3_bind_null(q->statement, ++q->bound));
    else
        query_bind_int(q, time_us);
}

void query_bind_real(struct query *q, double v)
{
    keep(q, sqlite3_bind_double(q->statement, ++q->bound, v));
}

void query_bind_text(struct query *q, const char *z)
{
    keep(q, sqlite3_bind_text(q->statement, ++q->bound, z, -1, SQLITE_STATIC));
}

void query_bind_blob(struct query *q, struct str bytes)
{
    keep(q, sqlite3_bind_blob64(q->statement, ++q->bound, bytes.p, bytes.n, SQLITE_STATIC));
}

bool query_row(struct query *q)
{
    if (q->result != SQLITE_OK)
        return false;
    q->column = 0;
    int result = sqlite3_step(q->statement);
    if (result == SQLITE_ROW)
        return true;
    if (result != SQLITE_DONE)
        q->result = result;
    return false;
}

int64_t query_int(struct query *q)
{
    return sqlite3_column_int64(q->statement, q->column++);
}

int64_t query_time(struct query *q)
{
    bool none = sqlite3_column_type(q->statement, q->column) == SQLITE_NULL;
    int64_t time_us = query_int(q);
    return none ? TIME_NONE : time_us;
}

double query_real(struct query *q)
{
    if (sqlite3_column_type(q->statement, q->column) == SQLITE_NULL) {
        q->column++;
        return (double)NAN;
    }
    return sqlite3_column_double(q->statement, q->column++);
}

struct str query_blob(struct query *q)
{
    const void *p = sqlite3_column_blob(q->statement, q->column);
    int n = sqlite3_column_bytes(q->statement, q->column++);
    if (!p && sqlite3_errcode(q->c->db) == SQLITE_NOMEM)
        keep(q, SQLITE_NOMEM);
    return (struct str){p ? p : "", (size_t)n};
}

void query_copy_text(struct query *q, char *out, size_t cap)
{
    struct str s = query_blob(q);
    str_copy(out, cap, s);
}

enum err_code query_end(struct query *q, struct err *err)
{
    int result = q->result;
    enum err_code code = result == SQLITE_OK ? ERR_OK : conn_error(q->c, result, err);
    // What these return is the failure of the last step again.
    if (q->owned) {
        sqlite3_finalize(q->statement);
    } else if (q->statement) {
        sqlite3_reset(q->statement);
        sqlite3_clear_bindings(q->statement);
    }
    q->statement = NULL;
    return code;
}

enum err_code query_run(struct query *q, struct err *err)
{
    query_row(q);
    return query_end(q, err);
}
