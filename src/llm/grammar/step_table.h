// A table of where each state goes by each class of bytes, for grammars that are not too large.
#ifndef FETTLE_LLM_GRAMMAR_STEP_TABLE_H
#define FETTLE_LLM_GRAMMAR_STEP_TABLE_H

#include "llm/grammar/automaton.h"

// Fills g->byte_class and, if it is not too large, g->table. False when memory is out.
bool step_table_make(struct grammar *g);

static inline const struct grammar_edge *grammar_edge_by(const struct grammar *g, uint32_t state,
                                                         uint8_t byte)
{
    const struct grammar_state *s = &g->states[state];
    const struct grammar_edge *e = &g->edges[s->edge], *end = e + s->edges;
    while (e < end && e->last < byte)
        e++;
    return e < end && e->first <= byte ? e : 0;
}

// 1 + the state where a state goes by a byte; 0: nowhere.
static inline uint32_t step_by(const struct grammar *g, uint32_t state, uint8_t byte)
{
    if (g->table)
        return g->table[(size_t)state * g->class_count + g->byte_class[byte]];
    const struct grammar_edge *e = grammar_edge_by(g, state, byte);
    return e ? e->to + 1 : 0;
}

// True for a state that has edges and nothing else: its closure is itself.
static inline bool goes_by_bytes_only(const struct grammar_state *s)
{
    return s->edges && !s->calls && !s->ends;
}

#endif
