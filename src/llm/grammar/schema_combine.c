// JSON Schema's anyOf, oneOf and allOf: several schemas for one value.
#include <stdio.h>
#include <string.h>

#include "llm/grammar/schema_private.h"

enum { ONE_OF_MAX = 100 };

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

enum err_code schema_choice(struct schema *s, const struct json_node *node, const char *key,
                            const struct pointer *at, const struct expr **out)
{
    const struct json_node *list = json_get(node, key), *base = schema_without(s, node, key);
    struct pointer there = {at, str_of(key)};
    if (list->type != JSON_ARRAY || list->count == 0)
        return schema_fail(s, ERR_INPUT, &there, NULL, "expected a list of schemas");
    const struct expr **parts = arena_new(s->arena, list->count, sizeof *parts);
    const struct json_node **whole = arena_new(s->arena, list->count, sizeof *whole);
    if (!base || !parts || !whole)
        return schema_no_memory(s);
    bool alone = !schema_has_others(node, key, key);
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

enum err_code schema_join(struct schema *s, const struct json_node *node, const struct pointer *at,
                          const struct expr **out)
{
    const struct json_node *list = json_get(node, "allOf"),
                           *whole = schema_without(s, node, "allOf");
    if (!whole)
        return schema_no_memory(s);
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
