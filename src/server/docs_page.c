// The route table as an HTML page: /docs.
#include <string.h>

#include "server/openapi.h"
#include "server/route.h"
#include "server/schema.h"

// Words in `backticks` are code.
static void add_text(struct buf *out, const char *z)
{
    bool code = false;
    for (; *z; z++)
        switch (*z) {
        case '`':
            code = !code;
            buf_add_z(out, code ? "<code>" : "</code>");
            break;
        case '<':
            buf_add_z(out, "&lt;");
            break;
        case '>':
            buf_add_z(out, "&gt;");
            break;
        case '&':
            buf_add_z(out, "&amp;");
            break;
        case '"':
            buf_add_z(out, "&quot;");
            break;
        default:
            buf_add_char(out, *z);
        }
}

// A schema's name links to its table.
static void add_type(struct buf *out, const char *type)
{
    size_t lead = strncmp(type, "[]", 2) == 0 || strncmp(type, "{}", 2) == 0 ? 2 : 0;
    size_t n = strcspn(type + lead, "?");
    struct str name = {type + lead, n};
    if (lead)
        buf_add_z(out, type[0] == '[' ? "list of " : "object of ");
    if (n && name.p[0] >= 'A' && name.p[0] <= 'Z')
        buf_printf(out, "<a href=\"#%.*s\">%.*s</a>", STR_ARG(name), STR_ARG(name));
    else
        buf_printf(out, "%.*s", STR_ARG(name));
    if (type[lead + n] == '?')
        buf_add_z(out, " or null");
}

// "a|b" as "a, b": it may break between them.
static void add_choices(struct buf *out, const char *choices)
{
    struct str rest = str_of(choices);
    while (rest.p) {
        buf_add_str(out, str_cut(&rest, '|'));
        buf_add_z(out, rest.p ? ", " : "");
    }
}

static void add_params(struct buf *out, const struct route *r)
{
    if (!r->params)
        return;
    buf_add_z(out, "<table><tr><th>parameter<th>type<th>default<th></tr>");
    for (const struct param_def *p = r->params; p->name; p++) {
        buf_add_z(out, "<tr><td><code>");
        add_text(out, p->name);
        buf_add_z(out, "</code><td>");
        if (p->choices)
            add_choices(out, p->choices);
        else
            add_text(out, param_type_name(p->type));
        buf_add_z(out, "<td>");
        add_text(out, p->default_text ? p->default_text : p->required ? "needed" : "");
        buf_add_z(out, "<td>");
        add_text(out, p->help);
        buf_add_z(out, "</tr>");
    }
    buf_add_z(out, "</table>");
}

static bool is_schema(const char *name)
{
    for (const struct schema_field *f = schema_first(); f; f = schema_next(f))
        if (strcmp(f->schema, name) == 0)
            return true;
    return false;
}

static void add_shape(struct buf *out, const char *label, const char *name)
{
    buf_add_z(out, label);
    if (is_schema(name))
        buf_printf(out, "<a href=\"#%s\">%s</a>", name, name);
    else
        add_text(out, name[0] ? name : "204, no content");
}

static void add_route(struct buf *out, const struct route *r)
{
    const char *method = route_method_name(r->method);
    buf_printf(out, "<section><h2><span class=\"method %s\">%s</span> <code>", method, method);
    add_text(out, r->path);
    buf_add_z(out, "</code></h2><p>");
    add_text(out, r->summary);
    buf_printf(out, ".</p><p class=\"facts\">role %s", role_name(r->role));
    if (r->body_schema)
        add_shape(out, " &middot; body ", r->body_schema);
    add_shape(out, " &middot; answer ", r->reply_schema);
    buf_add_z(out, "</p>");
    add_params(out, r);
    buf_add_z(out, "</section>");
}

static void add_schemas(struct buf *out)
{
    const char *before = "";
    buf_add_z(out, "<h1>What bodies and answers hold</h1>");
    for (const struct schema_field *f = schema_first(); f; f = schema_next(f)) {
        bool optional = f->name[0] == '-';
        if (strcmp(before, f->schema) != 0)
            buf_printf(out, "%s<section id=\"%s\"><h2><code>%s</code></h2><table>",
                       before[0] ? "</table></section>" : "", f->schema, f->schema);
        before = f->schema;
        buf_printf(out, "<tr><td><code>%s</code><td>", f->name + optional);
        add_type(out, f->type);
        buf_add_z(out, "<td>");
        add_text(out, f->help);
        buf_printf(out, "%s</tr>", optional ? " <i>(not always there)</i>" : "");
    }
    buf_add_z(out, "</table></section>");
}

void docs_page_write(struct buf *out)
{
    buf_add_z(out,
              "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
              "<title>fettle: HTTP API</title><link rel=\"icon\" href=\"/icon.svg\">"
              "<link rel=\"stylesheet\" href=\"/docs.css\"></head><body><main>"
              "<p><a href=\"/\">&larr; the plant</a> &middot; <a href=\"/openapi.json\">OpenAPI</a>"
              "</p><h1>HTTP API</h1><p>Times are RFC 3339 in UTC. Errors are "
              "<a href=\"#Error\"><code>{\"error\":{\"code\",\"message\",\"field\"}}</code></a>. "
              "Where a key is needed, send <code>X-API-Key: KEY</code> or "
              "<code>Authorization: Bearer KEY</code>.</p>");
    for (const struct route *r = routes; r->path; r++)
        add_route(out, r);
    add_schemas(out);
    buf_add_z(out, "</main></body></html>\n");
}
