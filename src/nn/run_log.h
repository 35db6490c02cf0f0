// The record of a training run in MLflow's file layout, so that `mlflow ui` reads it, too.
//
//     ROOT/0/meta.yaml                 the one experiment
//     ROOT/0/ID/meta.yaml              name, start, end, status
//     ROOT/0/ID/params/NAME            a setting
//     ROOT/0/ID/tags/NAME
//     ROOT/0/ID/metrics/NAME           lines: time in ms, value, step
//     ROOT/0/ID/artifacts/             files
//
// One thread owns a run. What is written is on disk when the call returns, though not synced.
#ifndef FETTLE_NN_RUN_LOG_H
#define FETTLE_NN_RUN_LOG_H

#include <stdint.h>

#include "base/err.h"

enum { RUN_ID_BYTES = 33, RUN_NAME_MAX = 100 };

enum run_status { RUN_RUNNING = 1, RUN_FINISHED = 3, RUN_FAILED = 4, RUN_KILLED = 5 };

struct run_log;

// A new run; `root` is made if it is not there.
enum err_code run_log_open(const char *root, const char *name, struct run_log **out,
                           struct err *err);

// A run that goes on: what its metrics hold beyond `step` is forgotten. ERR_NOT_FOUND without it.
enum err_code run_log_resume(const char *root, const char *id, uint64_t step, struct run_log **out,
                             struct err *err);

const char *run_log_id(const struct run_log *r);
const char *run_log_dir(const struct run_log *r);

// Names are of letters, digits, "_", "-" and ".".
enum err_code run_log_param(struct run_log *r, const char *name, const char *value,
                            struct err *err);
enum err_code run_log_tag(struct run_log *r, const char *name, const char *value, struct err *err);
enum err_code run_log_metric(struct run_log *r, const char *name, double value, uint64_t step,
                             struct err *err);

// Ends the run; frees it, whatever comes back.
enum err_code run_log_close(struct run_log **r, enum run_status status, struct err *err);

#endif
