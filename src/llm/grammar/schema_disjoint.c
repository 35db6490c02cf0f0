// Whether no answer can be valid under two JSON Schemas at once, as oneOf asks.
#include "llm/grammar/schema_private.h"

bool schema_equal_values(const struct json_node *a, const struct json_node *b)
{
    if (a->type == JSON_NUMBER && b->type == JSON_NUMBER)
        return a->number == b->number;
    if (a->type != b->type || a->truth != b->truth || !str_eq(a->text, b->text) ||
        a->count != b->count)
        return false;
    const struct json_node *y = b->first;
    for (const struct json_node *x = a->first; x; x = x->next, y = y->next)
        if (!str_eq(x->key, y->key) || !schema_equal_values(x, y))
            return false;
    return true;
}

// The values that "const" or "enum" lists: the first, and whether there are more behind it.
static const struct json_node *values(const struct json_node *node, bool *many)
{
    const struct json_node *only = json_get(node, "const"), *list = json_get(node, "enum");
    *many = !only && list;
    return only ? only : list ? list->first : NULL;
}

static bool no_common_value(const struct json_node *a, const struct json_node *b)
{
    bool many_a, many_b;
    const struct json_node *x = values(a, &many_a), *from = values(b, &many_b);
    if (!x || !from)
        return false;
    for (; x; x = many_a ? x->next : NULL)
        for (const struct json_node *y = from; y; y = many_b ? y->next : NULL)
            if (schema_equal_values(x, y))
                return false;
    return true;
}

static const char *single_type(const struct json_node *node)
{
    const struct json_node *type = json_get(node, "type");
    if (type)
        return type->type == JSON_STRING ? type->text.p : NULL;
    return json_get(node, "properties") ? "object" : NULL;
}

static bool types_differ(const struct json_node *a, const struct json_node *b)
{
    const char *x = single_type(a), *y = single_type(b);
    if (!x || !y || str_is(str_of(x), y))
        return false;
    bool numbers = (str_is(str_of(x), "integer") || str_is(str_of(x), "number")) &&
                   (str_is(str_of(y), "integer") || str_is(str_of(y), "number"));
    return !numbers;
}

static bool lists(const struct json_node *list, struct str name)
{
    for (const struct json_node *n = list ? list->first : NULL; n; n = n->next)
        if (n->type == JSON_STRING && str_eq(n->text, name))
            return true;
    return false;
}

// True when `a` requires a member that answers under `b` never have.
static bool requires_beyond(const struct json_node *a, const struct json_node *b)
{
    const struct json_node *extra = json_get(b, "additionalProperties");
    const struct json_node *required = json_get(a, "required");
    const struct json_node *properties = json_get(b, "properties");
    if ((extra && (extra->type != JSON_BOOL || extra->truth)) || (!extra && !properties))
        return false;
    for (const struct json_node *n = required ? required->first : NULL; n; n = n->next)
        if (n->type == JSON_STRING && !json_get(properties, n->text.p) &&
            !lists(json_get(b, "required"), n->text))
            return true;
    return false;
}

static bool tag_differs(const struct json_node *a, const struct json_node *b)
{
    const struct json_node *properties = json_get(a, "properties");
    for (const struct json_node *p = properties ? properties->first : NULL; p; p = p->next) {
        const struct json_node *other = json_get(json_get(b, "properties"), p->key.p);
        if (other && lists(json_get(a, "required"), p->key) &&
            lists(json_get(b, "required"), p->key) &&
            (no_common_value(p, other) || types_differ(p, other)))
            return true;
    }
    return false;
}

bool schema_disjoint(const struct json_node *a, const struct json_node *b)
{
    return types_differ(a, b) || no_common_value(a, b) || tag_differs(a, b) ||
           (requires_beyond(a, b) && requires_beyond(b, a));
}
