// One connection to the database: its settings, its prepared statements, errors in fettle's words.
//
// A connection is used by one thread at a time. The writer's is the only one that writes and
// checkpoints; all others are read-only (SQLite before 3.51.3 can lose commits otherwise).
#ifndef FETTLE_STORE_CONN_H
#define FETTLE_STORE_CONN_H

#include <sqlite3.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "store/statements.h"

enum conn_mode {
    CONN_WRITE, // the writer's: makes the file if need be
    CONN_READ,
    CONN_COPY, // of a backup: writes, without a log of its own
};

struct conn {
    sqlite3 *db;
    const char *path; // not owned
    sqlite3_stmt *statements[STATEMENT_COUNT];
    int log_pages; // of the WAL after the last commit (writer)
};

// `path` must outlive the connection.
enum err_code conn_open(struct conn *c, const char *path, enum conn_mode mode, struct err *err);

// Safe on a zeroed one. The last connection's close checkpoints and removes the log.
void conn_close(struct conn *c);

enum err_code conn_exec(struct conn *c, const char *sql, struct err *err);

// A transaction that writes. conn_end commits when `code` is ERR_OK, and takes everything back when
// it is not or the commit fails; returns what went wrong first.
enum err_code conn_begin(struct conn *c, struct err *err);
enum err_code conn_end(struct conn *c, enum err_code code, struct err *err);

// What an SQLite result means for fettle, with the file's name and a way out in the message.
enum err_code conn_error(struct conn *c, int result, struct err *err);

// Looks at the whole file for damage, for at most `limit_us`; negative: more thoroughly, and as
// long as it takes.
// ERR_CORRUPT names the first damage; ERR_OK with *whole false: none found in that time.
enum err_code conn_check(struct conn *c, int64_t limit_us, bool *whole, struct err *err);

// ---- queries: bind in order, step, read columns in order, end ----
//
// Failures are kept; query_row is false from then on and query_end tells.
struct query {
    struct conn *c;
    sqlite3_stmt *statement;
    bool owned; // to be finalized, not reset
    int result; // SQLite's, SQLITE_OK while all is well
    int bound, column;
};

struct query query_open(struct conn *c, enum statement which);
struct query query_text(struct conn *c, const char *sql); // not kept for the next time

void query_bind_int(struct query *q, int64_t v);
void query_bind_time(struct query *q, int64_t time_us); // TIME_NONE: NULL
void query_bind_real(struct query *q, double v);        // NaN: NULL
void query_bind_text(struct query *q, const char *z);   // must live until query_end, like blobs
void query_bind_blob(struct query *q, struct str bytes);

bool query_row(struct query *q); // true: a row's columns can be read, from the first
int64_t query_int(struct query *q);
int64_t query_time(struct query *q);
double query_real(struct query *q);
void query_copy_text(struct query *q, char *out, size_t cap);
struct str query_blob(struct query *q); // valid until the next step

enum err_code query_end(struct query *q, struct err *err);

// For statements without rows: step and end.
enum err_code query_run(struct query *q, struct err *err);

#endif
