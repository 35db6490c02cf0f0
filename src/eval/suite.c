// Runs a detector over the files of a benchmark.
#include "eval/suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "eval/each.h"
#include "eval/page.h"

static void judge_one(void *arg, size_t i)
{
    struct suite_run *run = arg;
    struct eval_file *file = &run->report->files[i];
    char path[PATH_MAX];
    struct err err = {0};
    enum err_code code;
    if (snprintf(path, sizeof path, "%s/%s", run->folder, run->list.names[i]) >= (int)sizeof path)
        code = err_set(&err, ERR_LIMIT, "%s: the path is too long", run->list.names[i]);
    else
        code = run->suite->judge(run, i, path, &err);
    if (code != ERR_OK)
        str_copy(file->error, sizeof file->error, str_of(err.text));
}

static enum err_code find_files(struct suite_run *run, struct err *err)
{
    const struct suite *s = run->suite;
    const char *folder = run->options->folder;
    if (!file_is_dir(folder))
        return err_set(err, ERR_NOT_FOUND, "%s: no such folder", folder);
    if (snprintf(run->folder, sizeof run->folder, "%s%s%s", folder, s->subfolder[0] ? "/" : "",
                 s->subfolder) >= (int)sizeof run->folder)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", folder);
    if (!file_is_dir(run->folder))
        return err_set(err, ERR_NOT_FOUND, "%s: no folder %s in it, where the files of %s are",
                       folder, s->subfolder, s->title);
    return folder_list(run->folder, s->wanted, s->skip, s->what, &run->list, err);
}

static enum err_code make_room(struct suite_run *run, struct err *err)
{
    size_t n = run->list.count;
    run->report->files = calloc(n, sizeof *run->report->files);
    run->report->file_count = run->report->files ? n : 0;
    run->states = calloc(n, run->suite->state_bytes + 1);
    run->charts = calloc(n, sizeof *run->charts);
    if (!run->report->files || !run->states || !run->charts)
        return err_set(err, ERR_NO_MEMORY, "out of memory for %zu files", n);
    for (size_t i = 0; i < n; i++)
        str_copy(run->report->files[i].name, sizeof run->report->files[i].name,
                 str_of(run->list.names[i]));
    return ERR_OK;
}

static void free_run(struct suite_run *run)
{
    if (run->states && run->suite->end)
        run->suite->end(run);
    for (size_t i = 0; run->charts && i < run->list.count; i++)
        buf_free(&run->charts[i]);
    free(run->charts);
    free(run->states);
    folder_close(&run->list);
}

enum err_code suite_run(const struct suite *suite, const struct eval_options *options,
                        struct eval_report *out, struct err *err)
{
    struct suite_run run = {.suite = suite, .options = options, .report = out};
    int64_t started_us = clock_mono_us();
    *out = (struct eval_report){.suite = suite->name,
                                .title = suite->title,
                                .file_figures = suite->file_figures,
                                .figures = suite->figures};
    enum err_code code = eval_detector_find(options->detector, suite->bit, &run.detector, err);
    if (code == ERR_OK)
        code = find_files(&run, err);
    if (code == ERR_OK)
        code = make_room(&run, err);
    if (code == ERR_OK && suite->begin)
        code = suite->begin(&run, err);
    if (code == ERR_OK) {
        out->detector = run.detector->name;
        code = eval_each(run.list.count, suite->title, judge_one, &run, err);
    }
    for (size_t i = 0; i < out->file_count; i++)
        out->failed += out->files[i].error[0] != '\0';
    if (code == ERR_OK)
        code = suite->add_up(&run, err);
    out->seconds = (double)(clock_mono_us() - started_us) / (double)US_PER_SECOND;
    if (code == ERR_OK && options->html_path)
        code = page_write(options->html_path, out, run.charts, err);
    free_run(&run);
    if (code != ERR_OK)
        eval_report_close(out);
    return code;
}

enum err_code suite_judge(struct suite_run *run, size_t i, const char *path,
                          const struct eval_series *series, size_t train_rows,
                          struct eval_marks *out, struct err *err)
{
    struct eval_file *f = &run->report->files[i];
    enum err_code code =
        eval_judge(run->detector, series, train_rows, run->options->seed, out, err);
    if (code != ERR_OK)
        return err_prefix(err, "%s", path);
    f->rows = series->rows;
    f->readings = (uint64_t)series->rows * series->sensors;
    f->detect_seconds = out->seconds;
    return ERR_OK;
}
