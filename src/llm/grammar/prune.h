// Checks of a grammar while it is compiled: rules that begin with themselves, dead ends.
#ifndef FETTLE_LLM_GRAMMAR_PRUNE_H
#define FETTLE_LLM_GRAMMAR_PRUNE_H

#include "llm/grammar/automaton.h"
#include "llm/grammar/nfa.h"

// ERR_INPUT names the rule that reaches itself without taking a byte.
enum err_code refuse_left_recursion(const struct rules *rules, const struct nfa *nfa,
                                    const char *where, struct err *err);

// Takes away edges and calls from which no end can be reached. ERR_INPUT when nothing is left.
enum err_code prune_dead_ends(struct grammar *g, const char *where, struct err *err);

#endif
