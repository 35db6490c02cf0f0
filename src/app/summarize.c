// Summaries: of a window, written by a model or by the facts themselves, stored and told.
#include <stdlib.h>

#include "app/summary.h"
#include "base/log.h"

static const int64_t first_window_us = 3 * US_PER_MINUTE;

static enum err_code write_facts(struct app *a, const struct summary_window *w, struct summary *out,
                                 struct err *err)
{
    const struct summary_facts *f = &w->facts;
    struct buf text = {0};
    enum err_code code = ERR_OK;
    summary_text_write(a, w, &text);
    if (text.failed)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for a summary");
    *out = (struct summary){.time_us = f->to_us, .from_us = f->from_us, .to_us = f->to_us};
    str_copy(out->generated_by, sizeof out->generated_by, STR_LIT("facts"));
    str_copy(out->text, sizeof out->text, buf_str(&text));
    buf_free(&text);
    return code;
}

// The model's text in place of the facts' own, if it can be had. The note says why not.
static void ask_model(struct app *a, const struct summary_window *w, struct summary *out)
{
    struct err err;
    enum err_code code = summary_model_write(a, &w->facts, out, &err);
    if (code != ERR_OK && code != ERR_NOT_FOUND && !app_is_stopping(a)) {
        if (stage_note(&a->stages[STAGE_SUMMARY], "written from the facts alone: %s", err.text))
            log_warn("summary", "written from the facts alone: %s", err.text);
    } else {
        stage_note(&a->stages[STAGE_SUMMARY], "%s", "");
    }
}

static enum err_code summarize(struct app *a, int64_t from_us, int64_t to_us,
                               struct summary_counts *counts, bool by_model, struct summary *out,
                               struct err *err)
{
    struct summary_window *w = calloc(1, sizeof *w);
    enum err_code code = w ? summary_window_read(a, from_us, to_us, counts, w, err)
                           : err_set(err, ERR_NO_MEMORY, "out of memory for a summary");
    if (code == ERR_OK)
        code = write_facts(a, w, out, err);
    if (code == ERR_OK && by_model)
        ask_model(a, w, out);
    free(w);
    return code;
}

enum err_code app_write_summary(struct app *a, struct summary *out, struct err *err)
{
    pthread_mutex_lock(&a->summary_lock);
    int64_t to = app_now_us(a), from = a->summarized_until_us;
    if (from == TIME_NONE || from >= to)
        from = to - first_window_us;
    enum err_code code = summarize(a, from, to, &a->summary_counts, true, out, err);
    if (code == ERR_OK) {
        struct store_batch batch = {.summaries = out, .summary_count = 1};
        code = store_write(a->store, &batch, err);
    }
    if (code == ERR_OK)
        a->summarized_until_us = to;
    pthread_mutex_unlock(&a->summary_lock);
    if (code == ERR_OK) {
        stage_count(&a->stages[STAGE_SUMMARY], 1, 1);
        struct app_event event = {.type = EVENT_SUMMARY, .change = CHANGE_OPENED, .summary = out};
        app_publish(a, &event);
    }
    return code;
}

enum err_code app_summary(struct app *a, struct summary *out, struct err *err)
{
    size_t count = 0;
    enum err_code code = store_summaries(a->store, 1, out, &count, err);
    if (code == ERR_OK && count == 0) {
        int64_t now = app_now_us(a);
        code = summarize(a, now - first_window_us, now, NULL, false, out, err);
    }
    return code;
}
