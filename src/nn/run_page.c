// Runs as an HTML page with charts in SVG.
#include "nn/run_page.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

enum { WIDTH = 640, HEIGHT = 240, MARGIN = 64, POINTS = 600, MARKED = 40 };

static const char *const colours[] = {"#0b6bcb", "#c2410c", "#15803d", "#7e22ce", "#a16207"};

static const char *colour(size_t i)
{
    return colours[i % (sizeof colours / sizeof *colours)];
}

static void add_escaped(struct buf *to, const char *text)
{
    for (; *text; text++) {
        if (*text == '<')
            buf_add_z(to, "&lt;");
        else if (*text == '&')
            buf_add_z(to, "&amp;");
        else
            buf_add_char(to, *text);
    }
}

struct range {
    double low, high;
    uint64_t last;
};

static struct range range_of(const struct run *const *runs, size_t count, const char *metric)
{
    struct range r = {INFINITY, -INFINITY, 1};
    for (size_t i = 0; i < count; i++) {
        const struct run_metric *m = run_metric_find(runs[i], metric);
        for (size_t k = 0; m && k < m->count; k++) {
            if (!isfinite(m->points[k].value))
                continue;
            r.low = fmin(r.low, m->points[k].value);
            r.high = fmax(r.high, m->points[k].value);
            r.last = m->points[k].step > r.last ? m->points[k].step : r.last;
        }
    }
    if (r.high <= r.low) {
        r.high = r.low + fmax(fabs(r.low) * 0.1, 1e-6);
        r.low -= fmax(fabs(r.low) * 0.1, 1e-6);
    }
    return r;
}

static double x_of(const struct range *r, const struct run_point *p)
{
    return MARGIN + (WIDTH - MARGIN - 8) * (double)p->step / (double)r->last;
}

static double y_of(const struct range *r, const struct run_point *p)
{
    return 8 + (HEIGHT - 32) * (r->high - p->value) / (r->high - r->low);
}

// At most POINTS of a metric's points; a few are marked, too: one alone makes no line.
static void add_line(struct buf *to, const struct run_metric *m, const struct range *r,
                     const char *stroke)
{
    size_t step = m->count / POINTS + 1;
    buf_printf(to, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" points=\"", stroke);
    for (size_t k = 0; k < m->count; k += step)
        if (isfinite(m->points[k].value))
            buf_printf(to, "%.1f,%.1f ", x_of(r, &m->points[k]), y_of(r, &m->points[k]));
    buf_add_z(to, "\"/>");
    for (size_t k = 0; m->count <= MARKED && k < m->count; k++)
        if (isfinite(m->points[k].value))
            buf_printf(to, "<circle fill=\"%s\" r=\"2.5\" cx=\"%.1f\" cy=\"%.1f\"/>", stroke,
                       x_of(r, &m->points[k]), y_of(r, &m->points[k]));
}

static void add_chart(struct buf *to, const struct run *const *runs, size_t count,
                      const char *metric)
{
    struct range r = range_of(runs, count, metric);
    if (!isfinite(r.low))
        return;
    buf_add_z(to, "<h2>");
    add_escaped(to, metric);
    buf_printf(to,
               "</h2><svg viewBox=\"0 0 %d %d\" role=\"img\"><rect x=\"%d\" y=\"8\" width=\"%d\" "
               "height=\"%d\" fill=\"none\" stroke=\"#ccc\"/>",
               WIDTH, HEIGHT, MARGIN, WIDTH - MARGIN - 8, HEIGHT - 32);
    buf_printf(to,
               "<text x=\"%d\" y=\"18\" text-anchor=\"end\">%.4g</text>"
               "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.4g</text>"
               "<text x=\"%d\" y=\"%d\">0</text>"
               "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">step %llu</text>",
               MARGIN - 6, r.high, MARGIN - 6, HEIGHT - 26, r.low, MARGIN, HEIGHT - 8, WIDTH - 8,
               HEIGHT - 8, (unsigned long long)r.last);
    for (size_t i = 0; i < count; i++) {
        const struct run_metric *m = run_metric_find(runs[i], metric);
        if (m)
            add_line(to, m, &r, colour(i));
    }
    buf_add_z(to, "</svg>");
}

bool run_chart_write(const struct run *r, const char *const *metrics, size_t count, struct buf *to)
{
    struct range all = {INFINITY, -INFINITY, 1};
    for (size_t i = 0; i < count; i++) {
        struct range one = range_of(&r, 1, metrics[i]);
        if (!isfinite(one.low))
            continue;
        all.low = fmin(all.low, one.low);
        all.high = fmax(all.high, one.high);
        all.last = one.last > all.last ? one.last : all.last;
    }
    if (!isfinite(all.low))
        return false;
    buf_printf(
        to,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
        "font-family=\"sans-serif\" font-size=\"11\"><rect width=\"%d\" height=\"%d\" "
        "fill=\"#fff\"/><rect x=\"%d\" y=\"8\" width=\"%d\" height=\"%d\" fill=\"none\" "
        "stroke=\"#ccc\"/><text x=\"2\" y=\"16\">%.4g</text><text x=\"2\" y=\"%d\">%.4g</text>"
        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">step %llu</text>",
        WIDTH, HEIGHT, WIDTH, WIDTH, HEIGHT, MARGIN, WIDTH - MARGIN - 8, HEIGHT - 32, all.high,
        HEIGHT - 24, all.low, WIDTH - 8, HEIGHT - 8, (unsigned long long)all.last);
    for (size_t i = 0; i < count; i++) {
        const struct run_metric *m = run_metric_find(r, metrics[i]);
        if (!m)
            continue;
        add_line(to, m, &all, colour(i));
        buf_printf(to, "<text x=\"%d\" y=\"%d\" fill=\"%s\">", MARGIN + 100 * (int)i, HEIGHT - 8,
                   colour(i));
        add_escaped(to, metrics[i]);
        buf_add_z(to, "</text>");
    }
    buf_add_z(to, "</svg>\n");
    return true;
}

// True when no run before `run` has the metric: it is drawn once.
static bool first_with(const struct run *const *runs, size_t run, const char *metric)
{
    for (size_t i = 0; i < run; i++)
        if (run_metric_find(runs[i], metric))
            return false;
    return true;
}

static void add_legend(struct buf *to, const struct run *const *runs, size_t count)
{
    buf_add_z(to, "<ul>");
    for (size_t i = 0; i < count; i++) {
        char started[TIME_TEXT_BYTES];
        buf_printf(to, "<li style=\"color:%s\"><b>", colour(i));
        add_escaped(to, runs[i]->name);
        buf_printf(to, "</b> %.8s, %s, started %s</li>", runs[i]->id,
                   run_status_name(runs[i]->status), time_to_text(runs[i]->start_us, started));
    }
    buf_add_z(to, "</ul>");
}

typedef const char *value_fn(const struct run *r, const char *name);

static void add_values(struct buf *to, const struct run *const *runs, size_t count,
                       const struct run_param *names, size_t name_count, value_fn *value_of)
{
    for (size_t k = 0; k < name_count; k++) {
        buf_add_z(to, "<tr><th>");
        add_escaped(to, names[k].name);
        buf_add_z(to, "</th>");
        for (size_t i = 0; i < count; i++) {
            const char *value = value_of(runs[i], names[k].name);
            bool differs = !value || strcmp(value, names[k].value) != 0;
            buf_add_z(to, differs ? "<td class=\"other\">" : "<td>");
            add_escaped(to, value ? value : "-");
            buf_add_z(to, "</td>");
        }
        buf_add_z(to, "</tr>");
    }
}

static void add_settings(struct buf *to, const struct run *const *runs, size_t count)
{
    buf_add_z(to, "<h2>Settings</h2><table>");
    if (count) {
        add_values(to, runs, count, runs[0]->params, runs[0]->param_count, run_param_find);
        add_values(to, runs, count, runs[0]->tags, runs[0]->tag_count, run_tag_find);
    }
    buf_add_z(to, "</table>");
}

void run_page_write(const struct run *const *runs, size_t count, struct buf *to)
{
    buf_add_z(to, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
                  "<meta name=\"viewport\" content=\"width=device-width\"><title>Runs</title>"
                  "<style>body{font:15px/1.4 system-ui,sans-serif;max-width:44em;margin:2em auto;"
                  "padding:0 1em}svg{width:100%}svg text{font-size:11px;fill:#555}"
                  "td,th{text-align:left;padding:.1em .8em .1em 0}th{font-weight:normal;"
                  "color:#555}.other{font-weight:bold}</style><h1>Runs</h1>");
    add_legend(to, runs, count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < runs[i]->metric_count; k++)
            if (first_with(runs, i, runs[i]->metrics[k].name))
                add_chart(to, runs, count, runs[i]->metrics[k].name);
    add_settings(to, runs, count);
    buf_add_z(to, "</html>\n");
}
