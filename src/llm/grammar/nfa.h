// A grammar's expressions as nondeterministic automata over bytes: one step of compiling.
#ifndef FETTLE_LLM_GRAMMAR_NFA_H
#define FETTLE_LLM_GRAMMAR_NFA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "llm/grammar/expr.h"

enum nfa_kind { NFA_EMPTY, NFA_BYTES, NFA_CALL };

// A way from one state to another; a state's ways are a list.
struct nfa_way {
    uint32_t next; // way of the same state; 0: none
    uint32_t to;
    uint32_t rule; // of NFA_CALL
    uint8_t kind;
    uint8_t first, last; // of NFA_BYTES
};

struct nfa {
    struct nfa_way *ways; // [0] is not used
    uint32_t *states;     // first way of each
    uint32_t way_count, way_cap, state_count, state_cap;
    uint32_t *starts, *ends; // by rule
    bool *nullable;          // by rule: matches the empty text
    bool failed;             // memory or NFA_STATES_MAX
};

enum { NFA_STATES_MAX = 1 << 18, NFA_WAYS_MAX = 1 << 20 };

// ERR_LIMIT: too large.
enum err_code nfa_build(const struct rules *rules, const char *where, struct nfa *out,
                        struct err *err);
void nfa_free(struct nfa *n); // safe on a zeroed one

#endif
