// Contexts as pairs of a left side (facts of the step before) and a right side (bits of a level).
#include "detect/contexts.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// Published: at most 15 active contexts are among the facts of a step, and what two left sides have
// in common makes a context when it is at most 7 facts.
enum { ACTIVE_MOST = 15, COMMON_MOST = 7 };
enum { NOTHING = -1, ALL_BITS = CONTEXTS_LEVELS - 1 };

// What a step leaves for the next one to go by.
struct facts {
    uint8_t sensory; // bits that were 0, and above them those that were 1
    uint8_t active_count;
    uint16_t active[ACTIVE_MOST]; // numbers of contexts, rising
};

struct left {
    struct facts facts;
    int32_t first; // of its contexts
    int32_t next;  // left side in the same bucket
};

struct context {
    int32_t next; // of the same left side
    uint32_t times;
    uint8_t mask, bits; // the right side: which bits it speaks of, and how they stand
    bool whole;         // a step as it was, not what two steps had in common
};

// That a context stands among the facts of a left side.
struct posting {
    int32_t left, next;
};

struct common {
    struct facts facts;
    uint8_t mask, bits;
};

struct contexts {
    size_t most, left_count, context_count, posting_count, posting_most, common_count;
    struct left *left;
    uint8_t *size, *crossing; // of a left side: its facts, and those that the last step had too
    struct context *context;
    int32_t *standing; // of a context: its first posting
    struct posting *posting;
    int32_t *bucket; // the first left side of a hash
    struct common *common;
    int32_t *common_slot; // open addressing, twice as many as `common`
    struct facts last;
};

static uint8_t bits_set(unsigned v)
{
    uint8_t n = 0;
    for (; v; v &= v - 1)
        n++;
    return n;
}

static uint8_t fact_count(const struct facts *f)
{
    return (uint8_t)(bits_set(f->sensory) + f->active_count);
}

static bool same_facts(const struct facts *a, const struct facts *b)
{
    return a->sensory == b->sensory && a->active_count == b->active_count &&
           memcmp(a->active, b->active, a->active_count * sizeof *a->active) == 0;
}

static size_t hash_facts(const struct facts *f, size_t buckets)
{
    uint64_t h = f->sensory + UINT64_C(0x9e3779b97f4a7c15);
    for (int i = 0; i < f->active_count; i++)
        h = (h ^ f->active[i]) * UINT64_C(0x100000001b3) ^ h >> 29;
    return (size_t)((h ^ h >> 32) % buckets);
}

static struct facts in_common(const struct facts *a, const struct facts *b)
{
    struct facts c = {.sensory = a->sensory & b->sensory};
    for (int i = 0, j = 0; i < a->active_count && j < b->active_count;)
        if (a->active[i] < b->active[j])
            i++;
        else if (a->active[i] > b->active[j])
            j++;
        else {
            c.active[c.active_count++] = a->active[i++];
            j++;
        }
    return c;
}

static int32_t find_left(const struct contexts *c, const struct facts *facts, size_t bucket)
{
    int32_t i = c->bucket[bucket];
    while (i != NOTHING && !same_facts(&c->left[i].facts, facts))
        i = c->left[i].next;
    return i;
}

static bool has_room(const struct contexts *c, const struct facts *facts)
{
    return c->context_count < c->most && c->left_count < c->most &&
           c->posting_count + facts->active_count <= c->posting_most;
}

static int32_t add_left(struct contexts *c, const struct facts *facts, size_t bucket)
{
    int32_t at = (int32_t)c->left_count++;
    c->left[at] = (struct left){.facts = *facts, .first = NOTHING, .next = c->bucket[bucket]};
    c->bucket[bucket] = at;
    c->size[at] = fact_count(facts);
    c->crossing[at] = 0;
    for (int i = 0; i < facts->active_count; i++) {
        int32_t *head = &c->standing[facts->active[i]];
        c->posting[c->posting_count] = (struct posting){at, *head};
        *head = (int32_t)c->posting_count++;
    }
    return at;
}

// Makes the pair known. True when it was not; `*at` is its number, NOTHING when there is no room.
static bool meet(struct contexts *c, const struct facts *facts, uint8_t mask, uint8_t bits,
                 bool whole, int32_t *at)
{
    size_t bucket = hash_facts(facts, c->most);
    int32_t left = find_left(c, facts, bucket), last = NOTHING;
    for (*at = left == NOTHING ? NOTHING : c->left[left].first; *at != NOTHING;
         *at = c->context[*at].next) {
        struct context *known = &c->context[*at];
        if (known->mask == mask && known->bits == bits) {
            known->whole |= whole;
            return false;
        }
        last = *at;
    }
    if (!has_room(c, facts))
        return true;
    if (left == NOTHING)
        left = add_left(c, facts, bucket);
    *at = (int32_t)c->context_count++;
    c->context[*at] = (struct context){NOTHING, 0, mask, bits, whole};
    c->standing[*at] = NOTHING;
    *(last == NOTHING ? &c->left[left].first : &c->context[last].next) = *at;
    return true;
}

// Notes what might become a context in this step, once.
static void propose(struct contexts *c, const struct facts *facts, uint8_t mask, uint8_t bits)
{
    size_t slots = 2 * c->most;
    if (c->common_count == c->most)
        return;
    size_t s = (hash_facts(facts, slots) + (size_t)mask * 31 + bits) % slots;
    for (; c->common_slot[s] != NOTHING; s = (s + 1) % slots) {
        const struct common *k = &c->common[c->common_slot[s]];
        if (k->mask == mask && k->bits == bits && same_facts(&k->facts, facts))
            return;
    }
    c->common_slot[s] = (int32_t)c->common_count;
    c->common[c->common_count++] = (struct common){*facts, mask, bits};
}

static void forget_proposals(struct contexts *c)
{
    if (c->common_count)
        memset(c->common_slot, 0xff, 2 * c->most * sizeof *c->common_slot);
    c->common_count = 0;
}

// The most frequent active contexts; the older among equals.
struct ranking {
    int count;
    uint16_t at[ACTIVE_MOST];
};

static void rank(struct ranking *r, const struct context *all, int32_t at)
{
    int i = r->count < ACTIVE_MOST ? r->count++ : ACTIVE_MOST;
    const struct context *x = &all[at];
    while (i > 0) {
        const struct context *y = &all[r->at[i - 1]];
        if (y->times > x->times || (y->times == x->times && r->at[i - 1] < at))
            break;
        if (i < ACTIVE_MOST)
            r->at[i] = r->at[i - 1];
        i--;
    }
    if (i < ACTIVE_MOST)
        r->at[i] = (uint16_t)at;
}

struct step {
    uint8_t level;
    bool novel;      // the step as a whole was not known
    int32_t itself;  // its context
    size_t selected; // contexts whose left side holds
    size_t active;   // of these, whose right side holds too
    struct ranking ranking;
};

// What the contexts of one left side have to do with the step.
static void consult(struct contexts *c, size_t left, struct step *s)
{
    bool holds = c->crossing[left] == c->size[left];
    bool may_share = s->novel && c->crossing[left] <= COMMON_MOST;
    for (int32_t i = c->left[left].first; i != NOTHING; i = c->context[i].next) {
        struct context *x = &c->context[i];
        if (i == s->itself && s->novel)
            continue;
        uint8_t match = x->mask & (uint8_t) ~(x->bits ^ s->level);
        s->selected += holds;
        if (holds && match == x->mask) {
            x->times++;
            s->active++;
            rank(&s->ranking, c->context, i);
        } else if (may_share && x->whole && match) {
            struct facts shared = in_common(&c->left[left].facts, &c->last);
            propose(c, &shared, match, x->bits & match);
        }
    }
}

static int by_number(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

// Goes through the left sides that have something in common with the last step.
static void look(struct contexts *c, struct step *s)
{
    for (size_t i = 0; i < c->left_count; i++)
        if (c->crossing[i] && (s->novel || c->crossing[i] == c->size[i]))
            consult(c, i, s);
}

static void leave(struct contexts *c, const struct step *s)
{
    struct facts *f = &c->last;
    f->sensory = (uint8_t)((~s->level & ALL_BITS) | s->level << CONTEXTS_BITS);
    f->active_count = (uint8_t)s->ranking.count;
    memcpy(f->active, s->ranking.at, sizeof f->active);
    qsort(f->active, f->active_count, sizeof *f->active, by_number);
}

static void cross(struct contexts *c)
{
    uint8_t of_sensory[1 << 2 * CONTEXTS_BITS];
    for (unsigned m = 0; m < sizeof of_sensory; m++)
        of_sensory[m] = bits_set(m & c->last.sensory);
    for (size_t i = 0; i < c->left_count; i++)
        c->crossing[i] = of_sensory[c->left[i].facts.sensory];
    for (int k = 0; k < c->last.active_count; k++)
        for (int32_t p = c->standing[c->last.active[k]]; p != NOTHING; p = c->posting[p].next)
            c->crossing[c->posting[p].left]++;
}

double contexts_push(struct contexts *c, int level)
{
    struct step s = {.level = (uint8_t)level, .itself = NOTHING};
    if (c->last.sensory) {
        s.novel = meet(c, &c->last, ALL_BITS, s.level, true, &s.itself);
        propose(c, &c->last, ALL_BITS, s.level);
    }
    look(c, &s);
    size_t proposed = c->common_count, added = s.novel;
    // The first proposal is the step itself, already met.
    for (size_t i = 1; s.novel && i < proposed; i++) {
        int32_t at;
        added += meet(c, &c->common[i].facts, c->common[i].mask, c->common[i].bits, false, &at);
    }
    forget_proposals(c);
    leave(c, &s);
    cross(c);
    double continued = s.selected ? (double)s.active / (double)s.selected : 0;
    double unknown = s.novel ? (double)added / (double)proposed : 0;
    return (1 - continued + unknown) / 2;
}

void contexts_forget(struct contexts *c)
{
    c->left_count = c->context_count = c->posting_count = 0;
    memset(c->bucket, 0xff, c->most * sizeof *c->bucket);
    memset(c->common_slot, 0xff, 2 * c->most * sizeof *c->common_slot);
    c->common_count = 0;
    c->last = (struct facts){0};
}

struct contexts *contexts_open(size_t most)
{
    struct contexts *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->most = most;
    c->posting_most = 8 * most;
    c->left = calloc(most, sizeof *c->left);
    c->size = calloc(most, sizeof *c->size);
    c->crossing = calloc(most, sizeof *c->crossing);
    c->context = calloc(most, sizeof *c->context);
    c->standing = calloc(most, sizeof *c->standing);
    c->posting = calloc(c->posting_most, sizeof *c->posting);
    c->bucket = calloc(most, sizeof *c->bucket);
    c->common = calloc(most, sizeof *c->common);
    c->common_slot = calloc(2 * most, sizeof *c->common_slot);
    if (!c->left || !c->size || !c->crossing || !c->context || !c->standing || !c->posting ||
        !c->bucket || !c->common || !c->common_slot) {
        contexts_close(&c);
        return NULL;
    }
    contexts_forget(c);
    return c;
}

void contexts_close(struct contexts **c)
{
    if (!*c)
        return;
    free((*c)->left);
    free((*c)->size);
    free((*c)->crossing);
    free((*c)->context);
    free((*c)->standing);
    free((*c)->posting);
    free((*c)->bucket);
    free((*c)->common);
    free((*c)->common_slot);
    free(*c);
    *c = NULL;
}

size_t contexts_count(const struct contexts *c)
{
    return c->context_count;
}

size_t contexts_bytes(const struct contexts *c)
{
    size_t each = sizeof *c->left + 2 * sizeof *c->size + sizeof *c->context + sizeof *c->standing +
                  sizeof *c->bucket + sizeof *c->common + 2 * sizeof *c->common_slot;
    return sizeof *c + c->most * each + c->posting_most * sizeof *c->posting;
}
