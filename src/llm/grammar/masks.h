// What a state of a grammar allows, whatever called its rule: found once, kept.
#ifndef FETTLE_LLM_GRAMMAR_MASKS_H
#define FETTLE_LLM_GRAMMAR_MASKS_H

#include "llm/grammar/automaton.h"
#include "llm/grammar/walk.h"

// The tokens that a state takes within its rule, and the nodes of the tree where the rule may end
// while tokens go on: only those depend on the caller.
struct state_mask {
    uint64_t *bits; // [words], or NULL:
    int32_t *ids;   // few tokens
    uint32_t count; // of ids
    struct walk_exits exits;
};

struct grammar_masks {
    const struct grammar *g;
    const struct token_trie *trie;
    uint32_t *classes; // [states] states that no token can tell apart have the same
    struct state_mask **by_class;
    uint32_t class_count;
    size_t bytes, limit;
    struct follower follower;
    struct walker walker;
    uint64_t *bits; // [words]
};

// The mask of a state; valid until the next call of masks_make_room. NULL: memory or limits.
const struct state_mask *masks_of(struct grammar_masks *m, uint32_t state);

// Forgets everything when more than the limit is kept.
void masks_make_room(struct grammar_masks *m);

#endif
