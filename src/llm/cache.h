// Blocks of cached keys and values: 64 positions of all layers each, shared by content.
//
// A block whose 64 positions are computed is published under what its numbers depend on: the kind
// (cache type, rope, adapter), the block before it, its own tokens. Whoever needs the same finds it
// and holds it too; tokens are compared, not only hashed. Unused published blocks stay, the least
// recently used going first, up to cache_keep's bytes.
//
// One thread owns a cache.
#ifndef FETTLE_LLM_CACHE_H
#define FETTLE_LLM_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/attention.h"

struct cache_block {
    unsigned char *data; // [L][H_kv][attention_block_bytes]
    size_t bytes;
    uint32_t holders;
    bool published;
    uint64_t kind, parent; // parent: number of the block before, 0 for the first of a text
    uint64_t number;       // of this block, never used again
    int32_t tokens[ATTENTION_BLOCK];
    struct cache_block *next;          // of the same bucket
    struct cache_block *newer, *older; // among the unused
};

enum { CACHE_BUCKETS = 4096 };

// Zero-initialise to start.
struct cache {
    struct cache_block *buckets[CACHE_BUCKETS];
    struct cache_block *newest, *oldest; // unused
    uint64_t numbers;
    size_t keep_bytes, unused_bytes, bytes; // to keep at most; unused; of all blocks
};

void cache_free(struct cache *c);               // when nobody holds a block
void cache_keep(struct cache *c, size_t bytes); // of unused blocks at most; 0 to start with

// A new block with one holder; NULL when memory is out.
struct cache_block *cache_take(struct cache *c, size_t bytes);

// One holder less.
void cache_drop(struct cache *c, struct cache_block *b);

// The published block with these 64 tokens after `parent`, with one holder more; NULL: none.
struct cache_block *cache_find(struct cache *c, uint64_t kind, uint64_t parent,
                               const int32_t *tokens);

// Publishes a full block that one holds alone. Where the same is published already, drops it and
// returns the other, held instead.
struct cache_block *cache_publish(struct cache *c, struct cache_block *b, uint64_t kind,
                                  uint64_t parent, const int32_t *tokens);

// The block itself or a copy, held instead, that nobody else sees: to be written to. NULL when
// memory is out (b is held still).
struct cache_block *cache_own(struct cache *c, struct cache_block *b);

#endif
