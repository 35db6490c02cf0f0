// Reads a JSON Schema into rules: which keywords a schema has, and what they make together.
#include "llm/grammar/schema.h"

#include <stdio.h>
#include <string.h>

#include "llm/grammar/schema_private.h"

enum { ARENA_BYTES_MAX = 1 << 26, POINTER_PARTS = 16, ONE_OF_MAX = 100 };

// Keywords that say nothing about which values are valid.
static const char *const annotations[] = {"title",    "description", "default",    "examples",
                                          "$schema",  "$id",         "$comment",   "$defs",
                                          "readOnly", "writeOnly",   "deprecated", "definitions"};
static const char *const keywords[] = {"type",
                                       "properties",
                                       "required",
                                       "additionalProperties",
                                       "enum",
                                       "const",
                                       "items",
                                       "prefixItems",
                                       "minItems",
                                       "maxItems",
                                       "anyOf",
                                       "oneOf",
                                       "allOf",
                                       "$ref",
                                       "pattern",
                                       "format",
                                       "minLength",
                                       "maxLength",
                                       "minimum",
                                       "maximum",
                                       "exclusiveMinimum",
                                       "exclusiveMaximum"};

static bool is_in(const char *const *list, size_t n, struct str key)
{
    for (size_t i = 0; i < n; i++)
        if (str_is(key, list[i]))
            return true;
    return false;
}

bool schema_is_annotation(struct str key)
{
    return is_in(annotations, sizeof annotations / sizeof *annotations, key);
}

static void add_pointer(const struct pointer *at, struct buf *out)
{
    if (!at)
        return;
    add_pointer(at->up, out);
    buf_add_char(out, '/');
    for (size_t i = 0; i < at->key.n; i++)
        if (at->key.p[i] == '~' || at->key.p[i] == '/')
            buf_add_z(out, at->key.p[i] == '~' ? "~0" : "~1");
        else
            buf_add_char(out, at->key.p[i]);
}

enum err_code schema_fail(struct schema *s, enum err_code code, const struct pointer *at,
                          const char *key, const char *what)
{
    struct buf place = {0};
    struct pointer below = {at, str_of(key)};
    buf_add_char(&place, '#');
    add_pointer(key ? &below : at, &place);
    code = err_set(s->err, code, "schema: %.*s: %s", place.n > 300 ? 300 : (int)place.n,
                   place.p ? place.p : "", what);
    buf_free(&place);
    return code;
}

const struct expr *schema_rule(struct schema *s, const struct expr *body)
{
    struct buf name = {0};
    buf_printf(&name, "/%u", s->next++); // as no pointer and no rule of JSON begins
    uint32_t rule = rules_find(s->rules, buf_str(&name), (struct text_place){0});
    s->rules->failed |= name.failed;
    buf_free(&name);
    rules_define(s->rules, rule, body);
    return expr_rule(s->rules, rule);
}

enum err_code schema_count(struct schema *s, const struct json_node *node, const char *key,
                           const struct pointer *at, uint32_t value, uint32_t *out)
{
    const struct json_node *n = json_get(node, key);
    *out = value;
    if (!n)
        return ERR_OK;
    if (n->type != JSON_NUMBER || !(n->number >= 0) || n->number != (double)(int64_t)n->number)
        return schema_fail(s, ERR_INPUT, at, key, "expected a count");
    if (n->number > SCHEMA_REPEAT_MAX)
        return schema_fail(s, ERR_LIMIT, at, key, "more than 65536");
    *out = (uint32_t)n->number;
    return ERR_OK;
}

enum err_code schema_resolve(struct schema *s, const struct json_node *ref,
                             const struct pointer *at, const struct json_node **out)
{
    if (ref->type != JSON_STRING || ref->text.n == 0 || ref->text.p[0] != '#')
        return schema_fail(s, ERR_UNSUPPORTED, at, "$ref",
                           "only places of this schema can be referred to (\"#/...\")");
    struct str rest = {ref->text.p + 1, ref->text.n - 1};
    const struct json_node *node = s->document;
    if (rest.n && rest.p[0] != '/')
        return schema_fail(s, ERR_UNSUPPORTED, at, "$ref", "anchors are not supported");
    if (rest.n)
        str_cut(&rest, '/');
    else
        rest.p = NULL;
    while (rest.p && node) {
        struct str part = str_cut(&rest, '/');
        char key[256];
        size_t n = 0;
        uint64_t index;
        for (size_t i = 0; i < part.n && n < sizeof key; i++) {
            bool escaped = part.p[i] == '~' && i + 1 < part.n;
            key[n++] = escaped ? (part.p[++i] == '1' ? '/' : '~') : part.p[i];
        }
        const struct json_node *child = node->first;
        if (node->type == JSON_ARRAY && str_to_u64((struct str){key, n}, &index))
            while (child && index-- > 0)
                child = child->next;
        else
            while (child && !str_eq(child->key, (struct str){key, n}))
                child = child->next;
        node = child;
    }
    *out = node;
    return node ? ERR_OK : schema_fail(s, ERR_INPUT, at, "$ref", "there is no such place");
}

// The place that a pointer names, for messages; of a long one its first parts.
static const struct pointer *follow(struct str text, struct pointer *path)
{
    const struct pointer *at = NULL;
    str_cut(&text, '/');
    for (int i = 0; text.p && i < POINTER_PARTS; i++) {
        path[i] = (struct pointer){at, str_cut(&text, '/')};
        at = &path[i];
    }
    return at;
}

// A reference becomes a call, so that a schema may contain itself.
static enum err_code refer(struct schema *s, const struct json_node *ref, const struct pointer *at,
                           const struct expr **out)
{
    const struct json_node *node;
    enum err_code code = schema_resolve(s, ref, at, &node);
    if (code)
        return code;
    uint32_t rule = rules_find(s->rules, ref->text, (struct text_place){0});
    *out = expr_rule(s->rules, rule);
    if (s->rules->failed || s->rules->list[rule].named.line)
        return ERR_OK;
    s->rules->list[rule].named.line = 1; // being made, or made
    struct pointer path[POINTER_PARTS];
    const struct expr *body = NULL;
    code = schema_compile(s, node, follow(ref->text, path), &body);
    rules_define(s->rules, rule, body);
    return code;
}

static enum err_code check_keys(struct schema *s, const struct json_node *node,
                                const struct pointer *at)
{
    for (const struct json_node *n = node->first; n; n = n->next)
        if (!schema_is_annotation(n->key) &&
            !is_in(keywords, sizeof keywords / sizeof *keywords, n->key))
            return schema_fail(s, ERR_UNSUPPORTED, at, n->key.p, "this keyword is not supported");
    return ERR_OK;
}

// Keywords of a node besides annotations and those named.
static bool has_others(const struct json_node *node, const char *a, const char *b)
{
    for (const struct json_node *n = node->first; n; n = n->next)
        if (!schema_is_annotation(n->key) && !str_is(n->key, a) && !str_is(n->key, b))
            return true;
    return false;
}

// A copy of an object without one key.
static const struct json_node *without(struct schema *s, const struct json_node *node,
                                       const char *key)
{
    struct json_node *copy = arena_new(s->arena, 1, sizeof *copy);
    if (!copy)
        return NULL;
    *copy = *node;
    copy->first = NULL;
    struct json_node **end = &copy->first;
    for (const struct json_node *n = node->first; n; n = n->next) {
        if (str_is(n->key, key))
            continue;
        struct json_node *part = arena_new(s->arena, 1, sizeof *part);
        if (!part)
            return NULL;
        *part = *n;
        part->next = NULL;
        *end = part;
        end = &part->next;
    }
    return copy;
}

static enum err_code no_memory(struct schema *s)
{
    return err_set(s->err, ERR_LIMIT, "schema: too large");
}

// oneOf is anyOf where it is plain that no answer is valid twice.
static enum err_code check_disjoint(struct schema *s, const struct json_node *const *alternatives,
                                    size_t n, const struct pointer *at)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++) {
            const struct json_node *a = alternatives[i], *b = alternatives[k];
            enum err_code code = schema_look_up(s, &a, at);
            if (!code)
                code = schema_look_up(s, &b, at);
            if (!code && !schema_disjoint(a, b))
                code = schema_fail(s, ERR_UNSUPPORTED, at, NULL,
                                   "the alternatives must differ by type, by listed values (const, "
                                   "enum) of a required member, or by the members they require; "
                                   "use anyOf where both may hold");
            if (code)
                return code;
        }
    return ERR_OK;
}

// anyOf and oneOf: each alternative together with what stands beside the keyword.
static enum err_code choose(struct schema *s, const struct json_node *node, const char *key,
                            const struct pointer *at, const struct expr **out)
{
    const struct json_node *list = json_get(node, key), *base = without(s, node, key);
    struct pointer there = {at, str_of(key)};
    if (list->type != JSON_ARRAY || list->count == 0)
        return schema_fail(s, ERR_INPUT, &there, NULL, "expected a list of schemas");
    const struct expr **parts = arena_new(s->arena, list->count, sizeof *parts);
    const struct json_node **whole = arena_new(s->arena, list->count, sizeof *whole);
    if (!base || !parts || !whole)
        return no_memory(s);
    bool alone = !has_others(node, key, key);
    size_t n = 0;
    enum err_code code = ERR_OK;
    for (const struct json_node *a = list->first; a && !code; a = a->next, n++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", n);
        struct pointer here = {&there, str_of(number)};
        whole[n] = a;
        if (!alone)
            code = schema_merge(s, base, a, &here, &whole[n]);
        if (!code)
            code = schema_compile(s, whole[n], &here, &parts[n]);
    }
    if (!code && str_is(str_of(key), "oneOf") && n > ONE_OF_MAX)
        code = schema_fail(s, ERR_LIMIT, &there, NULL, "more than 100 alternatives");
    if (!code && str_is(str_of(key), "oneOf"))
        code = check_disjoint(s, whole, n, &there);
    if (!code)
        *out = expr_choice(s->rules, parts, n);
    return code;
}

static enum err_code join_all(struct schema *s, const struct json_node *node,
                              const struct pointer *at, const struct expr **out)
{
    const struct json_node *list = json_get(node, "allOf"), *whole = without(s, node, "allOf");
    if (!whole)
        return no_memory(s);
    if (list->type != JSON_ARRAY)
        return schema_fail(s, ERR_INPUT, at, "allOf", "expected a list of schemas");
    struct pointer there = {at, STR_LIT("allOf")};
    for (const struct json_node *a = list->first; a; a = a->next) {
        enum err_code code = schema_merge(s, whole, a, &there, &whole);
        if (code)
            return code;
    }
    return schema_compile(s, whole, at, out);
}

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

static enum err_code list_values(struct schema *s, const struct json_node *node,
                                 const struct pointer *at, const struct expr **out)
{
    const struct json_node *only = json_get(node, "const"), *list = json_get(node, "enum");
    const char *key = only ? "const" : "enum";
    if (has_others(node, key, "type"))
        return schema_fail(s, ERR_UNSUPPORTED, at, key, "not supported beside other keywords");
    if (list && (list->type != JSON_ARRAY || list->count == 0))
        return schema_fail(s, ERR_INPUT, at, key, "expected a list of values");
    const struct json_node *type = json_get(node, "type");
    const struct expr **parts = arena_new(s->arena, list ? list->count : 1, sizeof *parts);
    if (!parts)
        return no_memory(s);
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

static enum err_code compile_types(struct schema *s, const struct json_node *node,
                                   const struct pointer *at, const struct expr **out)
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
        return no_memory(s);
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

static enum err_code compile_object(struct schema *s, const struct json_node *node,
                                    const struct pointer *at, const struct expr **out)
{
    enum err_code code = check_keys(s, node, at);
    if (code)
        return code;
    if (json_get(node, "allOf"))
        return join_all(s, node, at, out);
    if (json_get(node, "anyOf"))
        return choose(s, node, "anyOf", at, out);
    if (json_get(node, "oneOf"))
        return choose(s, node, "oneOf", at, out);
    const struct json_node *ref = json_get(node, "$ref");
    if (ref && !has_others(node, "$ref", "$ref"))
        return refer(s, ref, at, out);
    if (ref) {
        const struct json_node *there, *whole, *base = without(s, node, "$ref");
        if (!base)
            return no_memory(s);
        if ((code = schema_resolve(s, ref, at, &there)) ||
            (code = schema_merge(s, base, there, at, &whole)))
            return code;
        return schema_compile(s, whole, at, out);
    }
    if (json_get(node, "const") || json_get(node, "enum"))
        return list_values(s, node, at, out);
    return compile_types(s, node, at, out);
}

enum err_code schema_compile(struct schema *s, const struct json_node *node,
                             const struct pointer *at, const struct expr **out)
{
    *out = NULL;
    if (node->type == JSON_BOOL && node->truth) {
        *out = expr_rule(s->rules, s->any);
        return ERR_OK;
    }
    if (node->type == JSON_BOOL)
        return schema_fail(s, ERR_INPUT, at, NULL, "'false' allows no value");
    if (node->type != JSON_OBJECT)
        return schema_fail(s, ERR_INPUT, at, NULL, "expected a schema: an object, true or false");
    if (s->depth == SCHEMA_DEPTH_MAX)
        return schema_fail(s, ERR_LIMIT, at, NULL, "more than 64 schemas within each other");
    s->depth++;
    enum err_code code = compile_object(s, node, at, out);
    s->depth--;
    return code;
}

enum err_code schema_read(struct rules *rules, struct str json, struct err *err)
{
    struct schema s = {.rules = rules, .err = err, .arena = arena_open(ARENA_BYTES_MAX)};
    struct json_node *document = NULL;
    enum err_code code = s.arena ? json_read(s.arena, json, "schema", &document, err)
                                 : err_set(err, ERR_NO_MEMORY, "out of memory for a schema");
    if (!code) {
        s.document = document;
        schema_define_json(&s);
        const struct expr *body;
        code = schema_compile(&s, document, NULL, &body);
        uint32_t root = rules_find(rules, STR_LIT("root"), (struct text_place){0});
        rules_define(rules, root, body);
    }
    arena_close(&s.arena);
    return code;
}
