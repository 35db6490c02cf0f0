// The curves and settings of runs as one HTML page that needs nothing else.
#ifndef FETTLE_NN_RUN_PAGE_H
#define FETTLE_NN_RUN_PAGE_H

#include <stdbool.h>

#include "base/buf.h"
#include "nn/run_read.h"

// One chart a metric, with a line for each run that has it; then the settings side by side.
void run_page_write(const struct run *const *runs, size_t count, struct buf *to);

// Some metrics of one run as an SVG picture by itself. False, writing nothing, when it has none of
// them.
bool run_chart_write(const struct run *r, const char *const *metrics, size_t count, struct buf *to);

#endif
