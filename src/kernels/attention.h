// Attention of one token's heads over cached keys and values, and the gate of the feed-forward.
//
// The cache of one KV head lies in blocks of 64 positions, which need not be neighbours. A block
// holds keys, then values, in tiles of 16 positions, so that 16 scores are computed at once:
//   halves: keys [tile][D][16], values [position][D]
//   q8_0:   keys [tile][D / 32][16 half scales, 8 x 16 x 4 bytes + 128],
//           values [tile][D / 32 x 16 half scales, 16 x D signed bytes]
// D is a multiple of 16, of 32 for q8_0. The same bits come out at every CPU level.
#ifndef FETTLE_KERNELS_ATTENTION_H
#define FETTLE_KERNELS_ATTENTION_H

#include <stddef.h>
#include <stdint.h>

enum { ATTENTION_TILE = 16, ATTENTION_BLOCK = 64, ATTENTION_HEADS_MAX = 64, ATTENTION_D_MAX = 512 };

// Positions that are summed up by themselves: parts of a text may be attended to at the same time.
enum { ATTENTION_PART = 512 };

enum attention_type {
    ATTENTION_F16,  // 2 bytes a number
    ATTENTION_Q8_0, // 8.5 bits: a signed byte each, and a half scale for every 32 of a position
    ATTENTION_TYPE_COUNT
};

// Bytes of one KV head's block: keys and values of 64 positions.
size_t attention_block_bytes(enum attention_type type, size_t D);

struct attention {
    enum attention_type type;
    const unsigned char *const *blocks; // in the order of positions
    size_t at;                          // of the KV head in each block, bytes
    size_t n;                           // positions to look at, > 0
    size_t D;                           // <= ATTENTION_D_MAX
    size_t heads;   // query heads that share the KV head, <= ATTENTION_HEADS_MAX
    const float *q; // [heads][D]
    float scale;    // of the scores
};

// How many parts n positions have, and floats of the sums of one.
size_t attention_parts(size_t n);
size_t attention_sums(size_t heads, size_t D);

// Sums up one part; parts may be in any order, on any thread.
void attention_part(const struct attention *a, size_t part, float *sums);

// out [heads][D] from the sums of all parts, one behind the other.
void attention_join(const struct attention *a, const float *sums, float *out);

// Writes key and value of a position (0 .. 63) of a KV head's block.
void attention_store(enum attention_type type, unsigned char *block, size_t D, size_t position,
                     const float *k, const float *v);

// out = gate / (1 + exp(-gate)) * up; n is a multiple of 16.
void attention_gate(const float *gate, const float *up, float *out, size_t n);

#endif
