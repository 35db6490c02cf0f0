// Where the benchmarks' files are, for tests that need them; without them they are skipped.
#ifndef FETTLE_TESTS_EVAL_DATA_H
#define FETTLE_TESTS_EVAL_DATA_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

// folder/name below $FETTLE_DATA, or ../shared/data. The text is good until the next call.
static inline const char *data_path(const char *folder, const char *name)
{
    static char path[1 << 16];
    const char *root = getenv("FETTLE_DATA");
    snprintf(path, sizeof path, "%s/%s/%s", root && *root ? root : "../shared/data", folder, name);
    return path;
}

// Entries of a folder; 0 when there is none.
static inline int data_count(const char *name)
{
    int n = 0;
    DIR *d = opendir(data_path(name, ""));
    if (!d)
        return 0;
    for (const struct dirent *e = readdir(d); e; e = readdir(d))
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

#endif
