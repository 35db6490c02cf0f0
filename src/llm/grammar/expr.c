// Rules of a grammar as expressions.
#include "llm/grammar/expr.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES_MAX = 1 << 26, SURROGATE_FIRST = 0xd800, SURROGATE_LAST = 0xdfff };

enum err_code rules_open(struct rules *r, struct err *err)
{
    *r = (struct rules){.arena = arena_open(ARENA_BYTES_MAX)};
    return r->arena ? ERR_OK : err_set(err, ERR_NO_MEMORY, "out of memory for a grammar");
}

void rules_close(struct rules *r)
{
    arena_close(&r->arena);
    map_free(&r->names);
    free(r->list);
    *r = (struct rules){0};
}

static void *take(struct rules *r, size_t count, size_t size)
{
    void *p = r->failed ? NULL : arena_new(r->arena, count, size);
    r->failed |= !p;
    return p;
}

uint32_t rules_find(struct rules *r, struct str name, struct text_place at)
{
    const uint64_t *known = map_find(&r->names, name);
    if (known)
        return (uint32_t)*known;
    if (r->count == r->cap) {
        uint32_t cap = r->cap ? 2 * r->cap : 64;
        struct rule *list = cap <= RULES_MAX ? realloc(r->list, cap * sizeof *list) : NULL;
        r->failed |= !list;
        if (!list)
            return 0;
        r->list = list;
        r->cap = cap;
    }
    char *copy = take(r, name.n + 1, 1);
    if (!copy || !map_put(&r->names, name, r->count)) {
        r->failed = true;
        return 0;
    }
    memcpy(copy, name.p, name.n);
    r->list[r->count] = (struct rule){.name = {copy, name.n}, .named = at};
    return r->count++;
}

void rules_define(struct rules *r, uint32_t rule, const struct expr *body)
{
    if (!r->failed)
        r->list[rule].body = body;
}

static struct expr *make(struct rules *r, enum expr_kind kind)
{
    struct expr *e = take(r, 1, sizeof *e);
    if (e)
        e->kind = kind;
    return e;
}

const struct expr *expr_bytes(struct rules *r, struct str bytes)
{
    struct expr *e = make(r, EXPR_BYTES);
    char *copy = take(r, bytes.n + 1, 1);
    if (!e || !copy)
        return NULL;
    if (bytes.n)
        memcpy(copy, bytes.p, bytes.n);
    e->bytes = (struct str){copy, bytes.n};
    return e;
}

const struct expr *expr_z(struct rules *r, const char *text)
{
    return expr_bytes(r, str_of(text));
}

const struct expr *expr_empty(struct rules *r)
{
    return expr_z(r, "");
}

const struct expr *expr_rule(struct rules *r, uint32_t rule)
{
    struct expr *e = make(r, EXPR_RULE);
    if (e)
        e->rule = rule;
    return e;
}

static int by_first(const void *a, const void *b)
{
    const struct code_range *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

// Adds first..last without the surrogates, which are no characters.
static void add_range(struct code_range *out, size_t *n, uint32_t first, uint32_t last)
{
    if (first < SURROGATE_FIRST && last > SURROGATE_LAST) {
        out[(*n)++] = (struct code_range){first, SURROGATE_FIRST - 1};
        out[(*n)++] = (struct code_range){SURROGATE_LAST + 1, last};
        return;
    }
    if (first >= SURROGATE_FIRST && first <= SURROGATE_LAST)
        first = SURROGATE_LAST + 1;
    if (last >= SURROGATE_FIRST && last <= SURROGATE_LAST)
        last = SURROGATE_FIRST - 1;
    if (first <= last)
        out[(*n)++] = (struct code_range){first, last};
}

const struct expr *expr_class(struct rules *r, const struct code_range *ranges, size_t n,
                              bool others)
{
    struct expr *e = make(r, EXPR_CLASS);
    struct code_range *sorted = take(r, n + 1, sizeof *sorted);
    struct code_range *out = take(r, 2 * n + 4, sizeof *out);
    if (!e || !sorted || !out)
        return NULL;
    if (n)
        memcpy(sorted, ranges, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_first);
    size_t merged = 0;
    for (size_t i = 0; i < n; i++) {
        if (merged && sorted[i].first <= sorted[merged - 1].last + 1) {
            if (sorted[i].last > sorted[merged - 1].last)
                sorted[merged - 1].last = sorted[i].last;
        } else {
            sorted[merged++] = sorted[i];
        }
    }
    e->ranges = out;
    if (!others) {
        for (size_t i = 0; i < merged; i++)
            add_range(out, &e->n, sorted[i].first, sorted[i].last);
        return e;
    }
    uint32_t next = 0;
    for (size_t i = 0; i < merged; i++) {
        if (sorted[i].first > next)
            add_range(out, &e->n, next, sorted[i].first - 1);
        next = sorted[i].last + 1;
    }
    if (next <= CODE_POINT_MAX)
        add_range(out, &e->n, next, CODE_POINT_MAX);
    return e;
}

const struct expr *expr_range(struct rules *r, uint32_t first, uint32_t last)
{
    return expr_class(r, &(struct code_range){first, last}, 1, false);
}

static const struct expr *join(struct rules *r, enum expr_kind kind,
                               const struct expr *const *parts, size_t n)
{
    if (n == 1)
        return parts[0];
    struct expr *e = make(r, kind);
    const struct expr **copy = take(r, n + 1, sizeof *copy);
    if (!e || !copy)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        copy[i] = parts[i];
        if (!parts[i])
            return NULL;
    }
    e->parts = copy;
    e->n = n;
    return e;
}

const struct expr *expr_sequence(struct rules *r, const struct expr *const *parts, size_t n)
{
    return join(r, EXPR_SEQUENCE, parts, n);
}

const struct expr *expr_choice(struct rules *r, const struct expr *const *parts, size_t n)
{
    return join(r, EXPR_CHOICE, parts, n);
}

const struct expr *expr_repeat(struct rules *r, const struct expr *part, uint32_t least,
                               uint32_t most)
{
    struct expr *e = make(r, EXPR_REPEAT);
    const struct expr **copy = take(r, 1, sizeof *copy);
    if (!e || !copy || !part)
        return NULL;
    copy[0] = part;
    e->parts = copy;
    e->n = 1;
    e->least = least;
    e->most = most;
    return e;
}

const struct expr *expr_members(struct rules *r, const struct expr *const *parts, const bool *must,
                                size_t n, const struct expr *between)
{
    struct expr *e = make(r, EXPR_MEMBERS);
    const struct expr **copy = take(r, n + 1, sizeof *copy);
    bool *flags = take(r, n + 1, sizeof *flags);
    if (!e || !copy || !flags || !between)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        copy[i] = parts[i];
        flags[i] = must[i];
        if (!parts[i])
            return NULL;
    }
    e->parts = copy;
    e->must = flags;
    e->n = n;
    e->between = between;
    return e;
}
