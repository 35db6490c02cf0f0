// How a summary comes about: the window's anomalies, the facts' own text, a model's text.
//
// The summary thread writes one each summary.every. A model gets the facts and summary.time_limit;
// its text is taken when every claim in it is supported and it says what matters. It may try twice,
// the second time under a grammar that allows no other numbers. Else the facts' own text is stored.
#ifndef FETTLE_APP_SUMMARY_H
#define FETTLE_APP_SUMMARY_H

#include "app/app_private.h"
#include "diagnose/summary_facts.h"

enum { SUMMARY_ANOMALIES_MAX = 1000 };

// What is known of a window. Large: on the heap.
struct summary_window {
    struct anomaly anomalies[SUMMARY_ANOMALIES_MAX]; // that touch it
    size_t count;
    struct summary_facts facts; // ranked
};

// ---- summary_window.c ----
// `before`, unless NULL, gives what came in since and becomes what was counted now.
enum err_code summary_window_read(struct app *a, int64_t from_us, int64_t to_us,
                                  struct summary_counts *before, struct summary_window *w,
                                  struct err *err);

// ---- summary_text.c ----
// The facts in words of their own, all of up to 12 anomalies, a line an incident.
void summary_text_write(const struct app *a, const struct summary_window *w, struct buf *to);

// ---- summary_model.c ----
// Has summary.model write the text. ERR_NOT_FOUND: there is no model, and none was asked for by
// name; ERR_INPUT: what it wrote is not supported; else what went wrong with the model.
enum err_code summary_model_write(struct app *a, const struct summary_facts *facts,
                                  struct summary *out, struct err *err);

// ---- summary_stage.c ----
enum err_code summary_stage_start(struct app *a, struct err *err);
void summary_stage_stop(struct app *a); // after the app began to stop and its models did

#endif
