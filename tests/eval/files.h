// A folder of a test's own, with files of given text in it.
#ifndef FETTLE_TESTS_EVAL_FILES_H
#define FETTLE_TESTS_EVAL_FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static char files_dir[] = "/tmp/fettle-eval-XXXXXX";

static inline int files_open(void **state)
{
    (void)state;
    strcpy(files_dir + strlen(files_dir) - 6, "XXXXXX");
    return mkdtemp(files_dir) ? 0 : -1;
}

static inline int files_close(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", files_dir);
    return system(command);
}

// The path of a file in the folder; good until the next call but three.
static inline const char *files_path(const char *name)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", files_dir, name);
    return path;
}

// Writes a file, with the folders above it.
static inline const char *files_put(const char *name, const char *text, size_t n)
{
    const char *path = files_path(name);
    char above[256];
    struct err err = {0};
    snprintf(above, sizeof above, "%s", path);
    *strrchr(above, '/') = '\0';
    assert_ok(file_make_dirs(above, &err), err);
    assert_ok(file_replace(path, text, n, &err), err);
    return path;
}

#endif
