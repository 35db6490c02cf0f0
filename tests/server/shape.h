// Whether an answer has the shape that the table of shapes describes.
#ifndef FETTLE_TESTS_SERVER_SHAPE_H
#define FETTLE_TESTS_SERVER_SHAPE_H

#include "base/clock.h"
#include "base/json_doc.h"
#include "server/schema.h"
#include "test.h"

static inline bool shape_fits(const struct json_node *n, const char *type);

static inline bool shape_fits_object(const struct json_node *n, const char *schema)
{
    size_t known = 0;
    bool found = false;
    for (const struct schema_field *f = schema_first(); f; f = schema_next(f)) {
        if (strcmp(f->schema, schema) != 0)
            continue;
        found = true;
        const char *name = f->name + (f->name[0] == '-');
        const struct json_node *member = json_get(n, name);
        known += member != NULL;
        if (!member && f->name[0] == '-')
            continue;
        if (!member || !shape_fits(member, f->type)) {
            print_error("%s.%s: %s, but %s expected\n", schema, name,
                        member ? "another type" : "missing", f->type);
            return false;
        }
    }
    if (found && n->type == JSON_OBJECT && known != n->count)
        print_error("%s: %zu members of %zu are described\n", schema, known, n->count);
    return found && n->type == JSON_OBJECT && known == n->count;
}

static inline bool shape_fits(const struct json_node *n, const char *type)
{
    char plain[64];
    bool list = strncmp(type, "[]", 2) == 0, map = strncmp(type, "{}", 2) == 0;
    if (list || map) {
        bool good = n->type == (list ? JSON_ARRAY : JSON_OBJECT);
        for (const struct json_node *c = n->first; c && good; c = c->next)
            good = shape_fits(c, type + 2);
        return good;
    }
    snprintf(plain, sizeof plain, "%.*s", (int)strcspn(type, "?"), type);
    if (strchr(type, '?') && n->type == JSON_NULL)
        return true;
    int64_t time, whole;
    if (strcmp(plain, "any") == 0)
        return true;
    if (strcmp(plain, "text") == 0)
        return n->type == JSON_STRING;
    if (strcmp(plain, "time") == 0)
        return n->type == JSON_STRING && time_from_text(n->text, &time);
    if (strcmp(plain, "integer") == 0)
        return n->type == JSON_NUMBER && str_to_i64(n->text, &whole);
    if (strcmp(plain, "number") == 0)
        return n->type == JSON_NUMBER;
    if (strcmp(plain, "boolean") == 0)
        return n->type == JSON_BOOL;
    return shape_fits_object(n, plain);
}

#endif
