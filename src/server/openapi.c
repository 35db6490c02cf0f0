// The route table as an OpenAPI 3.1 document.
#include "server/openapi.h"

#include <stdio.h>
#include <string.h>

#include "base/json_out.h"
#include "server/route.h"
#include "server/schema.h"

static void write_param_schema(struct json_out *j, const struct param_def *p)
{
    static const char *const types[] = {"string", "integer", "boolean",
                                        "string", "string",  "string"};
    json_key(j, "schema");
    json_object(j);
    json_key_text(j, "type", types[p->type]);
    if (p->type == PARAM_INT) {
        json_key_int(j, "minimum", p->min);
        json_key_int(j, "maximum", p->max);
    }
    if (p->type == PARAM_HEX_ID)
        json_key_text(j, "pattern", "^[0-9a-fA-F]{1,16}$");
    if (p->type == PARAM_CHOICE) {
        json_key(j, "enum");
        json_array(j);
        for (struct str rest = str_of(p->choices); rest.n;)
            json_str(j, str_cut(&rest, '|'));
        json_end(j);
    }
    if (p->default_text) {
        json_key(j, "default");
        if (p->type == PARAM_INT)
            json_raw(j, str_of(p->default_text));
        else
            json_text(j, p->default_text);
    }
    json_end(j);
}

static void write_params(struct json_out *j, const struct route *r)
{
    json_key(j, "parameters");
    json_array(j);
    for (const struct param_def *p = r->params; p && p->name; p++) {
        bool path = p->name[0] == '{';
        struct str name = str_of(p->name);
        if (path)
            name = (struct str){name.p + 1, name.n - 2};
        json_object(j);
        json_key(j, "name");
        json_str(j, name);
        json_key_text(j, "in", path ? "path" : "query");
        json_key_bool(j, "required", p->required);
        json_key_text(j, "description", p->help);
        write_param_schema(j, p);
        json_end(j);
    }
    json_end(j);
}

static void write_content(struct json_out *j, const char *media, const char *schema)
{
    json_key(j, media);
    json_object(j);
    json_key(j, "schema");
    schema_write_type(j, schema);
    json_end(j);
}

static void write_body(struct json_out *j, const struct route *r)
{
    if (r->body == BODY_NONE)
        return;
    json_key(j, "requestBody");
    json_object(j);
    json_key_bool(j, "required", !r->body_optional);
    json_key(j, "content");
    json_object(j);
    if (r->body == BODY_JSON && strcmp(r->body_schema, "ConfigChange") == 0) {
        write_content(j, "application/json", "{}any");
    } else if (r->body == BODY_JSON) {
        write_content(j, "application/json", r->body_schema);
    } else {
        if (strcmp(r->body_schema, "Readings") == 0) {
            write_content(j, "application/json", "[]Readings");
            write_content(j, "application/x-ndjson", "text");
            write_content(j, "text/csv", "text");
        }
        write_content(j, "text/plain", "text");
    }
    json_end(j);
    json_end(j);
}

static void write_answer(struct json_out *j, const char *status, const char *text,
                         const char *media, const char *schema)
{
    json_key(j, status);
    json_object(j);
    json_key_text(j, "description", text);
    if (media) {
        json_key(j, "content");
        json_object(j);
        write_content(j, media, schema);
        json_end(j);
    }
    json_end(j);
}

static void write_answers(struct json_out *j, const struct route *r)
{
    json_key(j, "responses");
    json_object(j);
    if (r->reply_schema[0] == '\0')
        write_answer(j, "204", "Everything was stored", NULL, NULL);
    else if (strchr(r->reply_schema, '/'))
        write_answer(j, "200", "Success", r->reply_schema, "any");
    else
        write_answer(j, "200", "Success", "application/json", r->reply_schema);
    write_answer(j, "default", "What went wrong", "application/json", "Error");
    json_end(j);
}

// "get_api_v1_incidents_id": unique, since method and path are.
static void write_operation_id(struct json_out *j, const struct route *r)
{
    char id[128];
    size_t n = 0;
    for (const char *p = route_method_name(r->method); *p && n < sizeof id - 1; p++)
        id[n++] = (char)(*p | 32);
    for (const char *p = r->path; *p && n < sizeof id - 1; p++)
        if (*p != '{' && *p != '}')
            id[n++] = *p == '/' || *p == '.' ? '_' : *p;
    id[n] = '\0';
    json_key_text(j, "operationId", id);
}

static void write_operation(struct json_out *j, const struct route *r)
{
    char method[8];
    size_t n = 0;
    for (const char *p = route_method_name(r->method); *p; p++)
        method[n++] = (char)(*p | 32);
    method[n] = '\0';
    json_key(j, method);
    json_object(j);
    write_operation_id(j, r);
    json_key_text(j, "summary", r->summary);
    json_key_text(j, "x-role", role_name(r->role));
    if (r->role == ROLE_PUBLIC) {
        json_key(j, "security");
        json_array(j);
        json_end(j);
    }
    write_params(j, r);
    write_body(j, r);
    write_answers(j, r);
    json_end(j);
}

static bool seen_before(const struct route *r)
{
    for (const struct route *p = routes; p < r; p++)
        if (strcmp(p->path, r->path) == 0)
            return true;
    return false;
}

static void write_paths(struct json_out *j)
{
    json_key(j, "paths");
    json_object(j);
    for (const struct route *r = routes; r->path; r++) {
        if (seen_before(r))
            continue;
        json_key(j, r->path);
        json_object(j);
        for (const struct route *same = r; same->path; same++)
            if (strcmp(same->path, r->path) == 0)
                write_operation(j, same);
        json_end(j);
    }
    json_end(j);
}

static void write_scheme(struct json_out *j, const char *key, const char *type, const char *more,
                         const char *value)
{
    json_key(j, key);
    json_object(j);
    json_key_text(j, "type", type);
    json_key_text(j, more, value);
    if (strcmp(type, "apiKey") == 0)
        json_key_text(j, "name", "X-API-Key");
    json_end(j);
}

// Each scheme by itself is enough.
static void write_security(struct json_out *j)
{
    static const char *const schemes[] = {"bearer", "header"};
    json_key(j, "security");
    json_array(j);
    json_object(j); // on loopback without a key: none
    json_end(j);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        json_object(j);
        json_key(j, schemes[i]);
        json_array(j);
        json_end(j);
        json_end(j);
    }
    json_end(j);
}

void openapi_write(struct buf *out)
{
    struct json_out j;
    json_open(&j, out);
    json_object(&j);
    json_key_text(&j, "openapi", "3.1.0");
    json_key(&j, "info");
    json_object(&j);
    json_key_text(&j, "title", "fettle");
    json_key_text(&j, "version", FETTLE_VERSION);
    json_key_text(&j, "description", "Watches an industrial plant. Times are RFC 3339 in UTC.");
    json_key(&j, "license");
    json_object(&j);
    json_key_text(&j, "name", "Apache-2.0");
    json_key_text(&j, "identifier", "Apache-2.0");
    json_end(&j);
    json_end(&j);
    write_security(&j);
    write_paths(&j);
    json_key(&j, "components");
    json_object(&j);
    json_key(&j, "schemas");
    schema_write_all(&j);
    json_key(&j, "securitySchemes");
    json_object(&j);
    write_scheme(&j, "bearer", "http", "scheme", "bearer");
    write_scheme(&j, "header", "apiKey", "in", "header");
    json_end(&j);
    json_end(&j);
    json_end(&j);
}
