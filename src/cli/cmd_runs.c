// fettle runs: lists, shows and compares the records of training runs.
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json_out.h"
#include "cli/command.h"
#include "nn/run_page.h"

enum { COMPARED_MAX = 16, ID_SHOWN = 8 };

static struct {
    const char *html;
} opt;

static const struct option table[] = {
    {"html", "FILE", "show, compare: also write a page with the curves", OPTION_TEXT, &opt.html},
    {"data", "DIR", "Folder with runs/ (default ./fettle-data)", OPTION_TEXT,
     &common_options.data_dir},
    JSON_OPTION,
    OPTIONS_END};

static const struct option *options(void)
{
    return table;
}

static double last_of(const struct run_metric *m)
{
    return m && m->count ? m->points[m->count - 1].value : NAN;
}

static double least_of(const struct run_metric *m)
{
    double least = NAN;
    for (size_t i = 0; m && i < m->count; i++)
        least = fmin(least, m->points[i].value);
    return least;
}

static uint64_t steps_of(const struct run *r)
{
    const struct run_metric *m = run_metric_find(r, "loss");
    return m && m->count ? m->points[m->count - 1].step : 0;
}

static void add_real(struct buf *out, double v)
{
    if (isfinite(v))
        buf_printf(out, " %10.4f", v);
    else
        buf_printf(out, " %10s", "-");
}

static void list_text(const struct run *runs, size_t count, struct buf *out)
{
    buf_printf(out, "%-8s %-20s %-9s %7s %10s %10s  %s\n", "run", "name", "status", "steps", "loss",
               "best eval", "started");
    for (size_t i = 0; i < count; i++) {
        char started[TIME_TEXT_BYTES];
        buf_printf(out, "%.*s %-20s %-9s %7llu", ID_SHOWN, runs[i].id, runs[i].name,
                   run_status_name(runs[i].status), (unsigned long long)steps_of(&runs[i]));
        add_real(out, last_of(run_metric_find(&runs[i], "loss")));
        add_real(out, least_of(run_metric_find(&runs[i], "eval_loss")));
        buf_printf(out, "  %.19s\n", time_to_text(runs[i].start_us, started));
    }
}

static void run_json(struct json_out *j, const struct run *r)
{
    json_object(j);
    json_key_text(j, "id", r->id);
    json_key_text(j, "name", r->name);
    json_key_text(j, "status", run_status_name(r->status));
    json_key_time(j, "started", r->start_us);
    json_key_time(j, "ended", r->end_us);
    json_key(j, "settings");
    json_object(j);
    for (size_t i = 0; i < r->param_count; i++)
        json_key_text(j, r->params[i].name, r->params[i].value);
    json_end(j);
    json_key(j, "tags");
    json_object(j);
    for (size_t i = 0; i < r->tag_count; i++)
        json_key_text(j, r->tags[i].name, r->tags[i].value);
    json_end(j);
    json_key(j, "metrics");
    json_object(j);
    for (size_t i = 0; i < r->metric_count; i++) {
        const struct run_metric *m = &r->metrics[i];
        json_key(j, m->name);
        json_object(j);
        json_key_int(j, "step", m->count ? (int64_t)m->points[m->count - 1].step : 0);
        json_key_real(j, "last", last_of(m));
        json_key_real(j, "least", least_of(m));
        json_end(j);
    }
    json_end(j);
    json_end(j);
}

typedef const char *value_fn(const struct run *r, const char *name);

// One line for each of the first run's names; of several runs, only what differs.
static void show_values(const struct run *const *runs, size_t count, const struct run_param *names,
                        size_t name_count, value_fn *value_of, struct buf *out)
{
    for (size_t k = 0; k < name_count; k++) {
        bool same = count > 1;
        for (size_t i = 1; i < count; i++) {
            const char *value = value_of(runs[i], names[k].name);
            same = same && value && strcmp(value, names[k].value) == 0;
        }
        if (same)
            continue;
        buf_printf(out, "%-28s", names[k].name);
        for (size_t i = 0; i < count; i++) {
            const char *value = value_of(runs[i], names[k].name);
            buf_printf(out, " %20s", value ? value : "-");
        }
        buf_add_char(out, '\n');
    }
}

static void show_text(const struct run *const *runs, size_t count, struct buf *out)
{
    buf_printf(out, "%-28s", "");
    for (size_t i = 0; i < count; i++)
        buf_printf(out, " %20.*s", ID_SHOWN, runs[i]->id);
    buf_add_char(out, '\n');
    for (size_t k = 0; k < runs[0]->metric_count; k++) {
        const char *name = runs[0]->metrics[k].name;
        buf_printf(out, "%-28s", name);
        for (size_t i = 0; i < count; i++)
            buf_printf(out, " %20.6g", last_of(run_metric_find(runs[i], name)));
        buf_add_char(out, '\n');
    }
    show_values(runs, count, runs[0]->params, runs[0]->param_count, run_param_find, out);
    show_values(runs, count, runs[0]->tags, runs[0]->tag_count, run_tag_find, out);
}

static enum err_code write_page(const struct run *const *runs, size_t count, struct err *err)
{
    struct buf page = {0};
    run_page_write(runs, count, &page);
    enum err_code code = page.failed ? err_set(err, ERR_NO_MEMORY, "out of memory for the page")
                                     : file_replace(opt.html, page.p, page.n, err);
    buf_free(&page);
    return code;
}

static enum err_code show(const struct run *all, size_t count, const struct option_list *ids,
                          struct buf *out, struct err *err)
{
    const struct run *runs[COMPARED_MAX];
    size_t n = ids->count - 1;
    if (n < 1 || n > COMPARED_MAX)
        return err_set(err, ERR_USAGE, "1 to %d runs are expected", COMPARED_MAX);
    for (size_t i = 0; i < n; i++) {
        enum err_code code = run_find(all, count, ids->items[i + 1], &runs[i], err);
        if (code)
            return code;
    }
    if (common_options.json) {
        struct json_out j;
        json_open(&j, out);
        json_array(&j);
        for (size_t i = 0; i < n; i++)
            run_json(&j, runs[i]);
        json_end(&j);
        buf_add_char(out, '\n');
    } else {
        show_text(runs, n, out);
    }
    return opt.html ? write_page(runs, n, err) : ERR_OK;
}

static void list(const struct run *runs, size_t count, struct buf *out)
{
    if (!common_options.json) {
        list_text(runs, count, out);
        return;
    }
    struct json_out j;
    json_open(&j, out);
    json_array(&j);
    for (size_t i = 0; i < count; i++)
        run_json(&j, &runs[i]);
    json_end(&j);
    buf_add_char(out, '\n');
}

static enum err_code run(const struct option_list *operands, struct err *err)
{
    const char *what = operands->count ? operands->items[0] : "list";
    bool lists = strcmp(what, "list") == 0;
    if (!lists && strcmp(what, "show") != 0 && strcmp(what, "compare") != 0)
        return err_set(err, ERR_USAGE, "'%s': list, show or compare expected", what);
    char root[PATH_MAX];
    const char *data = common_options.data_dir ? common_options.data_dir : "fettle-data";
    snprintf(root, sizeof root, "%s/runs", data);
    struct arena *arena = arena_open(0);
    if (!arena)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    const struct run *runs;
    size_t count;
    struct buf out = {0};
    enum err_code code = run_read_all(root, arena, &runs, &count, err);
    if (!code && lists)
        list(runs, count, &out);
    else if (!code)
        code = show(runs, count, operands, &out, err);
    if (!code)
        code = cli_print(&out, err);
    buf_free(&out);
    arena_close(&arena);
    return code;
}

const struct command command_runs = {
    .name = "runs",
    .operands = "[list | show RUN | compare RUN...]",
    .summary = "List, show and compare training runs",
    .text = "A run is named by the first letters of its id. compare shows the metrics' last values "
            "and\n"
            "the settings that differ; --html writes a page with all curves. DIR/runs follows the "
            "layout of\n"
            "MLflow's file store (docs/training.md says what was compared with it).",
    .examples = "  fettle runs\n"
                "  fettle runs compare 3f2a 91bc --html curves.html\n",
    .options = options,
    .run = run,
};
