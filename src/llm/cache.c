// Blocks of cached keys and values: holders, content, the least recently used.
#include "llm/cache.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/memory.h"

// FNV-1a over 64-bit words, folded.
static struct cache_block **bucket(struct cache *c, uint64_t kind, uint64_t parent,
                                   const int32_t *tokens)
{
    uint64_t hash = 0xcbf29ce484222325, prime = 0x100000001b3;
    hash = (hash ^ kind) * prime;
    hash = (hash ^ parent) * prime;
    for (size_t i = 0; i < ATTENTION_BLOCK; i++)
        hash = (hash ^ (uint32_t)tokens[i]) * prime;
    return &c->buckets[(hash ^ hash >> 29) % CACHE_BUCKETS];
}

static void release(struct cache *c, struct cache_block *b)
{
    c->bytes -= b->bytes;
    memory_give(b->data, b->bytes);
    free(b);
}

static void unpublish(struct cache *c, struct cache_block *b)
{
    struct cache_block **at = bucket(c, b->kind, b->parent, b->tokens);
    while (*at != b)
        at = &(*at)->next;
    *at = b->next;
    b->published = false;
}

static void leave_unused(struct cache *c, struct cache_block *b)
{
    *(b->newer ? &b->newer->older : &c->newest) = b->older;
    *(b->older ? &b->older->newer : &c->oldest) = b->newer;
    b->newer = b->older = NULL;
    c->unused_bytes -= b->bytes;
}

static void join_unused(struct cache *c, struct cache_block *b)
{
    b->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = b;
    c->newest = b;
    c->unused_bytes += b->bytes;
}

static void trim(struct cache *c)
{
    while (c->unused_bytes > c->keep_bytes) {
        struct cache_block *b = c->oldest;
        leave_unused(c, b);
        unpublish(c, b);
        release(c, b);
    }
}

void cache_free(struct cache *c)
{
    cache_keep(c, 0);
}

void cache_keep(struct cache *c, size_t bytes)
{
    c->keep_bytes = bytes;
    trim(c);
}

struct cache_block *cache_take(struct cache *c, size_t bytes)
{
    struct cache_block *b = calloc(1, sizeof *b);
    if (!b || !(b->data = memory_take(bytes))) {
        free(b);
        return NULL;
    }
    b->bytes = bytes;
    b->holders = 1;
    b->number = ++c->numbers;
    c->bytes += bytes;
    return b;
}

void cache_drop(struct cache *c, struct cache_block *b)
{
    if (--b->holders)
        return;
    if (!b->published) {
        release(c, b);
        return;
    }
    join_unused(c, b);
    trim(c);
}

static struct cache_block *look_up(struct cache *c, uint64_t kind, uint64_t parent,
                                   const int32_t *tokens)
{
    struct cache_block *b = *bucket(c, kind, parent, tokens);
    while (b && (b->kind != kind || b->parent != parent ||
                 memcmp(b->tokens, tokens, sizeof b->tokens) != 0))
        b = b->next;
    return b;
}

struct cache_block *cache_find(struct cache *c, uint64_t kind, uint64_t parent,
                               const int32_t *tokens)
{
    struct cache_block *b = look_up(c, kind, parent, tokens);
    if (b && b->holders++ == 0)
        leave_unused(c, b);
    return b;
}

struct cache_block *cache_publish(struct cache *c, struct cache_block *b, uint64_t kind,
                                  uint64_t parent, const int32_t *tokens)
{
    struct cache_block *same = cache_find(c, kind, parent, tokens);
    if (same) {
        cache_drop(c, b);
        return same;
    }
    struct cache_block **at = bucket(c, kind, parent, tokens);
    b->kind = kind;
    b->parent = parent;
    memcpy(b->tokens, tokens, sizeof b->tokens);
    b->next = *at;
    b->published = true;
    *at = b;
    return b;
}

struct cache_block *cache_own(struct cache *c, struct cache_block *b)
{
    if (b->holders == 1 && b->published) {
        unpublish(c, b);
        b->number = ++c->numbers; // blocks published behind the old content stay behind it
    }
    if (b->holders == 1)
        return b;
    struct cache_block *copy = cache_take(c, b->bytes);
    if (!copy)
        return NULL;
    memcpy(copy->data, b->data, b->bytes);
    cache_drop(c, b);
    return copy;
}
