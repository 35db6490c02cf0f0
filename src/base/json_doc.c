// Builds the tree from the pull parser's tokens.
#include "base/json_doc.h"

#include <math.h>

#include "base/json_scan.h"

static struct str unescaped(struct arena *arena, const struct json_scan *s)
{
    char *copy = arena_new(arena, s->text.n + 1, 1);
    if (!copy)
        return (struct str){NULL, 0};
    if (!s->escaped) {
        str_copy(copy, s->text.n + 1, s->text);
        return (struct str){copy, s->text.n};
    }
    return (struct str){copy, json_unescape(s->text, copy)};
}

static bool fill(struct json_node *node, enum json_token token, struct arena *arena,
                 const struct json_scan *s)
{
    switch (token) {
    case JSON_TOKEN_OBJECT:
        node->type = JSON_OBJECT;
        return true;
    case JSON_TOKEN_ARRAY:
        node->type = JSON_ARRAY;
        return true;
    case JSON_TOKEN_STRING:
        node->type = JSON_STRING;
        node->text = unescaped(arena, s);
        return node->text.p != NULL;
    case JSON_TOKEN_NUMBER:
        node->type = JSON_NUMBER;
        node->text = unescaped(arena, s);
        if (!node->text.p)
            return false;
        if (!str_to_double(node->text, &node->number))
            node->number = node->text.p[0] == '-' ? -HUGE_VAL : HUGE_VAL; // beyond any double
        return true;
    case JSON_TOKEN_TRUE:
    case JSON_TOKEN_FALSE:
        node->type = JSON_BOOL;
        node->truth = token == JSON_TOKEN_TRUE;
        return true;
    default:
        node->type = JSON_NULL;
        return true;
    }
}

static bool has_key(const struct json_node *object, struct str key)
{
    for (const struct json_node *n = object->first; n; n = n->next)
        if (str_eq(n->key, key))
            return true;
    return false;
}

enum err_code json_read(struct arena *arena, struct str text, const char *where,
                        struct json_node **out, struct err *err)
{
    struct json_scan s;
    struct {
        struct json_node *node, **end;
    } open[JSON_SCAN_DEPTH_DEFAULT + 1];
    int depth = 0;
    struct str key = {NULL, 0};
    *out = NULL;
    json_scan_open(&s, text, 0, 0);
    for (enum json_token t; (t = json_scan_next(&s)) > JSON_TOKEN_END;) {
        if (t == JSON_TOKEN_OBJECT_END || t == JSON_TOKEN_ARRAY_END) {
            depth--;
            continue;
        }
        if (t == JSON_TOKEN_KEY) {
            key = unescaped(arena, &s);
            if (!key.p)
                return err_set(err, ERR_LIMIT, "%s: too large", where);
            if (has_key(open[depth - 1].node, key))
                return err_set(err, ERR_INPUT, "%s: byte %zu: the key \"%.*s\" stands twice", where,
                               json_scan_byte(&s), STR_ARG(key));
            continue;
        }
        struct json_node *node = arena_new(arena, 1, sizeof *node);
        if (!node || !fill(node, t, arena, &s))
            return err_set(err, ERR_LIMIT, "%s: too large", where);
        node->key = key;
        key = (struct str){NULL, 0};
        if (depth) {
            *open[depth - 1].end = node;
            open[depth - 1].end = &node->next;
            open[depth - 1].node->count++;
        } else {
            *out = node;
        }
        if (t == JSON_TOKEN_OBJECT || t == JSON_TOKEN_ARRAY) {
            open[depth].node = node;
            open[depth].end = &node->first;
            depth++;
        }
    }
    if (s.why)
        return json_scan_error(&s, where, err);
    return *out ? ERR_OK : err_set(err, ERR_INPUT, "%s: no JSON value", where);
}

const struct json_node *json_get(const struct json_node *object, const char *key)
{
    if (!object || object->type != JSON_OBJECT)
        return NULL;
    for (const struct json_node *n = object->first; n; n = n->next)
        if (str_is(n->key, key))
            return n;
    return NULL;
}

const char *json_get_text(const struct json_node *object, const char *key)
{
    const struct json_node *n = json_get(object, key);
    return n && n->type == JSON_STRING ? n->text.p : "";
}

double json_get_number(const struct json_node *object, const char *key)
{
    const struct json_node *n = json_get(object, key);
    return n && n->type == JSON_NUMBER ? n->number : (double)NAN;
}

int64_t json_get_int(const struct json_node *object, const char *key)
{
    const struct json_node *n = json_get(object, key);
    int64_t whole;
    if (!n || n->type != JSON_NUMBER)
        return 0;
    if (str_to_i64(n->text, &whole))
        return whole;
    return fabs(n->number) < 9e18 ? (int64_t)n->number : 0;
}

bool json_get_bool(const struct json_node *object, const char *key)
{
    const struct json_node *n = json_get(object, key);
    return n && n->type == JSON_BOOL && n->truth;
}

void json_write(struct json_out *j, const struct json_node *n)
{
    switch (n->type) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        n->type == JSON_OBJECT ? json_object(j) : json_array(j);
        for (const struct json_node *child = n->first; child; child = child->next) {
            if (n->type == JSON_OBJECT)
                json_key(j, child->key.p);
            json_write(j, child);
        }
        json_end(j);
        return;
    case JSON_STRING:
        json_str(j, n->text);
        return;
    case JSON_NUMBER:
        json_raw(j, n->text);
        return;
    case JSON_BOOL:
        json_bool(j, n->truth);
        return;
    case JSON_NULL:
        json_null(j);
        return;
    }
}
