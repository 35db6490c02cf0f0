// One self-contained HTML page that draws every file of a report.
#ifndef FETTLE_EVAL_PAGE_H
#define FETTLE_EVAL_PAGE_H

#include "eval/chart.h"
#include "eval/eval.h"

// Texts of page.css and page.js.
extern const char eval_page_css[], eval_page_js[];

// `charts[i]` is what chart_write made of file i, empty for a file that was not judged. Replaces
// the file at `path` as a whole.
enum err_code page_write(const char *path, const struct eval_report *r, const struct buf *charts,
                         struct err *err);

#endif
