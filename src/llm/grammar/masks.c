// What a state of a grammar allows, whatever called its rule: found once, kept.
#include "llm/grammar/masks.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT_BYTES = 64 << 20 };

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 32;
}

// A state's behaviour, told by the classes of where it goes.
static uint64_t describe(const struct grammar *g, const uint32_t *classes, uint32_t state)
{
    const struct grammar_state *s = &g->states[state];
    uint64_t h = mix(s->ends, s->edges);
    for (uint32_t i = 0; i < s->edges; i++) {
        const struct grammar_edge *e = &g->edges[s->edge + i];
        h = mix(h, (uint64_t)classes[e->to] << 16 | (uint64_t)e->first << 8 | e->last);
    }
    for (uint32_t i = 0; i < s->calls; i++) {
        const struct grammar_call *c = &g->calls[s->call + i];
        h = mix(h, (uint64_t)classes[g->starts[c->rule]] << 32 | classes[c->to]);
    }
    return h;
}

struct class_slot {
    uint64_t description;
    uint32_t number; // 1 + class; 0: empty
};

// One round of refinement: states with equal descriptions get the same number.
static uint32_t refine(const struct grammar *g, const uint32_t *classes, uint32_t *out,
                       struct class_slot *slots, uint32_t slot_count)
{
    uint32_t count = 0;
    memset(slots, 0, slot_count * sizeof *slots);
    for (uint32_t i = 0; i < g->state_count; i++) {
        uint64_t h = describe(g, classes, i);
        uint32_t at = (uint32_t)h & (slot_count - 1);
        while (slots[at].number && slots[at].description != h)
            at = (at + 1) & (slot_count - 1);
        if (!slots[at].number)
            slots[at] = (struct class_slot){h, ++count};
        out[i] = slots[at].number - 1;
    }
    return count;
}

// States that behave alike for as many bytes as the longest token has: what lies further away makes
// no difference to a mask. (In a string of at most 1,000 characters most places are alike.)
static bool classify(const struct grammar *g, uint32_t longest, struct mask_tier *tier)
{
    uint32_t slot_count = 16, states = g->state_count;
    while (slot_count < 2 * states)
        slot_count *= 2;
    struct class_slot *slots = malloc(slot_count * sizeof *slots);
    uint32_t *other = calloc(states + 1, sizeof *other);
    tier->classes = calloc(states + 1, sizeof *tier->classes);
    bool done = slots && other && tier->classes;
    tier->class_count = 1;
    for (uint32_t round = 0; done && round < longest + 2; round++) {
        uint32_t count = refine(g, tier->classes, other, slots, slot_count);
        uint32_t *swap = tier->classes;
        tier->classes = other;
        other = swap;
        if (count == tier->class_count && round)
            break;
        tier->class_count = count;
    }
    free(slots);
    free(other);
    tier->by_class = calloc(tier->class_count + 1, sizeof *tier->by_class);
    return done && tier->by_class;
}

enum err_code grammar_masks_open(const struct grammar *g, const struct token_trie *t, size_t limit,
                                 struct grammar_masks **out, struct err *err)
{
    *out = NULL;
    struct grammar_masks *m = calloc(1, sizeof *m);
    if (!m)
        return err_set(err, ERR_NO_MEMORY, "out of memory for a grammar");
    m->g = g;
    m->trie = t;
    m->limit = limit ? limit : LIMIT_BYTES;
    enum err_code code = follower_open(g, &m->follower, err);
    if (!code)
        code = walker_open(t, &m->walker, err);
    if (!code) {
        bool classified = true;
        for (int i = 0; i < TRIE_TREES; i++)
            classified = classified && classify(g, t->trees[i].longest, &m->tiers[i]);
        m->bits = calloc(t->words + 1, sizeof *m->bits);
        if (!classified || !m->bits)
            code = err_set(err, ERR_NO_MEMORY, "out of memory for a grammar");
    }
    if (code)
        grammar_masks_close(&m);
    *out = m;
    return code;
}

static void free_mask(struct state_mask *s)
{
    free(s->bits);
    free(s->ids);
    free(s->exits.p);
    free(s);
}

static void forget_all(struct grammar_masks *m)
{
    for (int k = 0; k < TRIE_TREES; k++) {
        struct mask_tier *tier = &m->tiers[k];
        for (uint32_t i = 0; tier->by_class && i < tier->class_count; i++)
            if (tier->by_class[i]) {
                free_mask(tier->by_class[i]);
                tier->by_class[i] = NULL;
            }
    }
    m->bytes = 0;
}

void grammar_masks_close(struct grammar_masks **m)
{
    if (!*m)
        return;
    forget_all(*m);
    follower_close(&(*m)->follower);
    walker_close(&(*m)->walker);
    for (int i = 0; i < TRIE_TREES; i++) {
        free((*m)->tiers[i].by_class);
        free((*m)->tiers[i].classes);
    }
    free((*m)->bits);
    free(*m);
    *m = NULL;
}

void masks_make_room(struct grammar_masks *m)
{
    if (m->bytes > m->limit)
        forget_all(m);
}

// Keeps m->bits as bits or as a list, whichever is shorter.
static bool keep_bits(struct grammar_masks *m, struct state_mask *s)
{
    uint32_t words = m->trie->words, n = 0;
    for (uint32_t i = 0; i < words; i++)
        s->count += (uint32_t)__builtin_popcountll(m->bits[i]);
    if (s->count > 2 * words) {
        s->bits = malloc(words * sizeof *s->bits);
        if (s->bits)
            memcpy(s->bits, m->bits, words * sizeof *s->bits);
        m->bytes += words * sizeof *s->bits;
        return s->bits != NULL;
    }
    s->ids = malloc((s->count + 1) * sizeof *s->ids);
    for (uint32_t i = 0; s->ids && i < words; i++)
        for (uint64_t left = m->bits[i]; left; left &= left - 1)
            s->ids[n++] = (int32_t)(i * 64 + (uint32_t)__builtin_ctzll(left));
    m->bytes += s->count * sizeof *s->ids;
    return s->ids != NULL;
}

const struct state_mask *masks_of(struct grammar_masks *m, int tree, uint32_t state)
{
    struct mask_tier *tier = &m->tiers[tree];
    struct state_mask **kept = &tier->by_class[tier->classes[state]];
    if (*kept)
        return *kept;
    struct state_mask *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    memset(m->bits, 0, m->trie->words * sizeof *m->bits);
    m->follower.failed = false;
    follower_forget(&m->follower, PLACE_BOTTOM + 1);
    m->walker.steps = 0;
    m->walker.tree = &m->trie->trees[tree];
    m->walker.places[0] = (struct configuration){state, PLACE_BOTTOM};
    if (!walk_tokens(&m->walker, &m->follower, 1, 0, m->bits, &s->exits) || !keep_bits(m, s)) {
        free_mask(s);
        return NULL;
    }
    walk_sort_exits(&m->walker, &s->exits);
    m->bytes += sizeof *s + s->exits.cap * sizeof *s->exits.p;
    *kept = s;
    return s;
}
