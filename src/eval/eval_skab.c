// Runs a detector over SKAB by the leaderboard's protocol.
//
// Every file by itself: 400 rows to train with, the rest judged; counts are summed over files.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eval/load.h"
#include "eval/score_skab.h"
#include "eval/suite.h"

enum { TRAIN_ROWS = 400 };

// In the order of fill_figures.
static const struct eval_figure file_figures[] = {{"f1", "F1", 4},
                                                  {"far", "FAR %", 2},
                                                  {"mar", "MAR %", 2},
                                                  {"cp_standard", "CP std", 2},
                                                  {"changepoints", "changes", 0},
                                                  {"cp_missed", "missed", 0},
                                                  {"cp_false", "false", 0},
                                                  {"tp", "TP", 0},
                                                  {"fp", "FP", 0},
                                                  {"fn", "FN", 0},
                                                  {"tn", "TN", 0},
                                                  {NULL, NULL, 0}};

enum { F1, FAR, MAR, CP_STANDARD, CHANGES, MISSED, FALSE_ALARMS };

static const struct eval_figure figures[] = {{"f1", "F1", 4},
                                             {"far", "FAR %", 2},
                                             {"mar", "MAR %", 2},
                                             {"cp_standard", "CP std", 2},
                                             {"changepoints", "changes", 0},
                                             {"cp_missed", "missed", 0},
                                             {"cp_false", "false", 0},
                                             {"tp", "TP", 0},
                                             {"fp", "FP", 0},
                                             {"fn", "FN", 0},
                                             {"tn", "TN", 0},
                                             {"cp_low_fp", "CP lowFP", 2},
                                             {"cp_low_fn", "CP lowFN", 2},
                                             {NULL, NULL, 0}};

enum { CP_LOW_FP = sizeof file_figures / sizeof *file_figures - 1, CP_LOW_FN };

struct skab_file {
    struct score_skab_outliers outliers;
    struct score_skab_changes changes;
};

static void fill_figures(const struct skab_file *s, double *to)
{
    double values[] = {
        score_skab_f1(&s->outliers),     score_skab_far(&s->outliers),
        score_skab_mar(&s->outliers),    score_skab_change_score(&s->changes, SKAB_STANDARD),
        (double)s->changes.truths,       (double)s->changes.missed,
        (double)s->changes.false_alarms, (double)s->outliers.tp,
        (double)s->outliers.fp,          (double)s->outliers.fn,
        (double)s->outliers.tn};
    memcpy(to, values, sizeof values);
}

static void draw(struct suite_run *run, size_t i, const struct eval_series *series,
                 const struct eval_marks *marks)
{
    char note[EVAL_TEXT_BYTES];
    const double *f = run->report->files[i].figures;
    snprintf(note, sizeof note,
             "F1 %.3f, false alarms %.1f %%, missed %.1f %%; change points: %.0f of %.0f missed, "
             "%.0f false",
             f[F1], f[FAR], f[MAR], f[MISSED], f[CHANGES], f[FALSE_ALARMS]);
    struct chart c = {.name = run->report->files[i].name,
                      .note = note,
                      .merit = isnan(f[F1]) ? 1 : f[F1],
                      .series = series,
                      .marks = marks,
                      .train_rows = TRAIN_ROWS,
                      .unit_scores = true,
                      .threshold = NAN};
    chart_write(&c, &run->charts[i]);
}

static enum err_code score(struct skab_file *to, const struct eval_series *s,
                           const struct eval_marks *m, struct err *err)
{
    size_t t = TRAIN_ROWS, n = s->rows - TRAIN_ROWS;
    score_skab_add_outliers(&to->outliers, s->anomaly + t, m->alarms + t, n);
    return score_skab_add_changes(&to->changes, s->times_us + t, s->change + t, m->changes + t, n,
                                  err);
}

static enum err_code judge(struct suite_run *run, size_t i, const char *path, struct err *err)
{
    struct eval_series s = {0};
    struct eval_marks m = {0};
    struct skab_file *to = suite_state(run, i);
    enum err_code code = load_csv(path, true, &s, err);
    if (code == ERR_OK && s.rows <= TRAIN_ROWS)
        code = err_set(err, ERR_INPUT, "%s: %zu rows; the first %d are to train with", path, s.rows,
                       TRAIN_ROWS);
    if (code == ERR_OK)
        code = suite_judge(run, i, path, &s, TRAIN_ROWS, &m, err);
    if (code == ERR_OK)
        code = score(to, &s, &m, err);
    if (code == ERR_OK) {
        fill_figures(to, run->report->files[i].figures);
        if (run->options->html_path)
            draw(run, i, &s, &m);
    }
    eval_series_close(&s);
    eval_marks_close(&m);
    return code;
}

static enum err_code add_up(struct suite_run *run, struct err *err)
{
    struct skab_file sum = {0};
    (void)err;
    for (size_t i = 0; i < run->list.count; i++) {
        const struct skab_file *f = suite_state(run, i);
        if (run->report->files[i].error[0])
            continue;
        sum.outliers.tp += f->outliers.tp;
        sum.outliers.fp += f->outliers.fp;
        sum.outliers.fn += f->outliers.fn;
        sum.outliers.tn += f->outliers.tn;
        sum.changes.truths += f->changes.truths;
        sum.changes.missed += f->changes.missed;
        sum.changes.false_alarms += f->changes.false_alarms;
        for (int p = 0; p < SKAB_PROFILES; p++)
            sum.changes.sum[p] += f->changes.sum[p];
    }
    fill_figures(&sum, run->report->values);
    run->report->values[CP_LOW_FP] = score_skab_change_score(&sum.changes, SKAB_LOW_FP);
    run->report->values[CP_LOW_FN] = score_skab_change_score(&sum.changes, SKAB_LOW_FN);
    return ERR_OK;
}

// The folder of the repository holds one more file, of normal operation, that is not scored.
static const struct suite skab = {.name = "skab",
                                  .title = "SKAB",
                                  .bit = EVAL_SKAB,
                                  .subfolder = "",
                                  .skip = "anomaly-free",
                                  .what = "CSV file",
                                  .wanted = folder_wants_csv,
                                  .file_figures = file_figures,
                                  .figures = figures,
                                  .state_bytes = sizeof(struct skab_file),
                                  .judge = judge,
                                  .add_up = add_up};

enum err_code eval_skab_run(const struct eval_options *options, struct eval_report *out,
                            struct err *err)
{
    return suite_run(&skab, options, out, err);
}
