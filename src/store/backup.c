// Backup while everything goes on, and putting a backup in the place of a database.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/store_private.h"

enum { PAGES_PER_STEP = 256 };

static enum err_code sync_path(const char *path, int flags, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    if (fd < 0)
        return err_errno(err, errno, "%s", path);
    enum err_code code = fsync(fd) == 0 ? ERR_OK : err_errno(err, errno, "fsync %s", path);
    close(fd);
    return code;
}

static enum err_code sync_folder_of(const char *path, struct err *err)
{
    char dir[STORE_PATH_BYTES + 32];
    str_copy(dir, sizeof dir, str_of(path));
    char *slash = strrchr(dir, '/');
    if (slash)
        slash[slash == dir] = '\0';
    return sync_path(slash ? dir : ".", O_DIRECTORY, err);
}

// An empty file beside `path`, whose name goes to `temp`.
static enum err_code make_temp(const char *path, char *temp, size_t cap, struct err *err)
{
    if (snprintf(temp, cap, "%s.tmp-XXXXXX", path) >= (int)cap)
        return err_set(err, ERR_LIMIT, "%s: path too long", path);
    int fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "cannot make a file beside %s", path);
    close(fd);
    return ERR_OK;
}

static enum err_code begin_reading(struct conn *c, struct err *err)
{
    // A snapshot of its own, so that what is written meanwhile does not make the copy begin again.
    enum err_code code = conn_exec(c, "BEGIN", err);
    return code == ERR_OK ? conn_exec(c, "SELECT count(*) FROM sqlite_schema", err) : code;
}

static enum err_code copy_pages(struct conn *from, struct conn *to, struct err *err)
{
    sqlite3_backup *b = sqlite3_backup_init(to->db, "main", from->db, "main");
    if (!b)
        return conn_error(to, sqlite3_extended_errcode(to->db), err);
    int result;
    do
        result = sqlite3_backup_step(b, PAGES_PER_STEP);
    while (result == SQLITE_OK);
    int finished = sqlite3_backup_finish(b);
    if (result != SQLITE_DONE)
        return conn_error(to, result, err);
    return finished == SQLITE_OK ? ERR_OK : conn_error(to, finished, err);
}

// Copies a database into `temp`, looks through the copy, and makes it durable.
static enum err_code copy_database(struct conn *from, const char *temp, struct err *err)
{
    struct conn to = {0};
    bool whole;
    enum err_code code = conn_open(&to, temp, CONN_COPY, err);
    if (code == ERR_OK)
        code = begin_reading(from, err);
    if (code == ERR_OK)
        code = copy_pages(from, &to, err);
    // Without a log, so that one file is all there is.
    if (code == ERR_OK)
        code = conn_exec(&to, "PRAGMA journal_mode = DELETE", err);
    if (code == ERR_OK)
        code = conn_check(&to, -1, &whole, err);
    conn_close(&to);
    return code == ERR_OK ? sync_path(temp, 0, err) : code;
}

static enum err_code backup_database(const char *database, const char *path, struct err *err)
{
    char temp[STORE_PATH_BYTES];
    struct conn from = {0};
    if (file_exists(path))
        return err_set(err, ERR_CONFLICT, "%s exists already: a backup replaces no file", path);
    enum err_code code = make_temp(path, temp, sizeof temp, err);
    if (code != ERR_OK)
        return code;
    code = conn_open(&from, database, CONN_READ, err);
    if (code == ERR_OK)
        code = copy_database(&from, temp, err);
    conn_close(&from);
    if (code == ERR_OK && link(temp, path) != 0) // never over a file that came meanwhile
        code = err_errno(err, errno, "cannot name the backup %s", path);
    unlink(temp);
    return code == ERR_OK ? sync_folder_of(path, err) : code;
}

enum err_code store_backup(struct store *s, const char *path, struct err *err)
{
    return backup_database(s->path, path, err);
}

enum err_code store_backup_folder(const char *data_dir, const char *path, struct err *err)
{
    char database[STORE_PATH_BYTES + 16];
    if (snprintf(database, sizeof database, "%s/fettle.db", data_dir) >= STORE_PATH_BYTES)
        return err_set(err, ERR_LIMIT, "%s: path too long", data_dir);
    if (!file_exists(database))
        return err_set(err, ERR_NOT_FOUND, "%s holds no database", data_dir);
    return backup_database(database, path, err);
}

// ---- restore ----

static enum err_code check_backup(struct conn *c, const char *backup, struct err *err)
{
    bool whole;
    enum err_code code = conn_check(c, -1, &whole, err);
    if (code == ERR_OK)
        code = store_check_version(c, err);
    if (code != ERR_OK)
        return err_prefix(err, "%s cannot be restored", backup);
    return code;
}

static enum err_code rename_if_there(const char *from, const char *to, struct err *err)
{
    if (rename(from, to) == 0 || errno == ENOENT)
        return ERR_OK;
    return err_errno(err, errno, "cannot rename %s to %s", from, to);
}

// Puts `temp` in the place of `path` so that at each moment there is a whole database there; the
// one before keeps its log under its new name.
static enum err_code replace_database(const char *temp, const char *path, struct err *err)
{
    char kept[STORE_PATH_BYTES + 64], from[STORE_PATH_BYTES + 64], to[STORE_PATH_BYTES + 96];
    snprintf(kept, sizeof kept, "%s.before-restore", path);
    if (unlink(kept) != 0 && errno != ENOENT)
        return err_errno(err, errno, "cannot remove %s", kept);
    snprintf(from, sizeof from, "%s-wal", path);
    snprintf(to, sizeof to, "%s-wal", kept);
    if (unlink(to) != 0 && errno != ENOENT)
        return err_errno(err, errno, "cannot remove %s", to);
    if (link(path, kept) != 0 && errno != ENOENT)
        return err_errno(err, errno, "cannot keep %s as %s", path, kept);
    enum err_code code = rename_if_there(from, to, err);
    snprintf(from, sizeof from, "%s-shm", path);
    if (code == ERR_OK && unlink(from) != 0 && errno != ENOENT)
        code = err_errno(err, errno, "cannot remove %s", from);
    if (code == ERR_OK && rename(temp, path) != 0)
        code = err_errno(err, errno, "cannot rename %s to %s", temp, path);
    return code == ERR_OK ? sync_folder_of(path, err) : code;
}

// Brings what the log holds into the database to be replaced, so that it is whole without it. That
// it is damaged is no reason not to replace it.
static void fold_log(const char *path)
{
    struct conn c = {0};
    if (file_exists(path) && conn_open(&c, path, CONN_COPY, NULL) == ERR_OK)
        conn_exec(&c, "PRAGMA wal_checkpoint(TRUNCATE)", NULL);
    conn_close(&c);
}

enum err_code store_restore(const char *backup, const char *data_dir, struct err *err)
{
    char path[STORE_PATH_BYTES + 16], temp[STORE_PATH_BYTES + 32];
    struct conn from = {0};
    int lock_fd;
    if (snprintf(path, sizeof path, "%s/fettle.db", data_dir) >= STORE_PATH_BYTES)
        return err_set(err, ERR_LIMIT, "%s: path too long", data_dir);
    if (!file_exists(backup))
        return err_set(err, ERR_NOT_FOUND, "there is no backup %s", backup);
    enum err_code code = file_make_dirs(data_dir, err);
    if (code == ERR_OK)
        code = store_lock(data_dir, &lock_fd, err);
    if (code != ERR_OK)
        return code;
    code = conn_open(&from, backup, CONN_READ, err);
    if (code == ERR_OK)
        code = check_backup(&from, backup, err);
    if (code == ERR_OK)
        code = make_temp(path, temp, sizeof temp, err);
    if (code == ERR_OK) {
        code = copy_database(&from, temp, err);
        if (code == ERR_OK) {
            fold_log(path);
            code = replace_database(temp, path, err);
        }
        if (code != ERR_OK)
            unlink(temp);
    }
    conn_close(&from);
    close(lock_fd);
    return code;
}
