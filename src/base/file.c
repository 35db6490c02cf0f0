// Reading, mapping and atomically replacing files.
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum err_code file_read(const char *path, size_t limit, struct buf *out, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "%s", path);
    size_t before = out->n;
    enum err_code code = ERR_OK;
    for (;;) {
        char *to = buf_reserve(out, 65536);
        if (!to) {
            code = err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
            break;
        }
        ssize_t n = read(fd, to, 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            code = err_errno(err, errno, "%s", path);
        if (n <= 0)
            break;
        out->n += (size_t)n;
        if (out->n - before > limit) {
            code = err_set(err, ERR_LIMIT, "%s: larger than the limit of %zu bytes", path, limit);
            break;
        }
    }
    close(fd);
    if (out->p)
        out->p[out->n] = '\0';
    return code;
}

enum err_code file_write_all(int fd, const void *bytes, size_t n, struct err *err)
{
    const char *p = bytes;
    while (n) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return err_errno(err, errno, "write");
        p += done;
        n -= (size_t)done;
    }
    return ERR_OK;
}

static enum err_code sync_parent(const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    char dir[4096];
    str_copy(dir, sizeof dir,
             slash ? (struct str){path, slash == path ? 1 : (size_t)(slash - path)} : STR_LIT("."));
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "%s", dir);
    enum err_code code = fsync(fd) == 0 ? ERR_OK : err_errno(err, errno, "fsync %s", dir);
    close(fd);
    return code;
}

enum err_code file_replace(const char *path, const void *bytes, size_t n, struct err *err)
{
    char temp[4096];
    if (snprintf(temp, sizeof temp, "%s.tmp-XXXXXX", path) >= (int)sizeof temp)
        return err_set(err, ERR_LIMIT, "%s: path too long", path);
    int fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "%s", temp);
    enum err_code code = file_write_all(fd, bytes, n, err);
    if (code != ERR_OK)
        err_prefix(err, "%s", path);
    struct stat st;
    if (code == ERR_OK && stat(path, &st) == 0 && fchmod(fd, st.st_mode & 07777) != 0)
        code = err_errno(err, errno, "chmod %s", temp);
    if (code == ERR_OK && fsync(fd) != 0)
        code = err_errno(err, errno, "fsync %s", temp);
    if (close(fd) != 0 && code == ERR_OK)
        code = err_errno(err, errno, "close %s", temp);
    if (code == ERR_OK && rename(temp, path) != 0)
        code = err_errno(err, errno, "rename %s to %s", temp, path);
    if (code != ERR_OK) {
        unlink(temp);
        return code;
    }
    return sync_parent(path, err);
}

static bool is_leftover(const char *name)
{
    static const char mark[] = ".tmp-";
    size_t n = strlen(name), tail = strlen(mark) + 6;
    return n > tail && memcmp(name + n - tail, mark, strlen(mark)) == 0 &&
           strspn(name + n - 6, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
               6;
}

enum err_code file_remove_leftovers(const char *dir, size_t *count, struct err *err)
{
    enum err_code code = ERR_OK;
    DIR *d = opendir(dir);
    *count = 0;
    if (!d)
        return err_errno(err, errno, "%s", dir);
    for (struct dirent *e; code == ERR_OK && (e = readdir(d));) {
        struct stat st;
        if (!is_leftover(e->d_name) ||
            fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        if (unlinkat(dirfd(d), e->d_name, 0) != 0)
            code = err_errno(err, errno, "%s/%s", dir, e->d_name);
        else
            ++*count;
    }
    closedir(d);
    return code;
}

enum err_code file_make_dirs(const char *path, struct err *err)
{
    char at[4096];
    if (!path[0])
        return err_set(err, ERR_INPUT, "a folder's name is empty");
    if (!str_copy(at, sizeof at, str_of(path)))
        return err_set(err, ERR_LIMIT, "%s: path too long", path);
    for (char *p = at + 1;; p++) {
        if (*p && *p != '/')
            continue;
        char kept = *p;
        *p = '\0';
        if (mkdir(at, 0700) != 0 && errno != EEXIST)
            return err_errno(err, errno, "cannot make folder %s", at);
        *p = kept;
        if (!kept)
            break;
    }
    return file_is_dir(path) ? ERR_OK : err_set(err, ERR_CONFLICT, "%s is not a folder", path);
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool file_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool file_same(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

enum err_code file_check_room(const char *path, uint64_t bytes, struct err *err)
{
    struct statvfs v;
    char *copy = strdup(path);
    if (!copy)
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
    const char *folder = dirname(copy);
    enum err_code code = ERR_OK;
    if (access(folder, W_OK) != 0 || statvfs(folder, &v) != 0)
        code = err_errno(err, errno, "cannot write into %s", folder);
    else if (bytes / v.f_frsize >= v.f_bavail)
        code = err_set(err, ERR_NO_SPACE, "%s: %.1f MB are needed there, %.1f MB are free", path,
                       (double)bytes / 1e6, (double)v.f_bavail * (double)v.f_frsize / 1e6);
    free(copy);
    return code;
}

static int64_t nanoseconds(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

enum err_code file_map_open(const char *path, struct file_map *map, struct err *err)
{
    *map = (struct file_map){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "%s", path);
    struct stat st;
    enum err_code code = ERR_OK;
    if (fstat(fd, &st) != 0) {
        code = err_errno(err, errno, "%s", path);
    } else if (!S_ISREG(st.st_mode)) {
        code = err_set(err, ERR_INPUT, "%s: not a regular file", path);
    } else if (st.st_size > 0) {
        void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED)
            code = err_errno(err, errno, "cannot map %s", path);
        else
            *map = (struct file_map){p, (size_t)st.st_size, nanoseconds(st.st_mtim),
                                     nanoseconds(st.st_ctim)};
    }
    close(fd);
    return code;
}

void file_map_close(struct file_map *map)
{
    if (map->p)
        munmap((void *)(uintptr_t)map->p, map->n);
    *map = (struct file_map){0};
}
