// JSON Schema's types and listed values as rules.
#include "llm/grammar/schema_private.h"

static const char *type_of(const struct json_node *value)
{
    static const char *const names[] = {"null", "boolean", "number", "string", "array", "object"};
    return names[value->type];
}

static bool has_type(const struct json_node *type, const struct json_node *value)
{
    if (!type)
        return true;
    if (type->type == JSON_STRING)
        return str_is(type->text, type_of(value)) ||
               (str_is(type->text, "integer") && value->type == JSON_NUMBER &&
                value->number == (double)(int64_t)value->number);
    for (const struct json_node *t = type->first; t; t = t->next)
        if (has_type(t, value))
            return true;
    return false;
}

enum err_code schema_values(struct schema *s, const struct json_node *node,
                            const struct pointer *at, const struct expr **out)
{
    const struct json_node *only = json_get(node, "const"), *list = json_get(node, "enum");
    const char *key = only ? "const" : "enum";
    if (schema_has_others(node, key, "type"))
        return schema_fail(s, ERR_UNSUPPORTED, at, key, "not supported beside other keywords");
    if (list && (list->type != JSON_ARRAY || list->count == 0))
        return schema_fail(s, ERR_INPUT, at, key, "expected a list of values");
    const struct json_node *type = json_get(node, "type");
    const struct expr **parts = arena_new(s->arena, list ? list->count : 1, sizeof *parts);
    if (!parts)
        return schema_no_memory(s);
    size_t n = 0;
    for (const struct json_node *v = only ? only : list->first; v; v = only ? NULL : v->next)
        if (has_type(type, v))
            parts[n++] = schema_literal(s, v);
    if (n == 0)
        return schema_fail(s, ERR_INPUT, at, key, "no value is of the type");
    *out = expr_choice(s->rules, parts, n);
    return ERR_OK;
}

static enum err_code compile_type(struct schema *s, const struct json_node *node, struct str type,
                                  const struct pointer *at, const struct expr **out)
{
    if (str_is(type, "object"))
        return schema_object(s, node, at, out);
    if (str_is(type, "array"))
        return schema_array(s, node, at, out);
    if (str_is(type, "string"))
        return schema_string(s, node, at, out);
    if (str_is(type, "integer"))
        return schema_integer(s, node, at, out);
    if (str_is(type, "number"))
        return schema_number(s, node, at, out);
    if (str_is(type, "null")) {
        *out = expr_z(s->rules, "null");
        return ERR_OK;
    }
    if (!str_is(type, "boolean"))
        return schema_fail(s, ERR_INPUT, at, "type",
                           "expected string, number, integer, object, array, boolean or null");
    *out = EXPR_CHOICE_OF(s->rules, expr_z(s->rules, "true"), expr_z(s->rules, "false"));
    return ERR_OK;
}

// The type that the keywords of a node without one are about.
static const char *implied_type(const struct json_node *node)
{
    static const struct {
        const char *key, *type;
    } table[] = {{"properties", "object"},
                 {"required", "object"},
                 {"items", "array"},
                 {"additionalProperties", "object"},
                 {"prefixItems", "array"},
                 {"minItems", "array"},
                 {"maxItems", "array"},
                 {"pattern", "string"},
                 {"format", "string"},
                 {"minLength", "string"},
                 {"maxLength", "string"},
                 {"minimum", "number"},
                 {"maximum", "number"},
                 {"exclusiveMinimum", "number"},
                 {"exclusiveMaximum", "number"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (json_get(node, table[i].key))
            return table[i].type;
    return NULL;
}

enum err_code schema_types(struct schema *s, const struct json_node *node, const struct pointer *at,
                           const struct expr **out)
{
    const struct json_node *type = json_get(node, "type");
    const char *implied = implied_type(node);
    if (!type && !implied) {
        *out = expr_rule(s->rules, s->any);
        return ERR_OK;
    }
    if (!type)
        return compile_type(s, node, str_of(implied), at, out);
    if (type->type == JSON_STRING)
        return compile_type(s, node, type->text, at, out);
    if (type->type != JSON_ARRAY || type->count == 0)
        return schema_fail(s, ERR_INPUT, at, "type", "expected a name or a list of names");
    const struct expr **parts = arena_new(s->arena, type->count, sizeof *parts);
    if (!parts)
        return schema_no_memory(s);
    size_t n = 0;
    enum err_code code = ERR_OK;
    for (const struct json_node *t = type->first; t && !code; t = t->next)
        code = t->type == JSON_STRING
                   ? compile_type(s, node, t->text, at, &parts[n++])
                   : schema_fail(s, ERR_INPUT, at, "type", "expected a list of names");
    if (!code)
        *out = expr_choice(s->rules, parts, n);
    return code;
}
