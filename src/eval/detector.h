// The adapter through which every detector is measured: rows in, one judgement a row out.
//
// The product's detectors and the baselines that they are compared with stand in one table
// (detector.c). A detector sees rows in their order and nothing of what follows; it knows how many
// rows at the start count as normal, and judges from there on. One thread owns a state.
#ifndef FETTLE_EVAL_DETECTOR_H
#define FETTLE_EVAL_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

// Which benchmarks a detector can run on, as bits.
enum eval_suite { EVAL_SKAB = 1, EVAL_NAB = 2, EVAL_UCR = 4 };

struct eval_setup {
    size_t sensors;    // values in a row
    size_t train_rows; // rows at the start that count as normal
    uint64_t seed;
};

struct eval_judgement {
    double score;      // the higher, the stranger; for SKAB and NAB 0 to 1
    bool alarm;        // SKAB: the plant is not as it should be
    bool change_point; // SKAB: its state has just changed
    size_t back;       // the judgement is of the row this many rows before
};

struct eval_detector {
    const char *name;
    const char *summary; // one line
    unsigned suites;     // enum eval_suite bits
    // On failure nothing is left to close.
    enum err_code (*open)(const struct eval_setup *setup, void **state, struct err *err);
    // The next row: `sensors` values, NaN where one is missing. `time_us` is as in the
    // file, where it may repeat; in UCR a value comes every second. `out` is zeroed before.
    // Judgements of training rows are not used. A row that no judgement speaks of scores 0.
    enum err_code (*push)(void *state, int64_t time_us, const double *row,
                          struct eval_judgement *out, struct err *err);
    void (*close)(void *state);
};

// The detector of that name for the suite, or the suite's default one (name NULL: the product's).
// ERR_USAGE names those that there are.
enum err_code eval_detector_find(const char *name, enum eval_suite suite,
                                 const struct eval_detector **out, struct err *err);

// All of them, ended by NULL; for each suite the first one that can run on it is its default.
extern const struct eval_detector *const eval_detectors[];

#endif
