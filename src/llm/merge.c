// Repeatedly joins the best pair of neighbouring symbols: what both kinds of BPE do to a piece.
#include "llm/merge.h"

#include <stdlib.h>

void merge_work_free(struct merge_work *w)
{
    free(w->symbols);
    free(w->heap);
    *w = (struct merge_work){0};
}

bool merge_add(struct merge_work *w, int32_t id, size_t at, size_t n)
{
    if (w->n == w->cap) {
        size_t cap = w->cap ? 2 * w->cap : 64;
        struct merge_symbol *symbols = realloc(w->symbols, cap * sizeof *symbols);
        if (!symbols)
            return false;
        w->symbols = symbols;
        w->cap = cap;
    }
    int32_t i = (int32_t)w->n++;
    w->symbols[i] = (struct merge_symbol){id, (uint32_t)at, (uint32_t)n, i - 1, -1};
    if (i > 0)
        w->symbols[i - 1].next = i;
    return true;
}

static bool before(const struct merge_pair *a, const struct merge_pair *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->left < b->left;
}

static bool push(struct merge_work *w, struct merge_pair pair)
{
    if (w->heap_n == w->heap_cap) {
        size_t cap = w->heap_cap ? 2 * w->heap_cap : 64;
        struct merge_pair *heap = realloc(w->heap, cap * sizeof *heap);
        if (!heap)
            return false;
        w->heap = heap;
        w->heap_cap = cap;
    }
    size_t at = w->heap_n++;
    while (at > 0 && before(&pair, &w->heap[(at - 1) / 2])) {
        w->heap[at] = w->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    w->heap[at] = pair;
    return true;
}

static struct merge_pair pop(struct merge_work *w)
{
    struct merge_pair top = w->heap[0], last = w->heap[--w->heap_n];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= w->heap_n)
            break;
        if (child + 1 < w->heap_n && before(&w->heap[child + 1], &w->heap[child]))
            child++;
        if (!before(&w->heap[child], &last))
            break;
        w->heap[at] = w->heap[child];
        at = child;
    }
    w->heap[at] = last;
    return top;
}

static bool offer(struct merge_work *w, struct str piece, int32_t left, merge_lookup_fn *lookup,
                  const void *model)
{
    if (left < 0 || w->symbols[left].next < 0)
        return true;
    const struct merge_symbol *l = &w->symbols[left], *r = &w->symbols[l->next];
    struct merge_pair pair = {.left = left, .right = l->next, .n = l->n + r->n};
    return !lookup(model, piece, l, r, &pair) || push(w, pair);
}

bool merge_run(struct merge_work *w, struct str piece, merge_lookup_fn *lookup, const void *model)
{
    w->heap_n = 0;
    for (size_t i = 0; i + 1 < w->n; i++)
        if (!offer(w, piece, (int32_t)i, lookup, model))
            return false;
    while (w->heap_n) {
        struct merge_pair best = pop(w);
        struct merge_symbol *l = &w->symbols[best.left], *r = &w->symbols[best.right];
        // A symbol that was joined to its left has length 0; others only grow.
        if (l->n == 0 || r->n == 0 || l->n + r->n != best.n)
            continue;
        l->id = best.id;
        l->n = best.n;
        l->next = r->next;
        r->n = 0;
        if (l->next >= 0)
            w->symbols[l->next].prev = best.left;
        if (!offer(w, piece, l->prev, lookup, model) || !offer(w, piece, best.left, lookup, model))
            return false;
    }
    return true;
}
