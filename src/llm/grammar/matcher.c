// A place in an answer that follows a grammar: its mask, and the way on.
#include <stdlib.h>
#include <string.h>

#include "llm/grammar/masks.h"

enum { KEPT = 64, KEY_MAX = 16 };

// The mask of a whole place. Answers come back to places (each character of a string is one).
struct kept_mask {
    struct configuration key[KEY_MAX];
    uint32_t n; // configurations of the place; 0: nothing is kept
    bool done;
    uint64_t used; // when
    uint64_t *bits;
    uint32_t allowed;
    int32_t few[GRAMMAR_FEW];
};

struct matcher {
    struct grammar_masks *masks;
    struct follower follower;
    struct walker walker;
    struct configuration *now, *next; // [PLACE_MAX]
    struct place place;
    bool ended;
    uint32_t compact_at;    // frames
    struct kept_mask *kept; // [KEPT]
    struct kept_mask *latest;
    uint64_t clock;
};

enum err_code matcher_open(struct grammar_masks *masks, struct matcher **out, struct err *err)
{
    *out = NULL;
    struct matcher *m = calloc(1, sizeof *m);
    if (!m)
        return err_set(err, ERR_NO_MEMORY, "out of memory for a grammar");
    m->masks = masks;
    enum err_code code = follower_open(masks->g, &m->follower, err);
    if (!code)
        code = walker_open(masks->trie, &m->walker, err);
    if (!code) {
        m->now = malloc(PLACE_MAX * sizeof *m->now);
        m->next = malloc(PLACE_MAX * sizeof *m->next);
        m->kept = calloc(KEPT, sizeof *m->kept);
        if (!m->now || !m->next || !m->kept)
            code = err_set(err, ERR_NO_MEMORY, "out of memory for a grammar");
    }
    if (code) {
        matcher_close(&m);
        return code;
    }
    matcher_reset(m);
    *out = m;
    return ERR_OK;
}

void matcher_close(struct matcher **m)
{
    if (!*m)
        return;
    for (int i = 0; (*m)->kept && i < KEPT; i++)
        free((*m)->kept[i].bits);
    follower_close(&(*m)->follower);
    walker_close(&(*m)->walker);
    free((*m)->now);
    free((*m)->next);
    free((*m)->kept);
    free(*m);
    *m = NULL;
}

static void forget_kept(struct matcher *m)
{
    for (int i = 0; i < KEPT; i++)
        m->kept[i].n = 0;
    m->latest = NULL;
}

void matcher_reset(struct matcher *m)
{
    follower_forget(&m->follower, PLACE_BOTTOM + 1);
    m->follower.failed = false;
    m->ended = false;
    m->compact_at = CALLERS_MAX / 2;
    forget_kept(m);
    m->place = place_start(&m->follower, m->masks->g->root, m->now);
}

bool matcher_complete(const struct matcher *m)
{
    return m->place.done;
}

bool matcher_ended(const struct matcher *m)
{
    return m->ended;
}

static enum err_code too_much(struct err *err)
{
    return err_set(err, ERR_LIMIT,
                   "the answer nests too deep, or its grammar is too ambiguous, to be followed");
}

// What is kept for the place, or else the room to be used for it.
static struct kept_mask *find_kept(struct matcher *m, bool *found)
{
    struct kept_mask *oldest = &m->kept[0];
    *found = false;
    for (struct kept_mask *k = m->kept; k < m->kept + KEPT; k++) {
        if (k->n && k->n == m->place.n && k->done == m->place.done &&
            memcmp(k->key, m->now, k->n * sizeof *k->key) == 0) {
            *found = true;
            return k;
        }
        if (k->used < oldest->used)
            oldest = k;
    }
    return oldest;
}

static void add_mask(const struct state_mask *s, uint32_t words, uint64_t *bits)
{
    for (uint32_t i = 0; s->bits && i < words; i++)
        bits[i] |= s->bits[i];
    for (uint32_t i = 0; !s->bits && i < s->count; i++)
        bits[s->ids[i] / 64] |= (uint64_t)1 << (s->ids[i] % 64);
}

// Adds what one configuration allows of a tree: what is kept for its state and, where its rule may
// end within a token, what its caller makes of the rest.
static bool add_configuration(struct matcher *m, struct configuration c, int tree, uint64_t *bits)
{
    const struct state_mask *s = masks_of(m->masks, tree, c.state);
    if (!s)
        return false;
    add_mask(s, m->masks->trie->words, bits);
    if (s->exits.n == 0)
        return true;
    uint32_t frames = m->follower.frame_count;
    struct place after = place_return(&m->follower, c, m->next);
    m->walker.tree = &m->masks->trie->trees[tree];
    bool fine = !m->follower.failed &&
                (!after.n || walk_on(&m->walker, &m->follower, m->next, after.n, &s->exits, bits));
    follower_forget(&m->follower, frames);
    return fine;
}

static void finish(struct kept_mask *k, uint32_t words)
{
    k->allowed = 0;
    for (uint32_t i = 0; i < words; i++)
        k->allowed += (uint32_t)__builtin_popcountll(k->bits[i]);
    uint32_t n = 0;
    for (uint32_t i = 0; k->allowed <= GRAMMAR_FEW && i < words; i++)
        for (uint64_t left = k->bits[i]; left; left &= left - 1)
            k->few[n++] = (int32_t)(i * 64 + (uint32_t)__builtin_ctzll(left));
}

static bool make_mask(struct matcher *m, struct kept_mask *k)
{
    const struct token_trie *t = m->masks->trie;
    k->n = 0;
    if (!k->bits && !(k->bits = malloc((t->words + 1) * sizeof *k->bits)))
        return false;
    memset(k->bits, 0, t->words * sizeof *k->bits);
    masks_make_room(m->masks);
    m->walker.steps = 0;
    for (uint32_t i = 0; i < m->place.n && !m->ended; i++)
        for (int tree = 0; tree < TRIE_TREES; tree++)
            if (!add_configuration(m, m->now[i], tree, k->bits))
                return false;
    for (uint32_t i = 0; (m->place.done || m->ended) && i < t->end_count; i++)
        k->bits[t->ends[i] / 64] |= (uint64_t)1 << (t->ends[i] % 64);
    finish(k, t->words);
    if (m->place.n <= KEY_MAX && !m->ended) {
        k->n = m->place.n;
        k->done = m->place.done;
        memcpy(k->key, m->now, k->n * sizeof *k->key);
    }
    return true;
}

enum err_code matcher_mask(struct matcher *m, const uint64_t **mask, struct err *err)
{
    bool found = false;
    struct kept_mask *k = find_kept(m, &found);
    *mask = NULL;
    m->latest = NULL;
    if (m->follower.failed || ((!found || m->ended) && !make_mask(m, k))) {
        m->follower.failed = true;
        return too_much(err);
    }
    k->used = ++m->clock;
    m->latest = k;
    *mask = k->bits;
    return ERR_OK;
}

uint32_t matcher_allowed(const struct matcher *m)
{
    return m->latest ? m->latest->allowed : 0;
}

const int32_t *matcher_few(const struct matcher *m, size_t *n)
{
    bool few = m->latest && m->latest->allowed <= GRAMMAR_FEW;
    *n = few ? m->latest->allowed : 0;
    return few ? m->latest->few : NULL;
}

// Goes from m->now by bytes; where it comes to is in m->next.
static enum err_code advance(struct matcher *m, struct str bytes, struct place *place,
                             struct err *err)
{
    struct configuration *from = m->now;
    *place = m->place;
    for (size_t i = 0; i < bytes.n; i++) {
        // Two rooms beyond the place itself are swapped, so that a failure leaves it as it is.
        struct configuration *to = i % 2 ? m->walker.places : m->next;
        *place = place_step(&m->follower, from, place->n, (uint8_t)bytes.p[i], to);
        if (m->follower.failed)
            return too_much(err);
        if (place->n == 0 && !place->done)
            return err_set(err, ERR_INPUT, "the grammar does not allow '%.*s' here (byte %zu)",
                           bytes.n > 64 ? 64 : (int)bytes.n, bytes.p, i + 1);
        from = to;
    }
    if (from != m->next)
        memcpy(m->next, from, place->n * sizeof *from);
    return ERR_OK;
}

enum err_code matcher_accept_bytes(struct matcher *m, struct str bytes, struct err *err)
{
    if (m->follower.failed)
        return too_much(err);
    if (m->ended)
        return err_set(err, ERR_INPUT, "the answer has ended");
    if (m->follower.frame_count > m->compact_at) {
        follower_compact(&m->follower, m->now, m->place.n);
        m->compact_at = m->follower.frame_count / 2 + CALLERS_MAX / 2;
        forget_kept(m);
    }
    uint32_t frames = m->follower.frame_count;
    struct place place;
    enum err_code code = advance(m, bytes, &place, err);
    if (code == ERR_INPUT)
        follower_forget(&m->follower, frames);
    if (code)
        return code;
    struct configuration *swap = m->now;
    m->now = m->next;
    m->next = swap;
    m->place = place;
    return ERR_OK;
}

enum err_code matcher_accept(struct matcher *m, int32_t token, struct err *err)
{
    const struct token_trie *t = m->masks->trie;
    if (token < 0 || (uint32_t)token >= t->V)
        return err_set(err, ERR_INPUT, "there is no token %d", token);
    if (token_trie_is_end(t, token) && (m->place.done || m->ended)) {
        m->ended = true;
        return ERR_OK;
    }
    if (t->bytes[token].n == 0)
        return err_set(err, ERR_INPUT, "the grammar does not allow token %d here", token);
    return matcher_accept_bytes(m, t->bytes[token], err);
}

// The only byte that can come; -1: none or several.
static int only_byte(const struct grammar *g, const struct configuration *c, uint32_t n)
{
    int only = -1;
    for (uint32_t i = 0; i < n; i++) {
        const struct grammar_state *s = &g->states[c[i].state];
        const struct grammar_edge *e = &g->edges[s->edge];
        if (s->edges != 1 || e->first != e->last || (only >= 0 && e->first != only))
            return -1;
        only = e->first;
    }
    return only;
}

enum err_code matcher_forced(struct matcher *m, size_t limit, struct buf *out, struct err *err)
{
    struct configuration *rooms[2] = {m->next, m->walker.places}, *at = m->now;
    struct place place = m->place;
    uint32_t frames = m->follower.frame_count;
    for (size_t i = 0; i < limit && !place.done && !m->ended; i++) {
        int byte = only_byte(m->masks->g, at, place.n);
        if (byte < 0)
            break;
        buf_add_char(out, (char)byte);
        place = place_step(&m->follower, at, place.n, (uint8_t)byte, rooms[i % 2]);
        at = rooms[i % 2];
        if (m->follower.failed)
            return too_much(err);
    }
    follower_forget(&m->follower, frames);
    return out->failed ? err_set(err, ERR_NO_MEMORY, "out of memory for forced bytes") : ERR_OK;
}
