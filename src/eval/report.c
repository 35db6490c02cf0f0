// Writes a report for people and for programs.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/eval.h"

void eval_report_close(struct eval_report *r)
{
    free(r->files);
    *r = (struct eval_report){0};
}

void eval_report_work(const struct eval_report *r, struct eval_work *out)
{
    *out = (struct eval_work){0};
    for (size_t i = 0; i < r->file_count; i++) {
        out->rows += r->files[i].rows;
        out->readings += r->files[i].readings;
        out->detect_seconds += r->files[i].detect_seconds;
    }
}

static void figures_json(const struct eval_figure *figures, const double *values,
                         struct json_out *to)
{
    for (size_t i = 0; figures[i].key; i++) {
        if (figures[i].decimals < 0)
            json_key_bool(to, figures[i].key, values[i] != 0);
        else
            json_key_real(to, figures[i].key, values[i]);
    }
}

void eval_report_json(const struct eval_report *r, struct json_out *to)
{
    struct eval_work work;
    eval_report_work(r, &work);
    json_object(to);
    json_key_text(to, "suite", r->suite);
    json_key_text(to, "detector", r->detector);
    figures_json(r->figures, r->values, to);
    json_key_int(to, "file_count", (int64_t)r->file_count);
    json_key_int(to, "failed", (int64_t)r->failed);
    json_key_int(to, "rows", (int64_t)work.rows);
    json_key_int(to, "readings", (int64_t)work.readings);
    json_key_real(to, "seconds", r->seconds);
    json_key_real(to, "detect_seconds", work.detect_seconds);
    json_key_real(to, "readings_per_second", (double)work.readings / work.detect_seconds);
    json_key(to, "files");
    json_array(to);
    for (size_t i = 0; i < r->file_count; i++) {
        const struct eval_file *f = &r->files[i];
        json_object(to);
        json_key_text(to, "file", f->name);
        if (f->error[0]) {
            json_key_text(to, "error", f->error);
        } else {
            figures_json(r->file_figures, f->figures, to);
            json_key_int(to, "rows", (int64_t)f->rows);
        }
        json_end(to);
    }
    json_end(to);
    json_end(to);
}

static void add_cell(struct buf *to, const struct eval_figure *figure, double value)
{
    int width = (int)strlen(figure->heading);
    width = width < 8 ? 8 : width;
    if (figure->decimals < 0)
        buf_printf(to, "  %*s", width, value != 0 ? "yes" : "no");
    else if (isnan(value))
        buf_printf(to, "  %*s", width, "-");
    else
        buf_printf(to, "  %*.*f", width, figure->decimals, value);
}

static void add_headings(struct buf *to, const struct eval_figure *figures)
{
    for (; figures->key; figures++)
        buf_printf(to, "  %8s", figures->heading);
    buf_add_char(to, '\n');
}

void eval_report_text(const struct eval_report *r, struct buf *to)
{
    size_t name_width = 4;
    for (size_t i = 0; i < r->file_count; i++)
        if (strlen(r->files[i].name) > name_width)
            name_width = strlen(r->files[i].name);
    buf_printf(to, "%-*s", (int)name_width, "file");
    add_headings(to, r->file_figures);
    for (size_t i = 0; i < r->file_count; i++) {
        const struct eval_file *f = &r->files[i];
        buf_printf(to, "%-*s", (int)name_width, f->name);
        for (size_t k = 0; !f->error[0] && r->file_figures[k].key; k++)
            add_cell(to, &r->file_figures[k], f->figures[k]);
        buf_printf(to, "%s%s\n", f->error[0] ? "  not judged: " : "", f->error);
    }
    buf_printf(to, "\n%s, detector %s, %zu files\n", r->title, r->detector,
               r->file_count - r->failed);
    add_headings(to, r->figures);
    for (size_t k = 0; r->figures[k].key; k++)
        add_cell(to, &r->figures[k], r->values[k]);
    struct eval_work work;
    eval_report_work(r, &work);
    buf_printf(to, "\n%llu rows, %llu readings, %.2f s", (unsigned long long)work.rows,
               (unsigned long long)work.readings, r->seconds);
    if (work.detect_seconds > 0)
        buf_printf(to, "; detector: %.2f million readings/s a core",
                   (double)work.readings / work.detect_seconds / 1e6);
    buf_add_char(to, '\n');
}
