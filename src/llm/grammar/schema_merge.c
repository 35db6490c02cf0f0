// Merges two JSON Schemas into one that says what both say.
#include "llm/grammar/schema_private.h"

static const struct json_node *find(const struct json_node *object, struct str key)
{
    for (const struct json_node *n = object->first; n; n = n->next)
        if (str_eq(n->key, key))
            return n;
    return NULL;
}

// An object or list that is being made.
struct maker {
    struct schema *s;
    struct json_node *node, **end;
};

static bool begin(struct maker *m, struct schema *s, enum json_type type, struct str key)
{
    m->s = s;
    m->node = arena_new(s->arena, 1, sizeof *m->node);
    if (!m->node)
        return false;
    m->node->type = type;
    m->node->key = key;
    m->end = &m->node->first;
    return true;
}

// Adds a copy (of the node itself: what is below is shared).
static bool add(struct maker *m, const struct json_node *part, struct str key)
{
    struct json_node *copy = arena_new(m->s->arena, 1, sizeof *copy);
    if (!copy)
        return false;
    *copy = *part;
    copy->key = key;
    copy->next = NULL;
    *m->end = copy;
    m->end = &copy->next;
    m->node->count++;
    return true;
}

// Both lists' texts, each once.
static enum err_code unite(struct schema *s, const struct json_node *a, const struct json_node *b,
                           const struct json_node **out)
{
    struct maker m;
    bool fine = begin(&m, s, JSON_ARRAY, a->key);
    for (const struct json_node *n = a->first; fine && n; n = n->next)
        fine = add(&m, n, n->key);
    for (const struct json_node *n = b->first; fine && n; n = n->next) {
        bool there = false;
        for (const struct json_node *x = a->first; x; x = x->next)
            there |= schema_equal_values(x, n);
        fine = there || add(&m, n, n->key);
    }
    *out = m.node;
    return fine ? ERR_OK : schema_no_memory(s);
}

static enum err_code unite_properties(struct schema *s, const struct json_node *a,
                                      const struct json_node *b, const struct pointer *at,
                                      const struct json_node **out)
{
    struct maker m;
    bool fine = begin(&m, s, JSON_OBJECT, a->key);
    for (const struct json_node *n = a->first; fine && n; n = n->next) {
        const struct json_node *other = find(b, n->key), *both = n;
        struct pointer here = {at, n->key};
        enum err_code code = other ? schema_merge(s, n, other, &here, &both) : ERR_OK;
        if (code)
            return code;
        fine = add(&m, both, n->key);
    }
    for (const struct json_node *n = b->first; fine && n; n = n->next)
        if (!find(a, n->key))
            fine = add(&m, n, n->key);
    *out = m.node;
    return fine ? ERR_OK : schema_no_memory(s);
}

// "additionalProperties": false on one side forbids what only the other side knows.
static bool closes_out(const struct json_node *a, const struct json_node *b)
{
    const struct json_node *others = json_get(a, "additionalProperties");
    const struct json_node *mine = json_get(a, "properties"), *theirs = json_get(b, "properties");
    if (!others || (others->type == JSON_BOOL && others->truth) || !theirs)
        return false;
    for (const struct json_node *n = theirs->first; n; n = n->next)
        if (!mine || !find(mine, n->key))
            return true;
    return false;
}

static bool is_number_type(const struct json_node *n)
{
    return n->type == JSON_STRING && (str_is(n->text, "number") || str_is(n->text, "integer"));
}

// Two values of one keyword.
static enum err_code merge_keyword(struct schema *s, const struct json_node *x,
                                   const struct json_node *y, const struct pointer *at,
                                   const struct json_node **out)
{
    struct pointer here = {at, x->key};
    bool least = str_starts(x->key, STR_LIT("min")), most = str_starts(x->key, STR_LIT("max"));
    *out = x;
    if (schema_equal_values(x, y))
        return ERR_OK;
    if (str_is(x->key, "required") && x->type == JSON_ARRAY && y->type == JSON_ARRAY)
        return unite(s, x, y, out);
    if (str_is(x->key, "properties") && x->type == JSON_OBJECT && y->type == JSON_OBJECT)
        return unite_properties(s, x, y, &here, out);
    if (str_is(x->key, "items"))
        return schema_merge(s, x, y, &here, out);
    if ((least || most) && x->type == JSON_NUMBER && y->type == JSON_NUMBER) {
        *out = (x->number > y->number) == least ? x : y;
        return ERR_OK;
    }
    if (str_is(x->key, "type") && is_number_type(x) && is_number_type(y)) {
        *out = str_is(x->text, "integer") ? x : y;
        return ERR_OK;
    }
    return schema_fail(s, ERR_UNSUPPORTED, &here, NULL,
                       "schemas that must hold together say different things here");
}

enum err_code schema_look_up(struct schema *s, const struct json_node **node,
                             const struct pointer *at)
{
    for (int i = 0; i < SCHEMA_DEPTH_MAX; i++) {
        const struct json_node *ref = json_get(*node, "$ref");
        if (!ref)
            return ERR_OK;
        for (const struct json_node *n = (*node)->first; n; n = n->next)
            if (n != ref && !schema_is_annotation(n->key))
                return schema_fail(s, ERR_UNSUPPORTED, at, "$ref",
                                   "not supported beside other keywords here");
        enum err_code code = schema_resolve(s, ref, at, node);
        if (code)
            return code;
    }
    return schema_fail(s, ERR_INPUT, at, "$ref", "refers to itself");
}

enum err_code schema_merge(struct schema *s, const struct json_node *a, const struct json_node *b,
                           const struct pointer *at, const struct json_node **out)
{
    enum err_code code = schema_look_up(s, &a, at);
    if (!code)
        code = schema_look_up(s, &b, at);
    if (code)
        return code;
    if (b->type == JSON_BOOL && b->truth) {
        *out = a;
        return ERR_OK;
    }
    if (a->type == JSON_BOOL && a->truth) {
        *out = b;
        return ERR_OK;
    }
    if (a->type != JSON_OBJECT || b->type != JSON_OBJECT)
        return schema_fail(s, ERR_INPUT, at, NULL, "expected a schema: an object or true");
    if (closes_out(a, b) || closes_out(b, a))
        return schema_fail(s, ERR_UNSUPPORTED, at, "additionalProperties",
                           "one of the schemas that must hold together forbids what another has");
    if (s->depth == SCHEMA_DEPTH_MAX)
        return schema_fail(s, ERR_LIMIT, at, NULL, "more than 64 schemas within each other");
    struct maker m;
    bool fine = begin(&m, s, JSON_OBJECT, a->key);
    s->depth++;
    for (const struct json_node *n = a->first; fine && !code && n; n = n->next) {
        const struct json_node *other = find(b, n->key), *both = n;
        if (other && !schema_is_annotation(n->key))
            code = merge_keyword(s, n, other, at, &both);
        fine = code || add(&m, both, n->key);
    }
    for (const struct json_node *n = b->first; fine && !code && n; n = n->next)
        if (!find(a, n->key))
            fine = add(&m, n, n->key);
    s->depth--;
    *out = m.node;
    return code ? code : fine ? ERR_OK : schema_no_memory(s);
}
