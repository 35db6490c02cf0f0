// What a state of a grammar allows, whatever called its rule: found once, kept.
#ifndef FETTLE_LLM_GRAMMAR_MASKS_H
#define FETTLE_LLM_GRAMMAR_MASKS_H

#include "llm/grammar/automaton.h"
#include "llm/grammar/walk.h"

// The tokens of one tree that a state takes within its rule, and the nodes where they go on after
// the rule may have ended: only those depend on the caller.
struct state_mask {
    uint64_t *bits; // [words], or NULL:
    int32_t *ids;   // few tokens
    uint32_t count; // of ids
    struct walk_exits exits;
};

struct grammar_masks {
    const struct grammar *g;
    const struct token_trie *trie;
    struct mask_tier {
        uint32_t *classes; // [states] states that no token of the tree can tell apart have the same
        uint32_t class_count;
        struct state_mask **by_class;
    } tiers[TRIE_TREES];
    size_t bytes, limit;
    struct follower follower;
    struct walker walker;
    uint64_t *bits; // [words]
};

// The mask of a state over a tree; valid until the next call of masks_make_room. NULL: memory or
// limits.
const struct state_mask *masks_of(struct grammar_masks *m, int tree, uint32_t state);

// Forgets everything when more than the limit is kept.
void masks_make_room(struct grammar_masks *m);

#endif
