// Runs a detector over the Numenta Anomaly Benchmark by its own protocol.
//
// Every file by itself, its probation to train with; then one threshold for all of them.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval/load.h"
#include "eval/suite.h"

static const struct eval_figure file_figures[] = {{"raw", "raw", 3},
                                                  {"windows", "windows", 0},
                                                  {"hits", "hit", 0},
                                                  {"false_rows", "false", 0},
                                                  {NULL, NULL, 0}};

static const struct eval_figure figures[] = {{"standard", "standard", 2},
                                             {"low_fp", "low FP", 2},
                                             {"low_fn", "low FN", 2},
                                             {"windows", "windows", 0},
                                             {"raw_standard", "raw", 6},
                                             {"raw_low_fp", "raw lowFP", 6},
                                             {"raw_low_fn", "raw lowFN", 6},
                                             {"threshold_standard", "threshold", 6},
                                             {"threshold_low_fp", "of lowFP", 6},
                                             {"threshold_low_fn", "of lowFN", 6},
                                             {NULL, NULL, 0}};

struct nab_state {
    struct eval_series series;
    struct eval_marks marks;
    struct nab_window *windows;
    size_t window_count;
};

static enum err_code begin(struct suite_run *run, struct err *err)
{
    char path[PATH_MAX];
    struct nab_labels *labels;
    if (snprintf(path, sizeof path, "%s/labels/combined_windows.json", run->options->folder) >=
        (int)sizeof path)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", run->options->folder);
    enum err_code code = nab_labels_open(path, &labels, err);
    if (code == ERR_OK)
        run->shared = labels;
    return code;
}

static enum err_code judge(struct suite_run *run, size_t i, const char *path, struct err *err)
{
    struct nab_state *s = suite_state(run, i);
    enum err_code code = load_csv(path, false, &s->series, err);
    if (code == ERR_OK && s->series.sensors != 1)
        code = err_set(err, ERR_INPUT, "%s: %zu columns of values, one is expected", path,
                       s->series.sensors);
    if (code == ERR_OK)
        code = nab_labels_apply(run->shared, run->list.names[i], &s->series, &s->windows,
                                &s->window_count, err);
    if (code == ERR_OK)
        code = suite_judge(run, i, path, &s->series, nab_probation(s->series.rows), &s->marks, err);
    return code;
}

static void draw(struct suite_run *run, size_t i, double threshold)
{
    struct nab_state *s = suite_state(run, i);
    const double *f = run->report->files[i].figures;
    char note[EVAL_TEXT_BYTES];
    snprintf(note, sizeof note, "%.0f of %.0f windows hit, %.0f rows detected outside, raw %.2f",
             f[2], f[1], f[3], f[0]);
    for (size_t k = 0; k < s->series.rows; k++)
        s->marks.alarms[k] = s->marks.scores[k] >= threshold;
    struct chart c = {.name = run->report->files[i].name,
                      .note = note,
                      .merit = f[0] - f[1], // what it lacks to a perfect score
                      .series = &s->series,
                      .marks = &s->marks,
                      .train_rows = nab_probation(s->series.rows),
                      .unit_scores = true,
                      .threshold = threshold};
    chart_write(&c, &run->charts[i]);
}

static void add_file(struct suite_run *run, size_t i, const struct nab_file *file, double threshold)
{
    struct nab_file_score score;
    score_nab_file(file, NAB_STANDARD, threshold, &score);
    double values[] = {score.raw, (double)file->window_count, (double)score.hits,
                       (double)score.false_rows};
    memcpy(run->report->files[i].figures, values, sizeof values);
    if (run->options->html_path)
        draw(run, i, threshold);
}

static enum err_code add_up(struct suite_run *run, struct err *err)
{
    struct nab_file *files = calloc(run->list.count, sizeof *files);
    struct score_nab score;
    if (!files)
        return err_set(err, ERR_NO_MEMORY, "out of memory for %zu files", run->list.count);
    // A file that failed stands here without rows and windows.
    for (size_t i = 0; i < run->list.count; i++) {
        const struct nab_state *s = suite_state(run, i);
        if (!run->report->files[i].error[0])
            files[i] =
                (struct nab_file){s->marks.scores, s->series.rows, s->windows, s->window_count};
    }
    enum err_code code = score_nab(files, run->list.count, &score, err);
    if (code == ERR_OK) {
        double *v = run->report->values;
        v[NAB_PROFILES] = (double)score.windows;
        for (int p = 0; p < NAB_PROFILES; p++) {
            v[p] = score.normalised[p];
            v[NAB_PROFILES + 1 + p] = score.raw[p];
            v[2 * NAB_PROFILES + 1 + p] = score.threshold[p];
        }
        for (size_t i = 0; i < run->list.count; i++)
            if (!run->report->files[i].error[0])
                add_file(run, i, &files[i], score.threshold[NAB_STANDARD]);
    }
    free(files);
    return code;
}

static void end(struct suite_run *run)
{
    struct nab_labels *labels = run->shared;
    for (size_t i = 0; i < run->list.count; i++) {
        struct nab_state *s = suite_state(run, i);
        eval_series_close(&s->series);
        eval_marks_close(&s->marks);
        free(s->windows);
    }
    nab_labels_close(&labels);
}

static const struct suite nab = {.name = "nab",
                                 .title = "NAB",
                                 .bit = EVAL_NAB,
                                 .subfolder = "data",
                                 .what = "CSV file",
                                 .wanted = folder_wants_csv,
                                 .file_figures = file_figures,
                                 .figures = figures,
                                 .state_bytes = sizeof(struct nab_state),
                                 .begin = begin,
                                 .judge = judge,
                                 .add_up = add_up,
                                 .end = end};

enum err_code eval_nab_run(const struct eval_options *options, struct eval_report *out,
                           struct err *err)
{
    return suite_run(&nab, options, out, err);
}
