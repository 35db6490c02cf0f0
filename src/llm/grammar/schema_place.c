// Places in a JSON Schema: naming one in a message, going to the one that a reference names.
#include <string.h>

#include "llm/grammar/schema_private.h"

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

enum err_code schema_no_memory(struct schema *s)
{
    return err_set(s->err, ERR_LIMIT, "schema: too large");
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
