// Reads the files of the benchmarks as their own repositories lay them out.
//
// Errors name the file, and within it line and column. Nothing to free on failure.
#ifndef FETTLE_EVAL_LOAD_H
#define FETTLE_EVAL_LOAD_H

#include <stdbool.h>

#include "eval/score_nab.h"
#include "eval/series.h"

enum { LOAD_ROWS_MAX = 50 * 1000 * 1000 };

// A CSV of any delimiter: a header, a first column of times, then numbers; an empty field, "nan" or
// "null" is a missing value. The columns `anomaly` and `changepoint` (0 or 1) become labels, the
// others sensors. `labelled`: both must be there (a SKAB file).
enum err_code load_csv(const char *path, bool labelled, struct eval_series *out, struct err *err);

// One value after another, parted by blanks or line ends, gzipped or not. The file's name says
// what is in it: ..._<end of training>_<begin of the anomaly>_<its end>.txt[.gz], counted from 1.
struct ucr_labels {
    int64_t train, begin, end;
};
enum err_code load_ucr(const char *path, struct eval_series *out, struct ucr_labels *labels,
                       struct err *err);

// NAB: labels/combined_windows.json.
struct nab_labels;
enum err_code nab_labels_open(const char *path, struct nab_labels **out, struct err *err);
void nab_labels_close(struct nab_labels **l);

// The windows of the file `name` ("group/file.csv") as rows of `series`, and its anomaly labels.
// `*windows` is the caller's to free. ERR_NOT_FOUND when the labels do not know the file.
enum err_code nab_labels_apply(const struct nab_labels *l, const char *name,
                               struct eval_series *series, struct nab_window **windows,
                               size_t *count, struct err *err);

#endif
