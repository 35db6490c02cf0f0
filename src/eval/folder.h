// The files of a benchmark folder, in an order that does not depend on the file system.
#ifndef FETTLE_EVAL_FOLDER_H
#define FETTLE_EVAL_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { FOLDER_DEPTH_MAX = 4, FOLDER_FILES_MAX = 100000 };

struct folder_files {
    char **names; // relative to the folder, numbers in them sorted by value
    size_t count;
};

// Every file under `folder` (FOLDER_DEPTH_MAX levels) for which `wanted` says yes; hidden ones and
// folders named `skip` (may be NULL) are passed over. ERR_NOT_FOUND, naming `what`, when there is
// none. Nothing to free on failure.
enum err_code folder_list(const char *folder, bool (*wanted)(const char *name), const char *skip,
                          const char *what, struct folder_files *out, struct err *err);
void folder_close(struct folder_files *f); // zeroes; safe on a zeroed one

// For `wanted`: the name ends in ".csv".
bool folder_wants_csv(const char *name);

// Negative, 0 or positive, as strcmp, but "2" stands before "10".
int folder_compare(const char *a, const char *b);

#endif
