// Runs a detector over the UCR anomaly archive: one answer a file.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eval/load.h"
#include "eval/score_ucr.h"
#include "eval/suite.h"

static const struct eval_figure file_figures[] = {
    {"right", "right", -1}, {"position", "position", 0}, {"begin", "begin", 0},
    {"end", "end", 0},      {"train", "train", 0},       {NULL, NULL, 0}};

enum { RIGHT, POSITION };

static const struct eval_figure figures[] = {
    {"accuracy", "accuracy", 4}, {"right", "right", 0}, {NULL, NULL, 0}};

// The archive's names; other texts (a readme) are none of its files.
static bool is_series(const char *name)
{
    struct str s = str_of(name);
    return strstr(name, "UCR_Anomaly_") &&
           (str_ends(s, STR_LIT(".txt")) || str_ends(s, STR_LIT(".txt.gz")));
}

static void draw(struct suite_run *run, size_t i, const struct eval_series *series,
                 const struct eval_marks *marks, const struct ucr_labels *labels)
{
    const double *f = run->report->files[i].figures;
    char note[EVAL_TEXT_BYTES];
    snprintf(note, sizeof note, "%s: highest score at %.0f, the anomaly is %lld to %lld",
             f[RIGHT] != 0 ? "right" : "wrong", f[POSITION], (long long)labels->begin,
             (long long)labels->end);
    struct chart c = {.name = run->report->files[i].name,
                      .note = note,
                      .merit = f[RIGHT],
                      .series = series,
                      .marks = marks,
                      .train_rows = (size_t)labels->train,
                      .threshold = NAN,
                      .numbered = true};
    chart_write(&c, &run->charts[i]);
}

static enum err_code judge(struct suite_run *run, size_t i, const char *path, struct err *err)
{
    struct eval_series s = {0};
    struct eval_marks m = {0};
    struct ucr_labels labels;
    enum err_code code = load_ucr(path, &s, &labels, err);
    if (code == ERR_OK)
        code = suite_judge(run, i, path, &s, (size_t)labels.train, &m, err);
    if (code == ERR_OK) {
        int64_t position = score_ucr_position(m.scores, s.rows, (size_t)labels.train);
        double values[] = {score_ucr_right(labels.begin, labels.end, position), (double)position,
                           (double)labels.begin, (double)labels.end, (double)labels.train};
        memcpy(run->report->files[i].figures, values, sizeof values);
        // The answer is the one position: that is the alarm to draw.
        memset(m.alarms, 0, s.rows);
        if (position > 0)
            m.alarms[position - 1] = 1;
        if (run->options->html_path)
            draw(run, i, &s, &m, &labels);
    }
    eval_series_close(&s);
    eval_marks_close(&m);
    return code;
}

static enum err_code add_up(struct suite_run *run, struct err *err)
{
    double right = 0, judged = 0;
    (void)err;
    for (size_t i = 0; i < run->list.count; i++) {
        if (run->report->files[i].error[0])
            continue;
        right += run->report->files[i].figures[RIGHT];
        judged++;
    }
    run->report->values[0] = judged > 0 ? right / judged : NAN;
    run->report->values[1] = right;
    return ERR_OK;
}

static const struct suite ucr = {.name = "ucr",
                                 .title = "UCR anomaly archive",
                                 .bit = EVAL_UCR,
                                 .subfolder = "",
                                 .what = "file *UCR_Anomaly_*.txt or .txt.gz",
                                 .wanted = is_series,
                                 .file_figures = file_figures,
                                 .figures = figures,
                                 .judge = judge,
                                 .add_up = add_up};

enum err_code eval_ucr_run(const struct eval_options *options, struct eval_report *out,
                           struct err *err)
{
    return suite_run(&ucr, options, out, err);
}
