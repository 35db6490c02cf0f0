// Bodies of small JSON objects: read, with errors that name the member.
#include "server/json_body.h"

enum { BODY_ARENA_MAX = 16 << 20 };

bool json_body_open(struct exchange *x, struct arena **arena, const struct json_node **first)
{
    *arena = NULL;
    *first = NULL;
    if (str_trim(buf_str(&x->body)).n == 0)
        return true;
    struct json_node *root = NULL;
    struct err err;
    *arena = arena_open(BODY_ARENA_MAX);
    enum err_code code = *arena ? json_read(*arena, buf_str(&x->body), "body", &root, &err)
                                : err_set(&err, ERR_NO_MEMORY, "out of memory for the body");
    if (code != ERR_OK)
        reply_err(x, &err, NULL);
    else if (root->type != JSON_OBJECT)
        reply_error(x, 400, "input", NULL, "body: an object expected");
    else
        *first = root->first;
    return code == ERR_OK && root->type == JSON_OBJECT;
}

bool json_body_text(struct exchange *x, const struct json_node *n, char *to, size_t cap)
{
    if (n->type != JSON_STRING)
        reply_error(x, 400, "input", n->key.p, "%.32s: a text expected", n->key.p);
    else if (!str_copy(to, cap, n->text))
        reply_error(x, 400, "input", n->key.p, "%.32s: at most %zu bytes", n->key.p, cap - 1);
    else
        return true;
    return false;
}

bool json_body_time(struct exchange *x, const struct json_node *n, int64_t *time_us)
{
    if (n->type == JSON_STRING && time_from_text(n->text, time_us))
        return true;
    reply_error(x, 400, "input", n->key.p, "%.32s: a time expected, as in \"2026-11-21T09:15:00Z\"",
                n->key.p);
    return false;
}

void json_body_unknown(struct exchange *x, const struct json_node *n, const char *known)
{
    reply_error(x, 400, "input", n->key.p, "unknown member \"%.32s\": %s", n->key.p, known);
}
