// Files: read whole, map, replace atomically, make folders.
#ifndef FETTLE_BASE_FILE_H
#define FETTLE_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

// Appends the file's bytes to `out`; refuses more than `limit` bytes with ERR_LIMIT.
enum err_code file_read(const char *path, size_t limit, struct buf *out, struct err *err);

// Replaces `path` by the given bytes so that a crash or power cut at any moment leaves the old or
// the new content whole: temporary file beside it, fsync, rename, fsync of the folder.
enum err_code file_replace(const char *path, const void *bytes, size_t n, struct err *err);

// Removes from a folder what file_replace leaves there when the process is killed in it. Only for a
// folder in which nobody replaces files at the time. `*count` is how many there were.
enum err_code file_remove_leftovers(const char *dir, size_t *count, struct err *err);

// Makes the folder and its parents (mode 0700 for the new ones).
enum err_code file_make_dirs(const char *path, struct err *err);

bool file_exists(const char *path);
bool file_is_dir(const char *path);
bool file_same(const char *a, const char *b); // both are there and are one file

// Whether the folder of `path` is there, may be written to and has room for so many bytes more.
enum err_code file_check_room(const char *path, uint64_t bytes, struct err *err);

struct file_map {
    const unsigned char *p; // read-only; NULL for an empty file
    size_t n;
    int64_t modified_ns, changed_ns; // content; content, name or rights (cannot be set by hand)
};

enum err_code file_map_open(const char *path, struct file_map *map, struct err *err);
void file_map_close(struct file_map *map); // zeroes; safe on a zeroed one

// Writes all bytes to a descriptor, going on after EINTR and short writes.
enum err_code file_write_all(int fd, const void *bytes, size_t n, struct err *err);

#endif
