// Attention of one token's heads over cached keys and values, and the gate of the feed-forward.
//
// Keys lie in tiles of 16 positions: [tile][D][16] halves, so that 16 scores are computed at once;
// values lie as [position][D] halves. D is a multiple of 16. The same bits come out at every CPU
// level.
#ifndef FETTLE_KERNELS_ATTENTION_H
#define FETTLE_KERNELS_ATTENTION_H

#include <stddef.h>
#include <stdint.h>

enum { ATTENTION_TILE = 16 };

struct attention {
    const uint16_t *keys, *values; // of one KV head
    size_t n;                      // positions to look at, > 0
    size_t D;
    size_t heads;   // query heads that share the KV head
    const float *q; // [heads][D]
    float scale;    // of the scores
    float *scores;  // working memory: heads * (n rounded up to 16)
    float *out;     // [heads][D]
};

void attention_run(const struct attention *a);

// Writes one position's key and value of one KV head into the cache.
void attention_store(uint16_t *keys, uint16_t *values, size_t D, size_t position, const float *k,
                     const float *v);

// out = gate / (1 + exp(-gate)) * up; n is a multiple of 16.
void attention_gate(const float *gate, const float *up, float *out, size_t n);

#endif
