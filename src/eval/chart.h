// Reduces a judged series to what a screen can show, as one JSON object.
#ifndef FETTLE_EVAL_CHART_H
#define FETTLE_EVAL_CHART_H

#include "base/buf.h"
#include "eval/judge.h"
#include "eval/series.h"

enum { CHART_COLUMNS = 1000, CHART_LEVELS = 999 };

struct chart {
    const char *name;
    const char *note; // what the scores make of it, in a line
    double merit;     // larger is better: charts can be sorted by it
    const struct eval_series *series;
    const struct eval_marks *marks;
    size_t train_rows;
    bool unit_scores; // scores lie in 0 to 1; else they are drawn from 0 to their largest
    double threshold; // of the score, drawn as a line; NaN for none
    bool numbered;    // rows have numbers rather than times
};

// Appends the object: for each of at most CHART_COLUMNS columns the smallest and the largest value
// of every sensor in steps of 1/CHART_LEVELS of its range, the largest score, and marks. The text
// holds no '<', so that it can stand in a page.
void chart_write(const struct chart *c, struct buf *to);

#endif
