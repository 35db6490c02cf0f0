// Reads the records of runs back: what run_log.h, or MLflow, has written.
#ifndef FETTLE_NN_RUN_READ_H
#define FETTLE_NN_RUN_READ_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "nn/run_log.h"

enum { RUN_POINTS_MAX = 1 << 22, RUN_VALUES_MAX = 1 << 12 };

struct run_param {
    const char *name, *value;
};

struct run_point {
    uint64_t step;
    double value;
};

struct run_metric {
    const char *name;
    const struct run_point *points; // in the file's order
    size_t count;
};

struct run {
    const char *id, *name;
    enum run_status status;
    int64_t start_us, end_us;       // end: TIME_NONE while it runs
    const struct run_param *params; // by name
    size_t param_count;
    const struct run_param *tags; // by name
    size_t tag_count;
    const struct run_metric *metrics; // by name
    size_t metric_count;
};

// All runs under `root`, newest first, in memory of `arena`. No folder: no runs. A folder without
// meta.yaml is left out: its process was killed while it made it. A run that cannot be read is
// ERR_INPUT or ERR_IO with its path.
enum err_code run_read_all(const char *root, struct arena *arena, const struct run **out,
                           size_t *count, struct err *err);

// The run whose id begins with `prefix`. ERR_USAGE when several do, ERR_NOT_FOUND when none.
enum err_code run_find(const struct run *runs, size_t count, const char *prefix,
                       const struct run **out, struct err *err);

const struct run_metric *run_metric_find(const struct run *r, const char *name); // NULL: none
const char *run_param_find(const struct run *r, const char *name);               // NULL: none
const char *run_tag_find(const struct run *r, const char *name);                 // NULL: none
const char *run_status_name(enum run_status status);

#endif
