// Compiles rules to deterministic automata: the subset construction over bytes and calls.
#include <stdlib.h>
#include <string.h>

#include "llm/grammar/automaton.h"
#include "llm/grammar/nfa.h"
#include "llm/grammar/prune.h"
#include "llm/grammar/step_table.h"

enum { MEMBERS_MAX = 1 << 22, EDGES_MAX = 1 << 21 };

// A deterministic state is a sorted set of states of the NFA.
struct subset {
    uint64_t hash;
    uint32_t at, n; // in members
};

struct builder {
    const struct nfa *nfa;
    struct grammar *g;
    uint32_t *members;
    uint32_t member_count, member_cap;
    struct subset *subsets; // one for each state of g
    uint32_t subset_cap, edge_cap, call_cap;
    uint32_t *slots; // 1 + state, by hash; a power of two of them
    uint32_t slot_count;
    uint32_t *seen, stamp;       // by state of the NFA: met in this closure
    uint32_t *work;              // states
    struct grammar_call *called; // [ways]
    bool failed;
};

static void *grow(struct builder *b, void *p, uint32_t *cap, uint32_t need, uint32_t most,
                  size_t size)
{
    if (need <= *cap)
        return p;
    uint32_t more = *cap ? 2 * *cap : 256;
    while (more < need)
        more *= 2;
    void *q = need <= most ? realloc(p, more * size) : NULL;
    if (!q) {
        b->failed = true;
        return p;
    }
    *cap = more;
    return q;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

// Replaces b->work[0..n) by everything reached from it without a byte, sorted; returns its count.
static uint32_t close_set(struct builder *b, uint32_t n)
{
    uint32_t count = 0;
    b->stamp++;
    for (uint32_t i = 0; i < n; i++)
        if (b->seen[b->work[i]] != b->stamp) {
            b->seen[b->work[i]] = b->stamp;
            b->work[count++] = b->work[i];
        }
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t w = b->nfa->states[b->work[i]]; w; w = b->nfa->ways[w].next) {
            const struct nfa_way *way = &b->nfa->ways[w];
            if (way->kind == NFA_EMPTY && b->seen[way->to] != b->stamp) {
                b->seen[way->to] = b->stamp;
                b->work[count++] = way->to;
            }
        }
    qsort(b->work, count, sizeof *b->work, by_number);
    return count;
}

static uint64_t hash_set(const uint32_t *set, uint32_t n)
{
    uint64_t h = n;
    for (uint32_t i = 0; i < n; i++) {
        h = (h ^ set[i]) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    return h;
}

static bool grow_slots(struct builder *b)
{
    uint32_t count = b->slot_count ? 2 * b->slot_count : 1024;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (!slots)
        return false;
    for (uint32_t i = 0; i < b->g->state_count; i++) {
        uint32_t at = (uint32_t)b->subsets[i].hash & (count - 1);
        while (slots[at])
            at = (at + 1) & (count - 1);
        slots[at] = i + 1;
    }
    free(b->slots);
    b->slots = slots;
    b->slot_count = count;
    return true;
}

// The state for the closure of b->work[0..n), made if it is new.
static uint32_t state_of(struct builder *b, uint32_t n)
{
    struct grammar *g = b->g;
    n = close_set(b, n);
    if (2 * g->state_count >= b->slot_count && !grow_slots(b))
        b->failed = true;
    if (b->failed)
        return 0;
    uint64_t hash = hash_set(b->work, n);
    uint32_t at = (uint32_t)hash & (b->slot_count - 1);
    for (; b->slots[at]; at = (at + 1) & (b->slot_count - 1)) {
        const struct subset *s = &b->subsets[b->slots[at] - 1];
        if (s->hash == hash && s->n == n &&
            memcmp(b->members + s->at, b->work, n * sizeof *b->work) == 0)
            return b->slots[at] - 1;
    }
    b->members =
        grow(b, b->members, &b->member_cap, b->member_count + n, MEMBERS_MAX, sizeof *b->members);
    uint32_t cap = b->subset_cap;
    b->subsets = grow(b, b->subsets, &b->subset_cap, g->state_count + 1, GRAMMAR_STATES_MAX,
                      sizeof *b->subsets);
    g->states = grow(b, g->states, &cap, g->state_count + 1, GRAMMAR_STATES_MAX, sizeof *g->states);
    if (b->failed)
        return 0;
    memcpy(b->members + b->member_count, b->work, n * sizeof *b->work);
    b->subsets[g->state_count] = (struct subset){hash, b->member_count, n};
    g->states[g->state_count] = (struct grammar_state){0};
    b->member_count += n;
    b->slots[at] = g->state_count + 1;
    return g->state_count++;
}

// Where the members go by one byte: collects them in b->work.
static uint32_t go_by_byte(struct builder *b, struct subset s, unsigned byte)
{
    uint32_t n = 0;
    b->stamp++;
    for (uint32_t i = 0; i < s.n; i++)
        for (uint32_t w = b->nfa->states[b->members[s.at + i]]; w; w = b->nfa->ways[w].next) {
            const struct nfa_way *way = &b->nfa->ways[w];
            if (way->kind == NFA_BYTES && way->first <= byte && byte <= way->last &&
                b->seen[way->to] != b->stamp) {
                b->seen[way->to] = b->stamp;
                b->work[n++] = way->to;
            }
        }
    return n;
}

static void add_edges(struct builder *b, uint32_t state)
{
    struct grammar *g = b->g;
    struct subset s = b->subsets[state];
    bool begins[257] = {false}; // where the set of ways may change
    bool any = false;
    for (uint32_t i = 0; i < s.n; i++)
        for (uint32_t w = b->nfa->states[b->members[s.at + i]]; w; w = b->nfa->ways[w].next)
            if (b->nfa->ways[w].kind == NFA_BYTES) {
                begins[b->nfa->ways[w].first] = begins[b->nfa->ways[w].last + 1] = any = true;
            }
    g->states[state].edge = g->edge_count;
    for (unsigned first = 0; any && first < 256 && !b->failed;) {
        unsigned last = first;
        while (last < 255 && !begins[last + 1])
            last++;
        uint32_t n = go_by_byte(b, s, first);
        uint32_t to = n ? state_of(b, n) : 0;
        struct grammar_edge *before = g->edge_count ? &g->edges[g->edge_count - 1] : NULL;
        if (n && g->states[state].edges && before->to == to && before->last + 1u == first) {
            before->last = (uint8_t)last;
        } else if (n) {
            g->edges =
                grow(b, g->edges, &b->edge_cap, g->edge_count + 1, EDGES_MAX, sizeof *g->edges);
            if (b->failed)
                return;
            g->edges[g->edge_count++] = (struct grammar_edge){(uint8_t)first, (uint8_t)last, to};
            g->states[state].edges++;
        }
        first = last + 1;
    }
}

static int by_rule(const void *a, const void *b)
{
    const struct grammar_call *x = a, *y = b;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

// All calls of the members, sorted by rule, in b->called; returns how many.
static uint32_t collect_calls(struct builder *b, struct subset s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s.n; i++)
        for (uint32_t w = b->nfa->states[b->members[s.at + i]]; w; w = b->nfa->ways[w].next)
            if (b->nfa->ways[w].kind == NFA_CALL)
                b->called[n++] = (struct grammar_call){b->nfa->ways[w].rule, b->nfa->ways[w].to};
    qsort(b->called, n, sizeof *b->called, by_rule);
    return n;
}

static void add_calls(struct builder *b, uint32_t state)
{
    struct grammar *g = b->g;
    uint32_t n = collect_calls(b, b->subsets[state]);
    g->states[state].call = g->call_count;
    for (uint32_t i = 0; i < n && !b->failed;) {
        uint32_t rule = b->called[i].rule, count = 0;
        for (; i < n && b->called[i].rule == rule; i++)
            b->work[count++] = b->called[i].to;
        uint32_t to = state_of(b, count);
        g->calls = grow(b, g->calls, &b->call_cap, g->call_count + 1, EDGES_MAX, sizeof *g->calls);
        if (b->failed)
            return;
        g->calls[g->call_count++] = (struct grammar_call){rule, to};
        g->states[state].calls++;
    }
}

// Rules do not share states: an NFA state belongs to one rule.
static void add_rule(struct builder *b, uint32_t rule)
{
    struct grammar *g = b->g;
    uint32_t done = g->state_count;
    b->work[0] = b->nfa->starts[rule];
    g->starts[rule] = state_of(b, 1);
    for (; done < g->state_count && !b->failed; done++) {
        struct subset s = b->subsets[done];
        for (uint32_t i = 0; i < s.n; i++)
            g->states[done].ends |= b->members[s.at + i] == b->nfa->ends[rule];
        add_edges(b, done);
        add_calls(b, done);
    }
}

static void free_builder(struct builder *b)
{
    free(b->members);
    free(b->subsets);
    free(b->slots);
    free(b->seen);
    free(b->work);
    free(b->called);
}

static enum err_code determinise(const struct nfa *nfa, const struct rules *rules,
                                 const char *where, struct grammar *g, struct err *err)
{
    struct builder b = {.nfa = nfa, .g = g};
    g->rule_count = rules->count;
    g->starts = calloc(rules->count + 1, sizeof *g->starts);
    b.seen = calloc(nfa->state_count + 1, sizeof *b.seen);
    b.work = malloc((nfa->way_count + nfa->state_count + 1) * sizeof *b.work);
    b.called = malloc((nfa->way_count + 1) * sizeof *b.called);
    enum err_code code = g->starts && b.seen && b.work && b.called
                             ? ERR_OK
                             : err_set(err, ERR_NO_MEMORY, "%s: out of memory", where);
    for (uint32_t i = 0; !code && i < rules->count; i++) {
        add_rule(&b, i);
        if (b.failed)
            code = err_set(err, ERR_LIMIT, "%s: too large: rule '%.*s' takes it beyond %d states",
                           where, STR_ARG(rules->list[i].name), GRAMMAR_STATES_MAX);
    }
    free_builder(&b);
    return code;
}

void grammar_close(struct grammar **g)
{
    if (!*g)
        return;
    free((*g)->states);
    free((*g)->edges);
    free((*g)->calls);
    free((*g)->starts);
    free((*g)->table);
    free(*g);
    *g = NULL;
}

size_t grammar_states(const struct grammar *g)
{
    return g->state_count;
}

enum err_code automaton_compile(const struct rules *rules, uint32_t root, const char *where,
                                struct grammar **out, struct err *err)
{
    *out = NULL;
    struct nfa nfa;
    struct grammar *g = calloc(1, sizeof *g);
    if (!g)
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", where);
    g->root = root;
    enum err_code code = nfa_build(rules, where, &nfa, err);
    if (!code)
        code = refuse_left_recursion(rules, &nfa, where, err);
    if (!code)
        code = determinise(&nfa, rules, where, g, err);
    nfa_free(&nfa);
    if (!code)
        code = prune_dead_ends(g, where, err);
    if (!code && !step_table_make(g))
        code = err_set(err, ERR_NO_MEMORY, "%s: out of memory", where);
    if (code)
        grammar_close(&g);
    *out = g;
    return code;
}
