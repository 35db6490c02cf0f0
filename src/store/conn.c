// Opens connections with the settings that durability needs, and turns SQLite's errors into ours.
#include "store/conn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/store_private.h"

struct store_test_hooks store_test_hooks;

enum err_code conn_error(struct conn *c, int result, struct err *err)
{
    const char *says = c->db ? sqlite3_errmsg(c->db) : sqlite3_errstr(result);
    int errnum = c->db ? sqlite3_system_errno(c->db) : 0;
    switch (result & 0xff) {
    case SQLITE_FULL:
        return err_set(err, ERR_NO_SPACE, "%s: the disk is full", c->path);
    case SQLITE_NOMEM:
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", c->path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return err_set(err, ERR_CORRUPT,
                       "%s is damaged (%s): put the last good backup in its place with fettle "
                       "restore BACKUP",
                       c->path, says);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, ERR_BUSY, "%s: %s", c->path, says);
    case SQLITE_INTERRUPT:
        return err_set(err, ERR_CANCELLED, "%s: %s", c->path, says);
    case SQLITE_IOERR:
        if (result == SQLITE_IOERR_NOMEM)
            return err_set(err, ERR_NO_MEMORY, "%s: out of memory", c->path);
        // A sync that found no space may have lost what was written before: that is no full disk
        // which one gets over.
        if ((errnum == ENOSPC || errnum == EDQUOT) && result != SQLITE_IOERR_FSYNC)
            return err_set(err, ERR_NO_SPACE, "%s: the disk is full", c->path);
        return err_set(err, ERR_IO, "%s: %s (code %d%s%s)", c->path, says, result,
                       errnum ? ", " : "", errnum ? strerrordesc_np(errnum) : "");
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return err_set(err, ERR_IO, "%s: %s (code %d%s%s)", c->path, says, result,
                       errnum ? ", " : "", errnum ? strerrordesc_np(errnum) : "");
    default:
        return err_set(err, ERR_INTERNAL, "%s: %s (code %d)", c->path, says, result);
    }
}

enum err_code conn_exec(struct conn *c, const char *sql, struct err *err)
{
    int result = sqlite3_exec(c->db, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? ERR_OK : conn_error(c, result, err);
}

enum err_code conn_begin(struct conn *c, struct err *err)
{
    struct query q = query_open(c, SQL_BEGIN_WRITE);
    return query_run(&q, err);
}

enum err_code conn_end(struct conn *c, enum err_code code, struct err *err)
{
    if (code == ERR_OK) {
        struct query q = query_open(c, SQL_COMMIT);
        code = query_run(&q, err);
    }
    if (!sqlite3_get_autocommit(c->db))
        conn_exec(c, "ROLLBACK", NULL); // its failure is that of the disk, known already
    return code;
}

static int note_log_pages(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct conn *c = arg;
    (void)db;
    (void)name;
    c->log_pages = pages;
    return SQLITE_OK;
}

static enum err_code set_up(struct conn *c, enum conn_mode mode, struct err *err)
{
    sqlite3_extended_result_codes(c->db, 1);
    sqlite3_busy_timeout(c->db, 5000);
    if (sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK)
        return err_set(err, ERR_INTERNAL, "%s: SQLite refuses its defensive mode", c->path);
    enum err_code code =
        conn_exec(c,
                  "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; "
                  "PRAGMA mmap_size = 0; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;",
                  err);
    if (code == ERR_OK && mode == CONN_READ)
        return conn_exec(c, "PRAGMA query_only = ON; PRAGMA cache_size = -1024;", err);
    if (code != ERR_OK || mode == CONN_COPY)
        return code;
    // auto_vacuum counts only before the first table; zeros over deleted rows would only wear
    // disks.
    code = conn_exec(c,
                     "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; "
                     "PRAGMA secure_delete = OFF; PRAGMA cache_size = -4096; "
                     "PRAGMA journal_size_limit = 16777216;",
                     err);
    char sync[64];
    const char *synchronous = store_test_hooks.synchronous;
    snprintf(sync, sizeof sync, "PRAGMA synchronous = %s;", synchronous ? synchronous : "FULL");
    if (code == ERR_OK)
        code = conn_exec(c, sync, err);
    sqlite3_wal_hook(c->db, note_log_pages, c); // in place of automatic checkpoints
    return code;
}

enum err_code conn_open(struct conn *c, const char *path, enum conn_mode mode, struct err *err)
{
    *c = (struct conn){.path = path};
    int flags =
        SQLITE_OPEN_NOMUTEX |
        (mode == CONN_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    int result = sqlite3_open_v2(path, &c->db, flags, store_test_hooks.vfs);
    enum err_code code = result == SQLITE_OK ? set_up(c, mode, err) : conn_error(c, result, err);
    if (code != ERR_OK)
        conn_close(c);
    return code;
}

void conn_close(struct conn *c)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(c->statements[i]);
    sqlite3_close(c->db);
    *c = (struct conn){.path = c->path};
}

static int is_over(void *until)
{
    return clock_mono_us() > *(int64_t *)until;
}

enum err_code conn_check(struct conn *c, int64_t limit_us, bool *whole, struct err *err)
{
    int64_t until = clock_mono_us() + limit_us;
    char found[256] = "";
    if (limit_us >= 0)
        sqlite3_progress_handler(c->db, 1000, is_over, &until);
    struct query q =
        query_text(c, limit_us < 0 ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)");
    if (query_row(&q))
        query_copy_text(&q, found, sizeof found);
    enum err_code code = query_end(&q, err);
    sqlite3_progress_handler(c->db, 0, NULL, NULL);
    *whole = code == ERR_OK;
    if (code == ERR_CANCELLED)
        return ERR_OK;
    if (code == ERR_OK && strcmp(found, "ok") != 0)
        return err_set(err, ERR_CORRUPT,
                       "%s is damaged (%s): put the last good backup in its place with fettle "
                       "restore BACKUP",
                       c->path, found);
    return code;
}
