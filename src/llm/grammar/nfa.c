// A grammar's expressions as nondeterministic automata over bytes (Thompson's construction).
#include "llm/grammar/nfa.h"

#include <stdlib.h>
#include <string.h>

#include "llm/unicode.h"

void nfa_free(struct nfa *n)
{
    free(n->ways);
    free(n->states);
    free(n->starts);
    free(n->ends);
    free(n->nullable);
    *n = (struct nfa){0};
}

static uint32_t add_state(struct nfa *n)
{
    if (n->state_count == n->state_cap && !n->failed) {
        uint32_t cap = n->state_cap ? 2 * n->state_cap : 256;
        uint32_t *states = cap <= NFA_STATES_MAX ? realloc(n->states, cap * sizeof *states) : NULL;
        n->failed = !states;
        if (states) {
            n->states = states;
            n->state_cap = cap;
        }
    }
    if (n->failed)
        return 0;
    n->states[n->state_count] = 0;
    return n->state_count++;
}

static void add_way(struct nfa *n, uint32_t from, struct nfa_way way)
{
    if (n->way_count == n->way_cap && !n->failed) {
        uint32_t cap = n->way_cap ? 2 * n->way_cap : 1024;
        struct nfa_way *ways = cap <= NFA_WAYS_MAX ? realloc(n->ways, cap * sizeof *ways) : NULL;
        n->failed = !ways;
        if (ways) {
            n->ways = ways;
            n->way_cap = cap;
            n->way_count += !n->way_count;
        }
    }
    if (n->failed)
        return;
    way.next = n->states[from];
    n->states[from] = n->way_count;
    n->ways[n->way_count++] = way;
}

static void add_empty(struct nfa *n, uint32_t from, uint32_t to)
{
    add_way(n, from, (struct nfa_way){.kind = NFA_EMPTY, .to = to});
}

static void add_bytes(struct nfa *n, uint32_t from, uint32_t to, unsigned first, unsigned last)
{
    add_way(n, from,
            (struct nfa_way){
                .kind = NFA_BYTES, .to = to, .first = (uint8_t)first, .last = (uint8_t)last});
}

// Adds the UTF-8 of first..last, whose encodings have the same length and in which every byte runs
// through a range of its own.
static void add_encoded(struct nfa *n, uint32_t from, uint32_t to, uint32_t first, uint32_t last)
{
    char low[4], high[4];
    size_t count = unicode_encode(first, low);
    unicode_encode(last, high);
    for (size_t i = 0; i < count; i++) {
        uint32_t next = i + 1 < count ? add_state(n) : to;
        add_bytes(n, from, next, (unsigned char)low[i], (unsigned char)high[i]);
        from = next;
    }
}

// Cuts first..last where the length of the encoding changes and where a byte but the first would
// not run through all of its values.
static void add_range(struct nfa *n, uint32_t from, uint32_t to, uint32_t first, uint32_t last)
{
    static const uint32_t lengths[] = {0x7f, 0x7ff, 0xffff};
    for (int i = 0; i < 3; i++)
        if (first <= lengths[i] && last > lengths[i]) {
            add_range(n, from, to, first, lengths[i]);
            add_range(n, from, to, lengths[i] + 1, last);
            return;
        }
    for (int bits = 6; bits <= 18 && last > 0x7f; bits += 6) {
        uint32_t mask = (1u << bits) - 1;
        if ((first & ~mask) == (last & ~mask))
            continue;
        if (first & mask) {
            add_range(n, from, to, first, first | mask);
            add_range(n, from, to, (first | mask) + 1, last);
            return;
        }
        if ((last & mask) != mask) {
            add_range(n, from, to, first, (last & ~mask) - 1);
            add_range(n, from, to, last & ~mask, last);
            return;
        }
    }
    add_encoded(n, from, to, first, last);
}

static uint32_t build(struct nfa *n, const struct expr *e, uint32_t from);

static uint32_t build_repeat(struct nfa *n, const struct expr *e, uint32_t from)
{
    for (uint32_t i = 0; i < e->least && !n->failed; i++)
        from = build(n, e->parts[0], from);
    if (e->most == EXPR_NO_LIMIT) {
        uint32_t loop = add_state(n);
        add_empty(n, from, loop);
        add_empty(n, build(n, e->parts[0], loop), loop);
        return loop;
    }
    uint32_t end = add_state(n);
    for (uint32_t i = e->least; i < e->most && !n->failed; i++) {
        add_empty(n, from, end);
        from = build(n, e->parts[0], from);
    }
    add_empty(n, from, end);
    return end;
}

// Two chains of states beside each other: while no member is there yet, and once one is.
static uint32_t build_members(struct nfa *n, const struct expr *e, uint32_t none)
{
    uint32_t some = add_state(n); // not reached as yet
    for (size_t i = 0; i < e->n && !n->failed; i++) {
        uint32_t next = add_state(n);
        add_empty(n, build(n, e->parts[i], none), next);
        add_empty(n, build(n, e->parts[i], build(n, e->between, some)), next);
        if (e->must[i])
            none = add_state(n); // not reached any more
        else
            add_empty(n, some, next);
        some = next;
    }
    return some;
}

// Adds what `e` matches behind `from`; returns the state where it ends. Depth: that of the
// expression, which its readers bound.
static uint32_t build(struct nfa *n, const struct expr *e, uint32_t from)
{
    uint32_t end;
    if (n->failed)
        return 0;
    switch (e->kind) {
    case EXPR_BYTES:
        for (size_t i = 0; i < e->bytes.n; i++, from = end) {
            unsigned char b = (unsigned char)e->bytes.p[i];
            end = add_state(n);
            add_bytes(n, from, end, b, b);
        }
        return from;
    case EXPR_CLASS:
        end = add_state(n);
        for (size_t i = 0; i < e->n; i++)
            add_range(n, from, end, e->ranges[i].first, e->ranges[i].last);
        return end;
    case EXPR_SEQUENCE:
        for (size_t i = 0; i < e->n; i++)
            from = build(n, e->parts[i], from);
        return from;
    case EXPR_CHOICE:
        end = add_state(n);
        for (size_t i = 0; i < e->n; i++)
            add_empty(n, build(n, e->parts[i], from), end);
        return end;
    case EXPR_REPEAT:
        return build_repeat(n, e, from);
    case EXPR_MEMBERS:
        return build_members(n, e, from);
    case EXPR_RULE:
        break;
    }
    end = add_state(n);
    add_way(n, from, (struct nfa_way){.kind = NFA_CALL, .to = end, .rule = e->rule});
    if (n->nullable[e->rule])
        add_empty(n, from, end);
    return end;
}

static bool is_nullable(const struct nfa *n, const struct expr *e)
{
    switch (e->kind) {
    case EXPR_BYTES:
        return e->bytes.n == 0;
    case EXPR_CLASS:
    case EXPR_MEMBERS: // JSON's, which have bytes
        return false;
    case EXPR_RULE:
        return n->nullable[e->rule];
    case EXPR_REPEAT:
        return e->least == 0 || is_nullable(n, e->parts[0]);
    case EXPR_SEQUENCE:
        for (size_t i = 0; i < e->n; i++)
            if (!is_nullable(n, e->parts[i]))
                return false;
        return true;
    case EXPR_CHOICE:
        break;
    }
    for (size_t i = 0; i < e->n; i++)
        if (is_nullable(n, e->parts[i]))
            return true;
    return false;
}

static void find_nullable(const struct rules *rules, struct nfa *n)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < rules->count; i++)
            if (!n->nullable[i] && is_nullable(n, rules->list[i].body))
                n->nullable[i] = changed = true;
    }
}

enum err_code nfa_build(const struct rules *rules, const char *where, struct nfa *out,
                        struct err *err)
{
    *out = (struct nfa){0};
    out->starts = calloc(rules->count + 1, sizeof *out->starts);
    out->ends = calloc(rules->count + 1, sizeof *out->ends);
    out->nullable = calloc(rules->count + 1, sizeof *out->nullable);
    out->failed = !out->starts || !out->ends || !out->nullable;
    if (!out->failed)
        find_nullable(rules, out);
    for (uint32_t i = 0; i < rules->count && !out->failed; i++) {
        out->starts[i] = add_state(out);
        out->ends[i] = build(out, rules->list[i].body, out->starts[i]);
        if (out->failed) {
            const struct rule *r = &rules->list[i];
            nfa_free(out);
            return err_set(err, ERR_LIMIT,
                           "%s: too large: rule '%.*s' takes it beyond %d states (repetitions "
                           "count as often as they are allowed)",
                           where, STR_ARG(r->name), NFA_STATES_MAX);
        }
    }
    return out->failed ? err_set(err, ERR_NO_MEMORY, "%s: out of memory for a grammar", where)
                       : ERR_OK;
}
