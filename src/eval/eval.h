// Measures detectors on the public benchmarks, by the protocols of their leaderboards.
//
//     SKAB  water loops with 8 sensors: outliers by row, change points (score_skab.h)
//     NAB   single sensors: how early, how few false alarms (score_nab.h)
//     UCR   single long series with one anomaly each: is it found at all (score_ucr.h)
//
// Each works on whatever files are in the folder. One setting of a detector for all files; none
// sees labels, or rows that come later. Results depend on nothing but files, detector and seed.
#ifndef FETTLE_EVAL_EVAL_H
#define FETTLE_EVAL_EVAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json_out.h"

struct eval_options {
    const char *folder;    // as in the original repository
    const char *detector;  // NULL: fettle's own
    const char *html_path; // where to write a page that draws every file; NULL: nowhere
    uint64_t seed;         // for detectors with chance in them
};

enum { EVAL_FIGURES_MAX = 16, EVAL_TEXT_BYTES = 256 };

// A number of a report: its key in JSON, its heading, and the decimals shown to people.
struct eval_figure {
    const char *key, *heading;
    int decimals; // -1: yes or no
};

struct eval_file {
    char name[EVAL_TEXT_BYTES];
    char error[EVAL_TEXT_BYTES * 2]; // why the file could not be judged; empty otherwise
    double figures[EVAL_FIGURES_MAX];
    uint64_t rows, readings;
    double detect_seconds; // of one core, in the detector alone
};

struct eval_report {
    const char *suite, *title, *detector;
    const struct eval_figure *file_figures, *figures; // each ended by a NULL key
    double values[EVAL_FIGURES_MAX];                  // of `figures`, over all files without error
    struct eval_file *files;
    size_t file_count, failed; // failed: files with an error
    double seconds;            // from start to end, with reading and on all cores
};

// ERR_USAGE: no such detector. ERR_NOT_FOUND: no folder, or no file of the benchmark in it. A file
// that cannot be judged is no error here: the report says so, and what is said over all files
// leaves it out. Nothing to free on failure.
enum err_code eval_skab_run(const struct eval_options *options, struct eval_report *out,
                            struct err *err);
enum err_code eval_nab_run(const struct eval_options *options, struct eval_report *out,
                           struct err *err);
enum err_code eval_ucr_run(const struct eval_options *options, struct eval_report *out,
                           struct err *err);
void eval_report_close(struct eval_report *r);

// One object. A figure that has no value (nothing to find) is null.
void eval_report_json(const struct eval_report *r, struct json_out *to);

// A table for people.
void eval_report_text(const struct eval_report *r, struct buf *to);

// The sums that the reports add: rows, readings, seconds in the detector.
struct eval_work {
    uint64_t rows, readings;
    double detect_seconds;
};
void eval_report_work(const struct eval_report *r, struct eval_work *out);

#endif
