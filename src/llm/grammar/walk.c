// Walks down the tree of tokens from a place in a grammar.
#include "llm/grammar/walk.h"

#include <stdlib.h>

#include "llm/grammar/step_table.h"

enum { PLACES_MAX = 1 << 16, STEPS_MAX = 1 << 26 };

enum err_code walker_open(const struct token_trie *trie, struct walker *w, struct err *err)
{
    *w = (struct walker){.trie = trie, .step_limit = STEPS_MAX};
    uint32_t longest = 0;
    for (int i = 0; i < TRIE_TREES; i++)
        longest = trie->trees[i].longest > longest ? trie->trees[i].longest : longest;
    w->places = malloc((PLACES_MAX + PLACE_MAX) * sizeof *w->places);
    w->from = malloc((longest + 1) * sizeof *w->from);
    w->count = malloc((longest + 1) * sizeof *w->count);
    w->frames = malloc((longest + 1) * sizeof *w->frames);
    if (!w->places || !w->from || !w->count || !w->frames) {
        walker_close(w);
        return err_set(err, ERR_NO_MEMORY, "out of memory for a grammar");
    }
    return ERR_OK;
}

void walker_close(struct walker *w)
{
    free(w->places);
    free(w->from);
    free(w->count);
    free(w->frames);
    *w = (struct walker){0};
}

// The children of a node are where tokens go on.
static bool add_children(struct walk_exits *e, const struct trie_node *nodes, uint32_t node)
{
    for (uint32_t i = node + 1; i < nodes[node].end; i = nodes[i].end) {
        if (e->n == e->cap) {
            uint32_t cap = e->cap ? 2 * e->cap : 64;
            uint32_t *p = realloc(e->p, cap * sizeof *p);
            if (!p)
                return false;
            e->p = p;
            e->cap = cap;
        }
        e->p[e->n++] = i;
    }
    return true;
}

static void set_tokens(const struct token_trie *t, int32_t token, uint64_t *bits)
{
    for (; token >= 0; token = t->same[token])
        bits[token / 64] |= (uint64_t)1 << (token % 64);
}

// The usual step: from one configuration to one in the same frame. False: it is not that.
static bool step_simply(struct walker *w, const struct grammar *g, uint32_t d, uint8_t byte,
                        bool *nowhere)
{
    const struct configuration *c = &w->places[w->from[d - 1]];
    uint32_t to = step_by(g, c->state, byte);
    *nowhere = to == 0;
    if (to == 0)
        return true;
    if (!goes_by_bytes_only(&g->states[to - 1]))
        return false;
    w->places[w->from[d]] = (struct configuration){to - 1, c->frame};
    w->count[d] = 1;
    w->frames[d] = w->frames[d - 1];
    return true;
}

bool walk_tokens(struct walker *w, struct follower *f, uint32_t n, uint32_t node, uint64_t *bits,
                 struct walk_exits *exits)
{
    const struct trie_node *nodes = w->tree->nodes;
    uint32_t base = nodes[node].depth;
    w->from[0] = 0;
    w->count[0] = n;
    w->frames[0] = f->frame_count;
    for (uint32_t i = node + 1; i < nodes[node].end;) {
        uint32_t d = nodes[i].depth - base;
        bool nowhere;
        w->from[d] = w->from[d - 1] + w->count[d - 1];
        w->steps += w->count[d - 1];
        if (w->count[d - 1] == 1 && step_simply(w, f->g, d, nodes[i].byte, &nowhere)) {
            if (!nowhere)
                set_tokens(w->trie, nodes[i].token, bits);
            i = nowhere ? nodes[i].end : i + 1;
            continue;
        }
        follower_forget(f, w->frames[d - 1]);
        struct place p = place_step(f, w->places + w->from[d - 1], w->count[d - 1], nodes[i].byte,
                                    w->places + w->from[d]);
        if (f->failed || w->steps > w->step_limit || w->from[d] + p.n > PLACES_MAX)
            return false;
        w->count[d] = p.n;
        w->frames[d] = f->frame_count;
        if (p.n || p.done)
            set_tokens(w->trie, nodes[i].token, bits);
        if (p.done && exits && !add_children(exits, nodes, i))
            return false;
        i = p.n ? i + 1 : nodes[i].end;
    }
    follower_forget(f, w->frames[0]);
    return true;
}

bool walk_on(struct walker *w, struct follower *f, const struct configuration *c, uint32_t n,
             const struct walk_exits *exits, uint64_t *bits)
{
    const struct trie_node *nodes = w->tree->nodes;
    uint32_t frames = f->frame_count;
    for (uint32_t i = 0; i < exits->n;) {
        uint8_t byte = nodes[exits->p[i]].byte;
        struct place p = place_step(f, c, n, byte, w->places);
        if (f->failed)
            return false;
        for (; i < exits->n && nodes[exits->p[i]].byte == byte; i++) {
            if (p.n || p.done)
                set_tokens(w->trie, nodes[exits->p[i]].token, bits);
            if (p.n && nodes[exits->p[i]].end > exits->p[i] + 1 &&
                !walk_tokens(w, f, p.n, exits->p[i], bits, NULL))
                return false;
        }
        follower_forget(f, frames);
    }
    return true;
}

static int by_byte(const void *a, const void *b, void *arg)
{
    const struct trie_node *nodes = arg;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    if (nodes[x].byte != nodes[y].byte)
        return nodes[x].byte < nodes[y].byte ? -1 : 1;
    return x < y ? -1 : x > y;
}

void walk_sort_exits(struct walker *w, struct walk_exits *exits)
{
    if (exits->n)
        qsort_r(exits->p, exits->n, sizeof *exits->p, by_byte, w->tree->nodes);
}
