// Walks down the tree of tokens from a place in a grammar.
#include "llm/grammar/walk.h"

#include <stdlib.h>

enum { PLACES_MAX = 1 << 16, STEPS_MAX = 1 << 26 };

enum err_code walker_open(const struct token_trie *trie, struct walker *w, struct err *err)
{
    *w = (struct walker){.trie = trie, .step_limit = STEPS_MAX};
    w->places = malloc((PLACES_MAX + PLACE_MAX) * sizeof *w->places);
    w->from = malloc((trie->longest + 1) * sizeof *w->from);
    w->count = malloc((trie->longest + 1) * sizeof *w->count);
    w->frames = malloc((trie->longest + 1) * sizeof *w->frames);
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

static bool add_exit(struct walk_exits *e, uint32_t node)
{
    if (e->n == e->cap) {
        uint32_t cap = e->cap ? 2 * e->cap : 64;
        uint32_t *p = realloc(e->p, cap * sizeof *p);
        if (!p)
            return false;
        e->p = p;
        e->cap = cap;
    }
    e->p[e->n++] = node;
    return true;
}

static void set_tokens(const struct token_trie *t, int32_t token, uint64_t *bits)
{
    for (; token >= 0; token = t->same[token])
        bits[token / 64] |= (uint64_t)1 << (token % 64);
}

bool walk_tokens(struct walker *w, struct follower *f, uint32_t n, uint32_t node, uint64_t *bits,
                 struct walk_exits *exits)
{
    const struct trie_node *nodes = w->trie->nodes;
    uint32_t base = nodes[node].depth;
    w->from[0] = 0;
    w->count[0] = n;
    w->frames[0] = f->frame_count;
    for (uint32_t i = node + 1; i < nodes[node].end;) {
        uint32_t d = nodes[i].depth - base;
        w->from[d] = w->from[d - 1] + w->count[d - 1];
        w->steps += w->count[d - 1];
        follower_forget(f, w->frames[d - 1]);
        struct place p = place_step(f, w->places + w->from[d - 1], w->count[d - 1], nodes[i].byte,
                                    w->places + w->from[d]);
        if (f->failed || w->steps > w->step_limit || w->from[d] + p.n > PLACES_MAX)
            return false;
        w->count[d] = p.n;
        w->frames[d] = f->frame_count;
        if (p.n || p.done)
            set_tokens(w->trie, nodes[i].token, bits);
        if (p.done && exits && nodes[i].end > i + 1 && !add_exit(exits, i))
            return false;
        i = p.n ? i + 1 : nodes[i].end;
    }
    follower_forget(f, w->frames[0]);
    return true;
}
