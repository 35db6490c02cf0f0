// Checks of a grammar while it is compiled: rules that begin with themselves, dead ends.
#include "llm/grammar/prune.h"

#include <stdlib.h>
#include <string.h>

// Which rules a rule may call before it took a byte, found as they are asked for.
struct search {
    const struct nfa *nfa;
    uint32_t *seen, stamp; // by state
    uint32_t *work;
    uint8_t *marks; // by rule: 0 new, 1 being visited, 2 done
    uint32_t *stack;
    uint32_t *called; // rules called first, of all rules on the stack
    uint32_t called_cap;
};

// Appends to s->called[at..] the rules that `rule` may call first; returns the new count.
static uint32_t calls_first(struct search *s, uint32_t rule, uint32_t at)
{
    uint32_t n = 1;
    s->stamp++;
    s->work[0] = s->nfa->starts[rule];
    s->seen[s->work[0]] = s->stamp;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t w = s->nfa->states[s->work[i]]; w; w = s->nfa->ways[w].next) {
            const struct nfa_way *way = &s->nfa->ways[w];
            if (way->kind == NFA_CALL) {
                if (at == s->called_cap) {
                    uint32_t *more = realloc(s->called, 2 * s->called_cap * sizeof *more);
                    if (!more)
                        return UINT32_MAX;
                    s->called = more;
                    s->called_cap *= 2;
                }
                s->called[at++] = way->rule;
            } else if (way->kind == NFA_EMPTY && s->seen[way->to] != s->stamp) {
                s->seen[way->to] = s->stamp;
                s->work[n++] = way->to;
            }
        }
    return at;
}

// Depth-first from `rule` without recursion; returns a rule that reaches itself, UINT32_MAX: none,
// UINT32_MAX - 1: out of memory. `ends[d]` is where the calls of depth d end in s->called.
static uint32_t find_cycle(struct search *s, uint32_t rule, uint32_t *ends)
{
    uint32_t depth = 0, from = 0;
    s->stack[0] = rule;
    s->marks[rule] = 1;
    ends[0] = calls_first(s, rule, 0);
    if (ends[0] == UINT32_MAX)
        return UINT32_MAX - 1;
    for (;;) {
        from = depth ? ends[depth - 1] : 0;
        if (ends[depth] == from) { // all calls of this one are done
            s->marks[s->stack[depth]] = 2;
            if (depth == 0)
                return UINT32_MAX;
            depth--;
            continue;
        }
        uint32_t next = s->called[--ends[depth]];
        if (s->marks[next] == 1)
            return next;
        if (s->marks[next] == 2)
            continue;
        depth++;
        s->stack[depth] = next;
        s->marks[next] = 1;
        ends[depth] = calls_first(s, next, ends[depth - 1]);
        if (ends[depth] == UINT32_MAX)
            return UINT32_MAX - 1;
    }
}

enum err_code refuse_left_recursion(const struct rules *rules, const struct nfa *nfa,
                                    const char *where, struct err *err)
{
    struct search s = {.nfa = nfa, .called_cap = 256};
    s.seen = calloc(nfa->state_count + 1, sizeof *s.seen);
    s.work = malloc((nfa->state_count + 1) * sizeof *s.work);
    s.marks = calloc(rules->count + 1, sizeof *s.marks);
    s.stack = malloc((rules->count + 1) * sizeof *s.stack);
    s.called = malloc(s.called_cap * sizeof *s.called);
    uint32_t *ends = malloc((rules->count + 1) * sizeof *ends);
    bool ready = s.seen && s.work && s.marks && s.stack && s.called && ends;
    uint32_t found = ready ? UINT32_MAX : UINT32_MAX - 1;
    for (uint32_t i = 0; ready && found == UINT32_MAX && i < rules->count; i++)
        if (s.marks[i] == 0)
            found = find_cycle(&s, i, ends);
    enum err_code code = ERR_OK;
    if (found == UINT32_MAX - 1) {
        code = err_set(err, ERR_NO_MEMORY, "%s: out of memory", where);
    } else if (found != UINT32_MAX) {
        const struct rule *r = &rules->list[found];
        code = !r->defined.line
                   ? err_set(err, ERR_INPUT, "%s: '%.*s' contains itself", where, STR_ARG(r->name))
                   : err_set(err, ERR_INPUT,
                             "%s: line %u, column %u: the rule '%.*s' begins with itself (left "
                             "recursion): write it with * or + or with itself at the end",
                             where, r->defined.line, r->defined.column, STR_ARG(r->name));
    }
    free(s.seen);
    free(s.work);
    free(s.marks);
    free(s.stack);
    free(s.called);
    free(ends);
    return code;
}

static bool call_is_good(const struct grammar *g, const bool *good, const struct grammar_call *c)
{
    return good[c->to] && good[g->starts[c->rule]];
}

static bool is_good(const struct grammar *g, const bool *good, uint32_t state)
{
    const struct grammar_state *s = &g->states[state];
    if (s->ends)
        return true;
    for (uint32_t i = 0; i < s->edges; i++)
        if (good[g->edges[s->edge + i].to])
            return true;
    for (uint32_t i = 0; i < s->calls; i++)
        if (call_is_good(g, good, &g->calls[s->call + i]))
            return true;
    return false;
}

enum err_code prune_dead_ends(struct grammar *g, const char *where, struct err *err)
{
    bool *good = calloc(g->state_count + 1, sizeof *good);
    if (!good)
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", where);
    // States are numbered from a rule's start on, so that going backwards settles most at once.
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = g->state_count; i-- > 0;)
            if (!good[i] && is_good(g, good, i))
                good[i] = changed = true;
    }
    for (uint32_t i = 0; i < g->state_count; i++) {
        struct grammar_state *s = &g->states[i];
        uint16_t edges = 0, calls = 0;
        for (uint32_t k = 0; k < s->edges; k++)
            if (good[g->edges[s->edge + k].to])
                g->edges[s->edge + edges++] = g->edges[s->edge + k];
        for (uint32_t k = 0; k < s->calls; k++)
            if (call_is_good(g, good, &g->calls[s->call + k]))
                g->calls[s->call + calls++] = g->calls[s->call + k];
        s->edges = edges;
        s->calls = calls;
    }
    bool any = good[g->starts[g->root]];
    free(good);
    return any ? ERR_OK : err_set(err, ERR_INPUT, "%s: no text can ever match", where);
}
