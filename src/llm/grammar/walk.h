// Walks down the tree of tokens from a place in a grammar.
#ifndef FETTLE_LLM_GRAMMAR_WALK_H
#define FETTLE_LLM_GRAMMAR_WALK_H

#include "llm/grammar/place.h"
#include "llm/grammar/trie.h"

// Nodes of the tree where tokens go on after a rule may have ended.
struct walk_exits {
    uint32_t *p;
    uint32_t n, cap;
};

// Room for walks.
struct walker {
    const struct token_trie *trie;
    const struct trie_tree *tree; // walked now
    struct configuration *places; // of the nodes on the way down, one behind the other
    uint32_t *from, *count;       // by depth: where its place begins, how many configurations
    uint32_t *frames;             // by depth: how many frames there are
    uint64_t steps;               // configurations that were asked for a byte
    uint64_t step_limit;
};

enum err_code walker_open(const struct token_trie *trie, struct walker *w, struct err *err);
void walker_close(struct walker *w); // safe on a zeroed one

// Sets the bit of each token below `node` whose bytes, from that node on, lead from the place
// w->places[0..n) to somewhere (or to the end of the bottom's rule, exactly). With `exits`: adds
// the nodes below those where the bottom's rule may end. False when memory, f's limits or
// step_limit do not suffice.
bool walk_tokens(struct walker *w, struct follower *f, uint32_t n, uint32_t node, uint64_t *bits,
                 struct walk_exits *exits);

// Goes on from sorted exits: sets the bits of the tokens whose rest leads on from the place
// c[0..n), which is not in w->places.
bool walk_on(struct walker *w, struct follower *f, const struct configuration *c, uint32_t n,
             const struct walk_exits *exits, uint64_t *bits);

// Sorts by byte, so that a step is made once for all that go on by it.
void walk_sort_exits(struct walker *w, struct walk_exits *exits);

#endif
