// The arena: a list of blocks, bumped through.
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK_BYTES = 16384, ALIGN = 16 };

struct block {
    struct block *next;
    size_t cap, used;
    _Alignas(ALIGN) unsigned char bytes[];
};

struct arena {
    struct block *head; // the block in use; older ones follow
    size_t limit, held, used;
};

struct arena *arena_open(size_t limit)
{
    struct arena *a = calloc(1, sizeof *a);
    if (a)
        a->limit = limit;
    return a;
}

static void free_blocks(struct block *b)
{
    while (b) {
        struct block *next = b->next;
        free(b);
        b = next;
    }
}

void arena_close(struct arena **a)
{
    if (!*a)
        return;
    free_blocks((*a)->head);
    free(*a);
    *a = NULL;
}

void arena_reset(struct arena *a)
{
    if (a->head) {
        free_blocks(a->head->next);
        a->head->next = NULL;
        a->head->used = 0;
        a->held = a->head->cap;
    }
    a->used = 0;
}

void *arena_new(struct arena *a, size_t count, size_t size)
{
    size_t n;
    if (__builtin_mul_overflow(count, size, &n) || n > SIZE_MAX / 4)
        return NULL;
    n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct block *b = a->head;
    if (b && !b->used && !b->next && b->cap < n) { // what a reset kept is of no use to this job
        a->held = 0;
        a->head = NULL;
        free(b);
        b = NULL;
    }
    if (!b || b->cap - b->used < n) {
        size_t cap = b ? b->cap * 2 : FIRST_BLOCK_BYTES;
        if (cap < n)
            cap = n;
        if (a->limit && cap > a->limit - a->held)
            cap = n; // the last room is given out exactly
        if (a->limit && (a->held > a->limit || cap > a->limit - a->held))
            return NULL;
        b = malloc(sizeof *b + cap);
        if (!b)
            return NULL;
        *b = (struct block){.next = a->head, .cap = cap};
        a->head = b;
        a->held += cap;
    }
    void *p = b->bytes + b->used;
    b->used += n;
    a->used += n;
    return memset(p, 0, n);
}

char *arena_copy(struct arena *a, struct str s)
{
    char *p = arena_new(a, s.n + 1, 1);
    if (p && s.n)
        memcpy(p, s.p, s.n);
    return p;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}
