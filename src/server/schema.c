// Translates the table of shapes to JSON Schema.
#include "server/schema.h"

#include <stdio.h>
#include <string.h>

static const struct schema_field *const tables[] = {schema_plant, schema_models};

const struct schema_field *schema_first(void)
{
    return tables[0];
}

const struct schema_field *schema_next(const struct schema_field *row)
{
    if (row[1].schema)
        return row + 1;
    for (size_t i = 0; i + 1 < sizeof tables / sizeof *tables; i++) {
        const struct schema_field *end = tables[i];
        while (end->schema)
            end++;
        if (end == row + 1)
            return tables[i + 1];
    }
    return NULL;
}

static void write_plain(struct json_out *j, const char *type)
{
    json_key_text(j, "type",
                  strcmp(type, "text") == 0 || strcmp(type, "time") == 0 ? "string" : type);
    if (strcmp(type, "time") == 0)
        json_key_text(j, "format", "date-time");
}

static bool is_plain(const char *type)
{
    static const char *const plain[] = {"text", "integer", "number", "boolean", "time"};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(type, plain[i]) == 0)
            return true;
    return false;
}

void schema_write_type(struct json_out *j, const char *type)
{
    char name[64], ref[96];
    size_t n = strlen(type);
    bool list = strncmp(type, "[]", 2) == 0, map = strncmp(type, "{}", 2) == 0;
    json_object(j);
    if (list || map) {
        json_key_text(j, "type", list ? "array" : "object");
        json_key(j, list ? "items" : "additionalProperties");
        schema_write_type(j, type + 2);
    } else if (n && type[n - 1] == '?') {
        str_copy(name, sizeof name, (struct str){type, n - 1});
        json_key(j, "anyOf");
        json_array(j);
        schema_write_type(j, name);
        json_object(j);
        json_key_text(j, "type", "null");
        json_end(j);
        json_end(j);
    } else if (is_plain(type)) {
        write_plain(j, type);
    } else if (strcmp(type, "any") != 0) {
        snprintf(ref, sizeof ref, "#/components/schemas/%s", type);
        json_key_text(j, "$ref", ref);
    }
    json_end(j);
}

static void write_field(struct json_out *j, const struct schema_field *f)
{
    json_key(j, f->name[0] == '-' ? f->name + 1 : f->name);
    if (f->help[0] == '\0') {
        schema_write_type(j, f->type);
        return;
    }
    // In OpenAPI 3.1 allOf keeps a description beside a reference readable for all tools.
    json_object(j);
    json_key_text(j, "description", f->help);
    json_key(j, "allOf");
    json_array(j);
    schema_write_type(j, f->type);
    json_end(j);
    json_end(j);
}

static const struct schema_field *write_object(struct json_out *j, const struct schema_field *f)
{
    const struct schema_field *first = f;
    json_key(j, first->schema);
    json_object(j);
    json_key_text(j, "type", "object");
    json_key(j, "properties");
    json_object(j);
    for (; f && strcmp(f->schema, first->schema) == 0; f = schema_next(f))
        write_field(j, f);
    json_end(j);
    json_key(j, "required");
    json_array(j);
    for (const struct schema_field *r = first; r != f; r = schema_next(r))
        if (r->name[0] != '-')
            json_text(j, r->name);
    json_end(j);
    json_end(j);
    return f;
}

void schema_write_all(struct json_out *j)
{
    json_object(j);
    for (const struct schema_field *f = schema_first(); f;)
        f = write_object(j, f);
    json_end(j);
}
