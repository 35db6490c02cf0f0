// Reads a JSON Schema into rules: which keywords a schema has, and what they make together.
#include "llm/grammar/schema.h"

#include <string.h>

#include "llm/grammar/schema_private.h"

enum { ARENA_BYTES_MAX = 1 << 26, POINTER_PARTS = 16 };

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

bool schema_has_others(const struct json_node *node, const char *a, const char *b)
{
    for (const struct json_node *n = node->first; n; n = n->next)
        if (!schema_is_annotation(n->key) && !str_is(n->key, a) && !str_is(n->key, b))
            return true;
    return false;
}

const struct json_node *schema_without(struct schema *s, const struct json_node *node,
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

static enum err_code compile_object(struct schema *s, const struct json_node *node,
                                    const struct pointer *at, const struct expr **out)
{
    enum err_code code = check_keys(s, node, at);
    if (code)
        return code;
    if (json_get(node, "allOf"))
        return schema_join(s, node, at, out);
    if (json_get(node, "anyOf"))
        return schema_choice(s, node, "anyOf", at, out);
    if (json_get(node, "oneOf"))
        return schema_choice(s, node, "oneOf", at, out);
    const struct json_node *ref = json_get(node, "$ref");
    if (ref && !schema_has_others(node, "$ref", "$ref"))
        return refer(s, ref, at, out);
    if (ref) {
        const struct json_node *there, *whole, *base = schema_without(s, node, "$ref");
        if (!base)
            return schema_no_memory(s);
        if ((code = schema_resolve(s, ref, at, &there)) ||
            (code = schema_merge(s, base, there, at, &whole)))
            return code;
        return schema_compile(s, whole, at, out);
    }
    if (json_get(node, "const") || json_get(node, "enum"))
        return schema_values(s, node, at, out);
    return schema_types(s, node, at, out);
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
