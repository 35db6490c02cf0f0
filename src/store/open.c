// Opening and closing: the folder's lock, the look for damage, everything that starts and stops.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "store/store_private.h"

// SQLite's log needs memory that all processes share, which these do not give.
static bool is_network(const char *dir)
{
    static const unsigned long kinds[] = {0x6969 /* NFS */, 0x517b /* SMB */, 0xff534d42 /* CIFS */,
                                          0xfe534d42 /* SMB2 */, 0x01021997 /* 9p */};
    struct statfs st;
    if (statfs(dir, &st) != 0)
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if ((unsigned long)st.f_type == kinds[i])
            return true;
    return false;
}

enum err_code store_lock(const char *dir, int *fd, struct err *err)
{
    char path[STORE_PATH_BYTES + 16];
    snprintf(path, sizeof path, "%s/fettle.lock", dir);
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0)
        return err_errno(err, errno, "%s", path);
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
        return ERR_OK;
    enum err_code code = errno == EWOULDBLOCK
                             ? err_set(err, ERR_CONFLICT,
                                       "another fettle has the folder %s open: stop it first, or "
                                       "choose another folder with --data",
                                       dir)
                             : err_errno(err, errno, "cannot lock %s", path);
    close(*fd);
    *fd = -1;
    return code;
}

static enum err_code init_sync(struct store *s, struct err *err)
{
    pthread_condattr_t attr;
    bool made =
        pthread_condattr_init(&attr) == 0 &&
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
        pthread_cond_init(&s->wake, &attr) == 0 && pthread_cond_init(&s->progress, NULL) == 0 &&
        pthread_cond_init(&s->reader_free, NULL) == 0 && pthread_mutex_init(&s->lock, NULL) == 0 &&
        pthread_mutex_init(&s->readers_lock, NULL) == 0;
    return made ? series_table_open(&s->table, err)
                : err_set(err, ERR_NO_MEMORY, "out of memory for the store");
}

// After a clean stop there is no log. Where there is one, the disk or the machine may have failed.
static enum err_code look_for_damage(struct store *s, int64_t limit_us, struct err *err)
{
    char log_path[STORE_PATH_BYTES + 32];
    struct stat st;
    bool whole;
    snprintf(log_path, sizeof log_path, "%s-wal", s->path);
    if (stat(log_path, &st) != 0 || st.st_size == 0)
        return ERR_OK;
    enum err_code code = conn_open(&s->writer, s->path, CONN_WRITE, err);
    if (code == ERR_OK)
        code = conn_check(&s->writer, limit_us, &whole, err);
    if (code == ERR_OK && !whole)
        log_warn("store",
                 "%s was not stopped cleanly, and is too large to be looked through for "
                 "damage within store.check_time",
                 s->path);
    return code;
}

static enum err_code open_all(struct store *s, const struct settings *settings, struct err *err)
{
    enum err_code code = look_for_damage(s, settings_int(settings, "store.check_time"), err);
    if (code == ERR_OK && !s->writer.db)
        code = conn_open(&s->writer, s->path, CONN_WRITE, err);
    if (code == ERR_OK)
        code = store_migrate(&s->writer, store_migrations, store_migration_count, err);
    if (code == ERR_OK)
        code = store_load(s, err);
    s->epoch_at_us = s->trimmed_at_us = s->committed_at_us = clock_mono_us();
    return code == ERR_OK ? writer_start(s, err) : code;
}

static void free_all(struct store *s)
{
    for (size_t i = 0; i < STORE_READERS; i++)
        conn_close(&s->readers[i]);
    conn_close(&s->writer);
    group_free(&s->group);
    free(s->due);
    series_table_close(&s->table);
    pthread_cond_destroy(&s->wake);
    pthread_cond_destroy(&s->progress);
    pthread_cond_destroy(&s->reader_free);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->readers_lock);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    free(s);
}

enum err_code store_open(const char *data_dir, const struct settings *settings,
                         struct catalog *catalog, struct store **out, struct err *err)
{
    struct store *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the store");
    s->lock_fd = -1;
    s->catalog = catalog;
    enum err_code code = init_sync(s, err);
    if (code == ERR_OK && !str_copy(s->dir, sizeof s->dir, str_of(data_dir)))
        code = err_set(err, ERR_LIMIT, "%s: path too long", data_dir);
    snprintf(s->path, sizeof s->path, "%s/fettle.db", s->dir);
    if (code == ERR_OK)
        code = file_make_dirs(data_dir, err);
    if (code == ERR_OK && is_network(data_dir))
        code = err_set(err, ERR_UNSUPPORTED,
                       "%s is on a network file system, which cannot hold the database: choose a "
                       "folder on a local disk with --data",
                       data_dir);
    if (code == ERR_OK)
        code = store_lock(data_dir, &s->lock_fd, err);
    if (code == ERR_OK) {
        s->queue_max = (size_t)settings_int(settings, "store.queue");
        store_take_settings(s, settings);
        code = open_all(s, settings, err);
    }
    if (code != ERR_OK) {
        free_all(s);
        return code;
    }
    *out = s;
    return ERR_OK;
}

enum err_code store_close(struct store **store, struct err *err)
{
    struct store *s = *store;
    if (!s)
        return ERR_OK;
    writer_stop(s);
    enum err_code code = store_is_read_only(s, err);
    free_all(s);
    *store = NULL;
    return code;
}
