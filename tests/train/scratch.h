// A folder of its own for each test program, removed at the end, and small files in it.
#ifndef FETTLE_TESTS_TRAIN_SCRATCH_H
#define FETTLE_TESTS_TRAIN_SCRATCH_H

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "test.h"

static char scratch_dir[64];

static inline int scratch_open(void **state)
{
    (void)state;
    strcpy(scratch_dir, "/tmp/fettle-train-XXXXXX");
    return mkdtemp(scratch_dir) ? 0 : -1;
}

static inline int scratch_remove(const char *path, const struct stat *s, int type, struct FTW *f)
{
    (void)s;
    (void)type;
    (void)f;
    return remove(path);
}

static inline int scratch_close(void **state)
{
    (void)state;
    return nftw(scratch_dir, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

// The path of a file in the folder; eight may be in use at once.
static inline const char *scratch_path(const char *name)
{
    static char paths[8][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, PATH_MAX, "%s/%s", scratch_dir, name);
    return path;
}

static inline const char *scratch_write(const char *name, const char *text)
{
    const char *path = scratch_path(name);
    struct err err;
    assert_ok(file_replace(path, text, strlen(text), &err), err);
    return path;
}

#endif
