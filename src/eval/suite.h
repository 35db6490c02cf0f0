// What every benchmark does around its own scoring: list files, judge each, add up, draw.
#ifndef FETTLE_EVAL_SUITE_H
#define FETTLE_EVAL_SUITE_H

#include <limits.h>

#include "eval/chart.h"
#include "eval/detector.h"
#include "eval/eval.h"
#include "eval/folder.h"

struct suite_run;

struct suite {
    const char *name, *title;
    enum eval_suite bit;
    const char *subfolder; // of the given folder, where its files are; "" for none
    const char *skip;      // folders of this name hold none of them; NULL for none
    const char *what;      // its files, in words
    bool (*wanted)(const char *name);
    const struct eval_figure *file_figures, *figures;
    size_t state_bytes; // what is kept of a file, zeroed at first
    // `begin` and `end` may be NULL. `judge` runs in several threads at once, each with another
    // file; it fills the file's figures and work.
    enum err_code (*begin)(struct suite_run *run, struct err *err);
    enum err_code (*judge)(struct suite_run *run, size_t i, const char *path, struct err *err);
    enum err_code (*add_up)(struct suite_run *run, struct err *err); // fills report->values
    void (*end)(struct suite_run *run); // frees what begin and judge left
};

struct suite_run {
    const struct suite *suite;
    const struct eval_options *options;
    const struct eval_detector *detector;
    char folder[PATH_MAX];
    struct folder_files list;
    struct eval_report *report;
    unsigned char *states;
    struct buf *charts; // one a file; stays empty without a page
    void *shared;       // of begin
};

static inline void *suite_state(const struct suite_run *run, size_t i)
{
    return run->states + i * run->suite->state_bytes;
}

enum err_code suite_run(const struct suite *suite, const struct eval_options *options,
                        struct eval_report *out, struct err *err);

// eval_judge with the run's detector on file i, which lies at `path`; notes rows and time.
enum err_code suite_judge(struct suite_run *run, size_t i, const char *path,
                          const struct eval_series *series, size_t train_rows,
                          struct eval_marks *out, struct err *err);

#endif
