// Scores anomaly scores as the Numenta Anomaly Benchmark v1.1 does.
//
// Lavin, Ahmad, "Evaluating Real-time Anomaly Detection Algorithms" (2015), nab/scorer.py,
// sweeper.py, optimizer.py. One threshold for the whole corpus, chosen for each profile to make the
// score largest. Pure functions.
#ifndef FETTLE_EVAL_SCORE_NAB_H
#define FETTLE_EVAL_SCORE_NAB_H

#include <stddef.h>

#include "base/err.h"

enum nab_profile { NAB_STANDARD, NAB_LOW_FP, NAB_LOW_FN, NAB_PROFILES };

// The threshold that nothing reaches.
#define NAB_THRESHOLD_NONE 1.1

struct nab_window {
    size_t first, last; // rows, both inside
};

struct nab_file {
    const double *scores; // one a row, 0 to 1
    size_t rows;
    const struct nab_window *windows; // in order, without overlap
    size_t window_count;
};

struct score_nab {
    double normalised[NAB_PROFILES]; // 100: perfect, 0: silent; NaN without any window
    double raw[NAB_PROFILES];
    double threshold[NAB_PROFILES];
    size_t windows;
};

// Rows at the start of a file that are not scored.
size_t nab_probation(size_t rows);

enum err_code score_nab(const struct nab_file *files, size_t count, struct score_nab *out,
                        struct err *err);

// One file at one threshold, to see where a score comes from.
struct nab_file_score {
    double raw;        // its part of the corpus' raw score
    size_t hits;       // windows with a detection
    size_t false_rows; // detections outside
};
void score_nab_file(const struct nab_file *file, enum nab_profile profile, double threshold,
                    struct nab_file_score *out);

#endif
