// A compiled grammar: one deterministic automaton over bytes for each rule, calling each other.
//
// A state goes on by a byte (edges) or by all that another rule's automaton takes (calls). No state
// is a dead end: from each one an end can be reached. No rule calls itself before it took a byte.
#ifndef FETTLE_LLM_GRAMMAR_AUTOMATON_H
#define FETTLE_LLM_GRAMMAR_AUTOMATON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "llm/grammar/expr.h"
#include "llm/grammar/grammar.h"

struct grammar_edge {
    uint8_t first, last; // bytes
    uint32_t to;
};

struct grammar_call {
    uint32_t rule;
    uint32_t to; // where it goes on afterwards
};

struct grammar_state {
    uint32_t edge, call; // first of each
    uint16_t edges, calls;
    bool ends; // the rule may end here
};

struct grammar {
    struct grammar_state *states;
    struct grammar_edge *edges; // of a state: sorted, apart
    struct grammar_call *calls;
    uint32_t state_count, edge_count, call_count;
    uint32_t *starts; // by rule
    uint32_t rule_count, root;
    uint8_t byte_class[256]; // step_table.h
    uint32_t class_count;
    uint32_t *table; // [states][classes] 1 + where it goes, 0: nowhere; NULL: too large
};

// Compiles rules that are all defined. ERR_INPUT: a rule that begins with itself, or a grammar that
// matches nothing; ERR_LIMIT: too many states.
enum err_code automaton_compile(const struct rules *rules, uint32_t root, const char *where,
                                struct grammar **out, struct err *err);

#endif
