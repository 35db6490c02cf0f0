// The HTML page of a report: its figures, and the charts as data that a script draws.
#include "eval/page.h"

#include <math.h>
#include <stdio.h>

#include "base/file.h"

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

static void add_figures(struct buf *to, const struct eval_report *r)
{
    buf_add_z(to, "<table><tr>");
    for (size_t k = 0; r->figures[k].key; k++)
        buf_printf(to, "<th>%s</th>", r->figures[k].heading);
    buf_add_z(to, "</tr><tr>");
    for (size_t k = 0; r->figures[k].key; k++) {
        if (isnan(r->values[k]))
            buf_add_z(to, "<td>-</td>");
        else
            buf_printf(to, "<td>%.*f</td>", r->figures[k].decimals, r->values[k]);
    }
    buf_add_z(to, "</tr></table>");
}

static void add_failures(struct buf *to, const struct eval_report *r)
{
    for (size_t i = 0; i < r->file_count; i++) {
        if (!r->files[i].error[0])
            continue;
        buf_add_z(to, "<p class=\"bad\">not judged: ");
        add_escaped(to, r->files[i].error);
        buf_add_z(to, "</p>");
    }
}

enum err_code page_write(const char *path, const struct eval_report *r, const struct buf *charts,
                         struct err *err)
{
    struct buf to = {0};
    buf_printf(&to,
               "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
               "<meta name=\"viewport\" content=\"width=device-width\">"
               "<title>%s: %s</title><style>\n",
               r->title, r->detector);
    buf_add_z(&to, eval_page_css);
    buf_printf(&to, "</style><h1>%s</h1><div>detector <b>%s</b>, %zu files</div>", r->title,
               r->detector, r->file_count - r->failed);
    add_figures(&to, r);
    add_failures(&to, r);
    buf_add_z(&to,
              "<div><button class=\"on\">as in the folder</button>"
              "<button>worst first</button></div>"
              "<div class=\"key\"><i style=\"background:#dfe4ea\"></i>not judged (training)"
              "<i style=\"background:#d64034\"></i>labelled anomaly"
              "<i style=\"background:#2a6f3c\"></i>alarm"
              "<i style=\"background:#6a3fa0\"></i>change point found (dotted: labelled)"
              "<i style=\"background:#b06214\"></i>score (dashed: threshold)</div><main></main>"
              "<script type=\"application/json\" id=\"data\">[");
    bool any = false;
    for (size_t i = 0; i < r->file_count; i++) {
        if (!charts[i].n)
            continue;
        buf_add_z(&to, any ? ",\n" : "");
        buf_add_str(&to, buf_str(&charts[i]));
        to.failed |= charts[i].failed;
        any = true;
    }
    buf_add_z(&to, "]</script><script>\n");
    buf_add_z(&to, eval_page_js);
    buf_add_z(&to, "</script></html>\n");
    enum err_code code = to.failed ? err_set(err, ERR_NO_MEMORY, "%s: out of memory", path)
                                   : file_replace(path, to.p, to.n, err);
    buf_free(&to);
    return code;
}
