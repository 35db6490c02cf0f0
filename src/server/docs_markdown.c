// The route table as Markdown: docs/http.md.
#include <string.h>

#include "server/route.h"
#include "server/schema.h"
#include "server/server.h"

static const char introduction[] =
    "# HTTP API\n\n"
    "Made from the route table by `fettle docs http`; the same table answers at `/docs` and\n"
    "`/openapi.json`. Times are RFC 3339 in UTC; NaN and infinity are written as null.\n\n"
    "On a loopback address no key is needed unless `server.api_key` is set. Elsewhere every\n"
    "request but the public ones carries `X-API-Key: KEY` or `Authorization: Bearer KEY`; the key\n"
    "is in the file `api-key` of the data folder. The Host header must be one that the server\n"
    "knows (`server.hosts`, else 421). Changes from pages of other sites are refused (403).\n\n"
    "Errors are `{\"error\":{\"code\":...,\"message\":...,\"field\":...}}`. 413, 414 and 431 tell "
    "of\nlimits, 429 and 503 carry Retry-After, 507 says that the disk is full: nothing of that\n"
    "request was stored, sending it again is right. Bodies may be sent with `Content-Encoding:\n"
    "gzip`; answers are packed when asked for. Answers with an ETag are 304 when nothing changed.\n"
    "Every GET answers HEAD, too.\n";

static void write_params(struct buf *out, const struct route *r)
{
    if (!r->params)
        return;
    buf_add_z(out, "\n| parameter | type | default | |\n|---|---|---|---|\n");
    for (const struct param_def *p = r->params; p->name; p++) {
        buf_printf(out, "| `%s` | %s", p->name,
                   p->type == PARAM_CHOICE ? "" : param_type_name(p->type));
        for (struct str rest = str_of(p->choices); rest.n;) {
            struct str one = str_cut(&rest, '|');
            buf_printf(out, "`%.*s`%s", STR_ARG(one), rest.n ? ", " : "");
        }
        if (p->type == PARAM_INT && p->max != INT64_MAX && p->max != INT32_MAX)
            buf_printf(out, " %lld to %lld", (long long)p->min, (long long)p->max);
        buf_printf(out, " | %s | %s%s |\n", p->default_text ? p->default_text : "", p->help,
                   p->required ? " (needed)" : "");
    }
}

static void write_route(struct buf *out, const struct route *r)
{
    buf_printf(out, "\n## %s %s\n\n%s. Role: %s.", route_method_name(r->method), r->path,
               r->summary, role_name(r->role));
    if (r->body_schema)
        buf_printf(out, " Body%s: %s.", r->body_optional ? " (may be left out)" : "",
                   r->body_schema);
    if (r->reply_schema[0])
        buf_printf(out, " Answer: %s.\n", r->reply_schema);
    else
        buf_add_z(out, " Answer: 204.\n");
    write_params(out, r);
}

static void write_schemas(struct buf *out)
{
    buf_add_z(out, "\n# What bodies and answers hold\n\nA `?` after a type: may be null. `[]`: a "
                   "list. `{}`: an object with any names.\n");
    const char *before = "";
    for (const struct schema_field *f = schema_first(); f; f = schema_next(f)) {
        bool optional = f->name[0] == '-';
        if (strcmp(before, f->schema) != 0)
            buf_printf(out, "\n## %s\n\n| member | type | |\n|---|---|---|\n", f->schema);
        before = f->schema;
        buf_printf(out, "| `%s` | %s | %s%s |\n", f->name + optional, f->type, f->help,
                   optional ? " (not always there)" : "");
    }
}

void server_docs(struct buf *out)
{
    buf_add_z(out, introduction);
    for (const struct route *r = routes; r->path; r++)
        write_route(out, r);
    write_schemas(out);
}
