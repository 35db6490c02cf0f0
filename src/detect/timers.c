// A binary heap of timers.
#include "detect/timers.h"

#include <stdlib.h>

void timers_free(struct timers *t)
{
    free(t->heap);
    *t = (struct timers){0};
}

static bool is_before(const struct timer *a, const struct timer *b)
{
    return a->when_us != b->when_us ? a->when_us < b->when_us : a->what < b->what;
}

bool timers_put(struct timers *t, int64_t when_us, uint64_t what)
{
    if (t->n == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 64;
        struct timer *heap = realloc(t->heap, cap * sizeof *heap);
        if (!heap)
            return false;
        t->heap = heap;
        t->cap = cap;
    }
    struct timer timer = {when_us, what};
    size_t at = t->n++;
    while (at > 0 && is_before(&timer, &t->heap[(at - 1) / 2])) {
        t->heap[at] = t->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    t->heap[at] = timer;
    return true;
}

struct timer timers_take(struct timers *t)
{
    struct timer first = t->heap[0], last = t->heap[--t->n];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < t->n; at = child) {
        if (child + 1 < t->n && is_before(&t->heap[child + 1], &t->heap[child]))
            child++;
        if (!is_before(&t->heap[child], &last))
            break;
        t->heap[at] = t->heap[child];
    }
    t->heap[at] = last;
    return first;
}
