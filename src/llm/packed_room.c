// Makes room in a folder of packed weights: the least recently loaded go first.
#include "llm/packed_room.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"

enum { FREE_LEAST = 1 << 30 };

static enum err_code take_lock(const char *dir, int *lock, struct err *err)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/lock", dir) >= PATH_MAX)
        return err_set(err, ERR_LIMIT, "%s: path too long", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_errno(err, errno, "%s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return err_set(err, ERR_BUSY, "%s: another program is writing here", dir);
    }
    *lock = fd;
    return ERR_OK;
}

static int64_t last_use(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

// Bytes of all packed files, and the name of the least recently loaded ("": none).
static uint64_t survey(DIR *d, char oldest[NAME_MAX + 1])
{
    uint64_t bytes = 0;
    int64_t earliest = INT64_MAX;
    oldest[0] = '\0';
    rewinddir(d);
    for (struct dirent *e; (e = readdir(d));) {
        struct stat st;
        if (!str_ends(str_of(e->d_name), STR_LIT(".packed")) ||
            fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        bytes += (uint64_t)st.st_size;
        if (last_use(&st) < earliest) {
            earliest = last_use(&st);
            str_copy(oldest, NAME_MAX + 1, str_of(e->d_name));
        }
    }
    return bytes;
}

static enum err_code remove_oldest(const struct packed_folder *folder, uint64_t bytes,
                                   struct err *err)
{
    char oldest[NAME_MAX + 1];
    enum err_code code = ERR_OK;
    DIR *d = opendir(folder->dir);
    if (!d)
        return err_errno(err, errno, "%s", folder->dir);
    while (survey(d, oldest) > folder->bytes_most - bytes && !code)
        if (unlinkat(dirfd(d), oldest, 0) != 0)
            code = err_errno(err, errno, "%s/%s", folder->dir, oldest);
    closedir(d);
    return code;
}

static enum err_code check_disk(const char *dir, uint64_t bytes, struct err *err)
{
    struct statvfs room;
    if (statvfs(dir, &room) != 0)
        return err_errno(err, errno, "%s", dir);
    uint64_t left = (uint64_t)room.f_bavail * room.f_frsize;
    if (left < bytes || left - bytes < FREE_LEAST)
        return err_set(err, ERR_LIMIT, "%s: %llu MiB are free on the disk", dir,
                       (unsigned long long)left >> 20);
    return ERR_OK;
}

enum err_code packed_room_make(const struct packed_folder *folder, const char *path, uint64_t bytes,
                               int *lock, struct err *err)
{
    size_t leftovers;
    if (bytes > folder->bytes_most)
        return err_set(err, ERR_LIMIT, "%llu bytes, but %llu are allowed",
                       (unsigned long long)bytes, (unsigned long long)folder->bytes_most);
    enum err_code code = file_make_dirs(folder->dir, err);
    if (!code)
        code = take_lock(folder->dir, lock, err);
    if (code)
        return code;
    if (unlink(path) != 0 && errno != ENOENT)
        code = err_errno(err, errno, "%s", path);
    if (!code)
        code = file_remove_leftovers(folder->dir, &leftovers, err);
    if (!code)
        code = remove_oldest(folder, bytes, err);
    if (!code)
        code = check_disk(folder->dir, bytes, err);
    if (code) {
        close(*lock);
        *lock = -1;
    }
    return code;
}
