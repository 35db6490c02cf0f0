// JSON Schema's objects and arrays.
#include "llm/grammar/schema_private.h"

enum { PREFIX_MAX = 256, KEY_DEPTH_MAX = 200 };

// Keys of properties, which other members must not take.
struct taken {
    struct str *keys;
    size_t n;
};

static bool is_taken(const struct taken *t, struct str key)
{
    for (size_t i = 0; i < t->n; i++)
        if (str_eq(t->keys[i], key))
            return true;
    return false;
}

// What another key may go on with behind the first `depth` bytes of keys[0..n), which share those:
// a character by which it parts from all of them and then anything, one that some of them have, or
// its end. Where a taken key goes on with a character beyond ASCII no other such one is offered.
static const struct expr *other_key(struct schema *s, const struct str *keys, size_t n,
                                    size_t depth)
{
    struct rules *r = s->rules;
    const struct expr *parts[130];
    struct code_range parting[130];
    size_t count = 0, ranges = 0;
    bool goes_on[256] = {false}, wide = false, ends = false;
    struct str *longer = arena_new(s->arena, n + 1, sizeof *longer);
    if (!longer || depth == KEY_DEPTH_MAX)
        return expr_empty(r);
    for (size_t i = 0; i < n; i++) {
        ends |= keys[i].n == depth;
        if (keys[i].n > depth)
            goes_on[(uint8_t)keys[i].p[depth]] = true;
    }
    for (unsigned c = 0x80; c < 256; c++)
        wide |= goes_on[c];
    for (unsigned c = 0x20; c < 0x80; c++) {
        if (c == '"' || c == '\\')
            continue;
        if (!goes_on[c]) {
            parting[ranges++] = (struct code_range){c, c};
            continue;
        }
        size_t same = 0;
        for (size_t i = 0; i < n; i++)
            if (keys[i].n > depth && (uint8_t)keys[i].p[depth] == c)
                longer[same++] = keys[i];
        const struct expr *rest = other_key(s, longer, same, depth + 1);
        parts[count++] = EXPR_SEQUENCE_OF(r, expr_range(r, c, c), rest);
    }
    if (!wide)
        parting[ranges++] = (struct code_range){0x80, CODE_POINT_MAX};
    parts[count++] =
        EXPR_SEQUENCE_OF(r, expr_class(r, parting, ranges, false), expr_rule(r, s->characters));
    if (!ends)
        parts[count++] = expr_empty(r);
    return expr_choice(r, parts, count);
}

// The members that "additionalProperties" allows; *out stays NULL where it allows none.
static enum err_code others(struct schema *s, const struct json_node *node,
                            const struct pointer *at, const struct taken *t,
                            const struct expr **out)
{
    struct rules *r = s->rules;
    const struct json_node *extra = json_get(node, "additionalProperties");
    *out = NULL;
    if (extra ? extra->type == JSON_BOOL && !extra->truth : t->n > 0)
        return ERR_OK;
    const struct expr *value = expr_rule(r, s->any), *key;
    struct pointer there = {at, STR_LIT("additionalProperties")};
    enum err_code code = extra ? schema_compile(s, extra, &there, &value) : ERR_OK;
    if (code)
        return code;
    key = t->n ? schema_quoted(s, other_key(s, t->keys, t->n, 0)) : expr_rule(r, s->string);
    const struct expr *member =
        schema_rule(s, EXPR_SEQUENCE_OF(r, key, expr_z(r, ":"), schema_space(s), value));
    const struct expr *next = EXPR_SEQUENCE_OF(r, expr_z(r, ","), schema_space(s), member);
    *out = schema_rule(s, EXPR_SEQUENCE_OF(r, member, expr_repeat(r, next, 0, EXPR_NO_LIMIT)));
    return ERR_OK;
}

static bool is_required(const struct json_node *required, struct str key)
{
    for (const struct json_node *n = required ? required->first : NULL; n; n = n->next)
        if (n->type == JSON_STRING && str_eq(n->text, key))
            return true;
    return false;
}

// Members that must be there without a schema of their own get that of "additionalProperties".
static enum err_code add_unnamed(struct schema *s, const struct json_node *node,
                                 const struct pointer *at, struct taken *t,
                                 const struct expr **members, bool *must, size_t *n)
{
    const struct json_node *required = json_get(node, "required");
    const struct json_node *extra = json_get(node, "additionalProperties");
    struct pointer there = {at, STR_LIT("additionalProperties")};
    for (const struct json_node *k = required ? required->first : NULL; k; k = k->next) {
        if (k->type != JSON_STRING)
            return schema_fail(s, ERR_INPUT, at, "required", "expected a list of names");
        if (is_taken(t, k->text))
            continue;
        if (extra && extra->type == JSON_BOOL && !extra->truth)
            return schema_fail(s, ERR_INPUT, at, "required",
                               "a name is required that additionalProperties forbids");
        const struct expr *value = expr_rule(s->rules, s->any);
        enum err_code code = extra ? schema_compile(s, extra, &there, &value) : ERR_OK;
        if (code)
            return code;
        t->keys[t->n++] = k->text;
        members[*n] = schema_rule(s, EXPR_SEQUENCE_OF(s->rules, schema_key(s, k->text), value));
        must[(*n)++] = true;
    }
    return ERR_OK;
}

static enum err_code collect(struct schema *s, const struct json_node *node,
                             const struct pointer *at, const struct expr **members, bool *must,
                             size_t *n)
{
    const struct json_node *properties = json_get(node, "properties");
    const struct json_node *required = json_get(node, "required");
    struct taken t = {0};
    if (properties && properties->type != JSON_OBJECT)
        return schema_fail(s, ERR_INPUT, at, "properties", "expected an object");
    if (required && required->type != JSON_ARRAY)
        return schema_fail(s, ERR_INPUT, at, "required", "expected a list of names");
    t.keys = arena_new(s->arena,
                       (properties ? properties->count : 0) + (required ? required->count : 0) + 1,
                       sizeof *t.keys);
    if (!t.keys)
        return err_set(s->err, ERR_LIMIT, "schema: too large");
    struct pointer there = {at, STR_LIT("properties")};
    for (const struct json_node *p = properties ? properties->first : NULL; p; p = p->next) {
        struct pointer here = {&there, p->key};
        const struct expr *value;
        enum err_code code = schema_compile(s, p, &here, &value);
        if (code)
            return code;
        t.keys[t.n++] = p->key;
        members[*n] = schema_rule(s, EXPR_SEQUENCE_OF(s->rules, schema_key(s, p->key), value));
        must[(*n)++] = is_required(required, p->key);
    }
    enum err_code code = add_unnamed(s, node, at, &t, members, must, n);
    if (!code)
        code = others(s, node, at, &t, &members[*n]);
    must[*n] = false;
    *n += !code && members[*n];
    return code;
}

enum err_code schema_object(struct schema *s, const struct json_node *node,
                            const struct pointer *at, const struct expr **out)
{
    struct rules *r = s->rules;
    const struct json_node *properties = json_get(node, "properties");
    const struct json_node *required = json_get(node, "required");
    size_t n = 0,
           most = (properties ? properties->count : 0) + (required ? required->count : 0) + 1;
    const struct expr **members = arena_new(s->arena, most, sizeof *members);
    bool *must = arena_new(s->arena, most, sizeof *must), empty = true;
    if (!members || !must)
        return err_set(s->err, ERR_LIMIT, "schema: too large");
    enum err_code code = collect(s, node, at, members, must, &n);
    if (code)
        return code;
    for (size_t i = 0; i < n; i++)
        empty &= !must[i];
    const struct expr *begin = expr_z(r, "{"), *end = expr_z(r, "}"), *space = schema_space(s);
    const struct expr *nothing = EXPR_SEQUENCE_OF(r, begin, space, end);
    if (n == 0) {
        *out = nothing;
        return ERR_OK;
    }
    const struct expr *comma = EXPR_SEQUENCE_OF(r, expr_z(r, ","), space);
    const struct expr *full =
        EXPR_SEQUENCE_OF(r, begin, space, expr_members(r, members, must, n, comma), space, end);
    *out = schema_rule(s, empty ? EXPR_CHOICE_OF(r, nothing, full) : full);
    return ERR_OK;
}

// The elements from number `i` on: a comma and the element, or nothing where there may be no more.
static const struct expr *elements(struct schema *s, const struct expr *const *prefix, size_t n,
                                   size_t i, const struct expr *item, uint32_t least, uint32_t most)
{
    struct rules *r = s->rules;
    const struct expr *comma =
        i ? EXPR_SEQUENCE_OF(r, expr_z(r, ","), schema_space(s)) : expr_empty(r);
    if (i >= most || (i >= n && !item))
        return expr_empty(r);
    if (i < n) {
        const struct expr *here =
            EXPR_SEQUENCE_OF(r, comma, prefix[i], elements(s, prefix, n, i + 1, item, least, most));
        return i < least ? here : expr_repeat(r, here, 0, 1);
    }
    uint32_t at = (uint32_t)i, need = least > at ? least - at : 0;
    uint32_t room = most == EXPR_NO_LIMIT ? most : most - at;
    if (i)
        return expr_repeat(r, EXPR_SEQUENCE_OF(r, comma, item), need, room);
    const struct expr *next = EXPR_SEQUENCE_OF(r, expr_z(r, ","), schema_space(s), item);
    const struct expr *some = EXPR_SEQUENCE_OF(
        r, item,
        expr_repeat(r, next, need ? need - 1 : 0, room == EXPR_NO_LIMIT ? room : room - 1));
    return need ? some : expr_repeat(r, some, 0, 1);
}

static enum err_code read_prefix(struct schema *s, const struct json_node *list,
                                 const struct pointer *at, const struct expr **prefix)
{
    struct pointer there = {at, STR_LIT("prefixItems")};
    size_t n = 0;
    if (list->type != JSON_ARRAY || list->count > PREFIX_MAX)
        return schema_fail(s, ERR_INPUT, &there, NULL, "expected a list of at most 256 schemas");
    for (const struct json_node *p = list->first; p; p = p->next) {
        enum err_code code = schema_compile(s, p, &there, &prefix[n]);
        if (code)
            return code;
        prefix[n] = schema_rule(s, prefix[n]);
        n++;
    }
    return ERR_OK;
}

enum err_code schema_array(struct schema *s, const struct json_node *node, const struct pointer *at,
                           const struct expr **out)
{
    struct rules *r = s->rules;
    const struct json_node *list = json_get(node, "prefixItems"), *items = json_get(node, "items");
    const struct expr *prefix[PREFIX_MAX], *item = expr_rule(r, s->any);
    struct pointer there = {at, STR_LIT("items")};
    size_t n = list ? list->count : 0;
    uint32_t least, most;
    enum err_code code = schema_count(s, node, "minItems", at, 0, &least);
    if (!code)
        code = schema_count(s, node, "maxItems", at, EXPR_NO_LIMIT, &most);
    if (!code && list)
        code = read_prefix(s, list, at, prefix);
    if (items && items->type == JSON_BOOL && !items->truth)
        item = NULL;
    else if (items && !code)
        code = schema_compile(s, items, &there, &item);
    if (code)
        return code;
    if (least > most || (!item && least > n))
        return schema_fail(s, ERR_INPUT, at, "minItems", "more than there may be");
    if (item)
        item = schema_rule(s, item);
    const struct expr *begin = expr_z(r, "["), *end = expr_z(r, "]"), *space = schema_space(s);
    const struct expr *nothing = EXPR_SEQUENCE_OF(r, begin, space, end);
    bool may_be_empty = least == 0;
    const struct expr *some = elements(s, prefix, n, 0, item, least ? least : 1, most);
    const struct expr *full = EXPR_SEQUENCE_OF(r, begin, space, some, space, end);
    bool never_full = most == 0 || (!item && n == 0);
    *out = never_full ? nothing : !may_be_empty ? full : EXPR_CHOICE_OF(r, nothing, full);
    *out = schema_rule(s, *out);
    return ERR_OK;
}
