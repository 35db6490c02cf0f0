// The fake disk: passes everything to SQLite's own VFS and remembers what a power cut would lose.
#include "store/fake_disk.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR = 512, PATH_BYTES = 512, MEDIA = 64 };

struct fake_disk fake_disk;

// A sector as the last sync left it.
struct old_sector {
    int64_t number;
    unsigned char bytes[SECTOR];
};

// A file by name, also while nobody has it open.
struct medium {
    char path[PATH_BYTES];
    int64_t synced_size;
    struct old_sector *old; // those written since
    size_t old_count, old_capacity;
    unsigned char *is_old; // a flag a sector
    size_t is_old_count;
};

struct fake_file {
    sqlite3_file base;
    struct medium *medium; // NULL: a temporary file, which no one misses
    sqlite3_file *real;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct medium media[MEDIA];
static size_t media_count;
static sqlite3_vfs vfs;
static sqlite3_vfs *real_vfs;

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct fake_file *)f)->real;
}

// ---- faults ----

static bool hits(enum fake_fault which, long at)
{
    if (fake_disk.fault != which || fake_disk.fault_at == 0 || at < fake_disk.fault_at ||
        (at > fake_disk.fault_at && !fake_disk.fault_stays))
        return false;
    fake_disk.fired++;
    return true;
}

// The next operation's failure, SQLITE_OK for none. Only what takes space can run out of it.
static int next_operation(int error, bool takes_space)
{
    long at = ++fake_disk.operations;
    if (fake_disk.cut_at && at >= fake_disk.cut_at)
        fake_disk.off = true;
    if (fake_disk.off || hits(FAULT_WRITE, at))
        return error;
    return takes_space && hits(FAULT_FULL, ++fake_disk.writes) ? SQLITE_FULL : SQLITE_OK;
}

// ---- what a power cut would lose ----

static int64_t size_of(sqlite3_file *real)
{
    sqlite3_int64 size = 0;
    assert_int_equal(real->pMethods->xFileSize(real, &size), SQLITE_OK);
    return size;
}

static void remember_sector(struct medium *m, sqlite3_file *real, int64_t number)
{
    if ((size_t)number >= m->is_old_count) {
        size_t more = (size_t)number * 2 + 64;
        m->is_old = realloc(m->is_old, more);
        assert_non_null(m->is_old);
        memset(m->is_old + m->is_old_count, 0, more - m->is_old_count);
        m->is_old_count = more;
    }
    if (m->is_old[number])
        return;
    m->is_old[number] = 1;
    if (m->old_count == m->old_capacity) {
        m->old_capacity = m->old_capacity ? m->old_capacity * 2 : 64;
        m->old = realloc(m->old, m->old_capacity * sizeof *m->old);
        assert_non_null(m->old);
    }
    struct old_sector *old = &m->old[m->old_count++];
    old->number = number;
    int result = real->pMethods->xRead(real, old->bytes, SECTOR, number * SECTOR);
    assert_true(result == SQLITE_OK || result == SQLITE_IOERR_SHORT_READ); // zeros beyond the end
}

static void remember(struct medium *m, sqlite3_file *real, int64_t from, int64_t to)
{
    for (int64_t s = from / SECTOR; s * SECTOR < to; s++)
        remember_sector(m, real, s);
}

static void forget(struct medium *m, int64_t size)
{
    for (size_t i = 0; i < m->old_count; i++)
        m->is_old[m->old[i].number] = 0;
    m->old_count = 0;
    m->synced_size = size;
}

static struct medium *medium_of(const char *path)
{
    for (size_t i = 0; i < media_count; i++)
        if (strcmp(media[i].path, path) == 0)
            return &media[i];
    assert_true(media_count < MEDIA && strlen(path) < PATH_BYTES);
    struct medium *m = &media[media_count++];
    strcpy(m->path, path);
    return m;
}

static void lose(struct medium *m, struct rng *rng)
{
    int fd = open(m->path, O_RDWR);
    if (fd < 0)
        return; // deleted
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    bool old_size = st.st_size != m->synced_size && rng_below(rng, 2);
    bool shrank = st.st_size < m->synced_size;
    for (size_t i = 0; i < m->old_count; i++) {
        int64_t at = m->old[i].number * SECTOR;
        bool cut_off = at >= st.st_size; // by a truncation that went with its size, or did not
        if (cut_off ? old_size && shrank : rng_below(rng, 2) == 0)
            assert_int_equal(pwrite(fd, m->old[i].bytes, SECTOR, at), SECTOR);
    }
    assert_int_equal(ftruncate(fd, old_size ? m->synced_size : st.st_size), 0);
    assert_int_equal(fstat(fd, &st), 0);
    close(fd);
    forget(m, st.st_size);
}

void fake_disk_forget(void)
{
    for (size_t i = 0; i < media_count; i++) {
        free(media[i].old);
        free(media[i].is_old);
        media[i] = (struct medium){0};
    }
    media_count = 0;
}

void fake_disk_lose_unsynced(struct rng *rng)
{
    for (size_t i = 0; i < media_count; i++)
        lose(&media[i], rng);
    fake_disk_forget();
    fake_disk_reset();
}

void fake_disk_reset(void)
{
    fake_disk.operations = fake_disk.writes = fake_disk.syncs = fake_disk.reads = fake_disk.fired =
        0;
    fake_disk.cut_at = fake_disk.fault_at = 0;
    fake_disk.off = fake_disk.full = fake_disk.fault_stays = false;
    fake_disk.fault = FAULT_NONE;
}

// ---- the methods of files ----

static int do_close(sqlite3_file *f)
{
    sqlite3_file *real = real_of(f);
    int result = real->pMethods->xClose(real);
    free(real);
    return result;
}

static int do_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    sqlite3_file *real = real_of(f);
    if (hits(FAULT_READ, ++fake_disk.reads))
        return SQLITE_IOERR_READ;
    return real->pMethods->xRead(real, to, n, at);
}

static int do_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    struct fake_file *file = (struct fake_file *)f;
    sqlite3_file *real = file->real;
    if (!file->medium)
        return real->pMethods->xWrite(real, from, n, at);
    pthread_mutex_lock(&lock);
    int result = next_operation(SQLITE_IOERR_WRITE, true);
    if (result == SQLITE_OK && fake_disk.full && at + n > size_of(real))
        result = SQLITE_FULL;
    if (result == SQLITE_OK) {
        remember(file->medium, real, at, at + n);
        result = real->pMethods->xWrite(real, from, n, at);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

static int do_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    struct fake_file *file = (struct fake_file *)f;
    sqlite3_file *real = file->real;
    if (!file->medium)
        return real->pMethods->xTruncate(real, size);
    pthread_mutex_lock(&lock);
    int result = next_operation(SQLITE_IOERR_TRUNCATE, false);
    if (result == SQLITE_OK) {
        remember(file->medium, real, size, size_of(real));
        result = real->pMethods->xTruncate(real, size);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

// Nothing is really synced: that would only take time.
static int do_sync(sqlite3_file *f, int flags)
{
    struct fake_file *file = (struct fake_file *)f;
    (void)flags;
    if (!file->medium)
        return SQLITE_OK;
    pthread_mutex_lock(&lock);
    int result = next_operation(SQLITE_IOERR_FSYNC, false);
    if (hits(FAULT_SYNC, ++fake_disk.syncs))
        result = SQLITE_IOERR_FSYNC;
    if (result == SQLITE_OK)
        forget(file->medium, size_of(file->real));
    pthread_mutex_unlock(&lock);
    return result;
}

static int do_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return real_of(f)->pMethods->xFileSize(real_of(f), size);
}

static int do_lock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int do_unlock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int do_check_lock(sqlite3_file *f, int *out)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int do_control(sqlite3_file *f, int operation, void *arg)
{
    if (operation == SQLITE_FCNTL_SIZE_HINT || operation == SQLITE_FCNTL_CHUNK_SIZE)
        return SQLITE_NOTFOUND; // would change the file behind our back
    return real_of(f)->pMethods->xFileControl(real_of(f), operation, arg);
}

static int do_sector_size(sqlite3_file *f)
{
    (void)f;
    return SECTOR;
}

static int do_characteristics(sqlite3_file *f)
{
    (void)f;
    return 0; // promises nothing
}

static int do_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}

static int do_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
}

static void do_shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int do_shm_unmap(sqlite3_file *f, int delete_it)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), delete_it);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = do_close,
    .xRead = do_read,
    .xWrite = do_write,
    .xTruncate = do_truncate,
    .xSync = do_sync,
    .xFileSize = do_size,
    .xLock = do_lock,
    .xUnlock = do_unlock,
    .xCheckReservedLock = do_check_lock,
    .xFileControl = do_control,
    .xSectorSize = do_sector_size,
    .xDeviceCharacteristics = do_characteristics,
    .xShmMap = do_shm_map,
    .xShmLock = do_shm_lock,
    .xShmBarrier = do_shm_barrier,
    .xShmUnmap = do_shm_unmap,
};

// ---- the methods of the disk ----

static int do_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    struct fake_file *file = (struct fake_file *)f;
    (void)v;
    *file = (struct fake_file){.real = calloc(1, (size_t)real_vfs->szOsFile)};
    assert_non_null(file->real);
    int result = real_vfs->xOpen(real_vfs, name, file->real, flags, out_flags);
    if (result != SQLITE_OK) {
        free(file->real);
        return result;
    }
    pthread_mutex_lock(&lock);
    if (name && !(flags & SQLITE_OPEN_DELETEONCLOSE)) {
        size_t before = media_count;
        file->medium = medium_of(name);
        if (media_count > before)
            file->medium->synced_size = size_of(file->real);
    }
    pthread_mutex_unlock(&lock);
    file->base.pMethods = &methods;
    return SQLITE_OK;
}

static int do_delete(sqlite3_vfs *v, const char *name, int sync_dir)
{
    (void)v;
    pthread_mutex_lock(&lock);
    int result = next_operation(SQLITE_IOERR_DELETE, false);
    if (result == SQLITE_OK) {
        result = real_vfs->xDelete(real_vfs, name, sync_dir);
        forget(medium_of(name), 0);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

static int do_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
    (void)v;
    return real_vfs->xAccess(real_vfs, name, flags, out);
}

static int do_full_path(sqlite3_vfs *v, const char *name, int n, char *out)
{
    (void)v;
    return real_vfs->xFullPathname(real_vfs, name, n, out);
}

static int do_random(sqlite3_vfs *v, int n, char *out)
{
    (void)v;
    return real_vfs->xRandomness(real_vfs, n, out);
}

static int do_sleep(sqlite3_vfs *v, int us)
{
    (void)v;
    return real_vfs->xSleep(real_vfs, us);
}

static int do_last_error(sqlite3_vfs *v, int n, char *out)
{
    (void)v;
    (void)n;
    (void)out;
    return fake_disk.off || fake_disk.fired ? EIO : 0;
}

static int do_time(sqlite3_vfs *v, sqlite3_int64 *out)
{
    (void)v;
    return real_vfs->xCurrentTimeInt64(real_vfs, out);
}

void fake_disk_register(void)
{
    real_vfs = sqlite3_vfs_find(NULL);
    assert_non_null(real_vfs);
    vfs = (sqlite3_vfs){.iVersion = 2,
                        .szOsFile = sizeof(struct fake_file),
                        .mxPathname = real_vfs->mxPathname,
                        .zName = FAKE_DISK,
                        .xOpen = do_open,
                        .xDelete = do_delete,
                        .xAccess = do_access,
                        .xFullPathname = do_full_path,
                        .xRandomness = do_random,
                        .xSleep = do_sleep,
                        .xGetLastError = do_last_error,
                        .xCurrentTimeInt64 = do_time};
    assert_int_equal(sqlite3_vfs_register(&vfs, 0), SQLITE_OK);
}
