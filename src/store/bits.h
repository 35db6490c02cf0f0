// Bytes, varints and single bits, written to a buffer and read back with every bound checked.
#ifndef FETTLE_STORE_BITS_H
#define FETTLE_STORE_BITS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "stored bytes are little-endian");

// ---- bytes ----

struct bytes_in {
    const uint8_t *p, *end;
    bool failed; // asked for more than there is; everything read from then on is 0
};

static inline uint8_t bytes_u8(struct bytes_in *in)
{
    if (in->p >= in->end) {
        in->failed = true;
        return 0;
    }
    return *in->p++;
}

static inline uint64_t bytes_u64(struct bytes_in *in)
{
    uint64_t v = 0;
    if ((size_t)(in->end - in->p) < sizeof v) {
        in->failed = true;
        return 0;
    }
    memcpy(&v, in->p, sizeof v);
    in->p += sizeof v;
    return v;
}

// 7 bits a byte, lowest first.
static inline uint64_t bytes_varint(struct bytes_in *in)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t b = bytes_u8(in);
        v |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80)
            return v;
    }
    in->failed = true;
    return 0;
}

static inline void put_varint(struct buf *out, uint64_t v)
{
    char text[10];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        text[n++] = (char)(v | 0x80);
    text[n++] = (char)v;
    buf_add(out, text, n);
}

static inline void put_u64(struct buf *out, uint64_t v)
{
    buf_add(out, &v, sizeof v);
}

// Small numbers of either sign become small numbers: 0, -1, 1, -2...
static inline uint64_t zigzag(int64_t v)
{
    return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static inline int64_t unzigzag(uint64_t u)
{
    return (int64_t)(u >> 1 ^ (0 - (u & 1)));
}

// ---- bits, lowest first ----

struct bits_out {
    struct buf *to;
    uint64_t held;
    unsigned count; // bits in `held`
};

// The lowest `n` bits of `v`, n at most 32; the others must be 0.
static inline void bits_put(struct bits_out *b, uint64_t v, unsigned n)
{
    b->held |= v << b->count;
    b->count += n;
    if (b->count >= 32) {
        uint32_t word = (uint32_t)b->held;
        buf_add(b->to, &word, sizeof word);
        b->held >>= 32;
        b->count -= 32;
    }
}

static inline void bits_put64(struct bits_out *b, uint64_t v, unsigned n)
{
    if (n > 32) {
        bits_put(b, v & 0xffffffff, 32);
        bits_put(b, v >> 32, n - 32);
    } else {
        bits_put(b, v, n);
    }
}

// Fills up to a whole byte.
static inline void bits_end(struct bits_out *b)
{
    for (; b->count > 0; b->held >>= 8) {
        buf_add_char(b->to, (char)(b->held & 0xff));
        b->count = b->count > 8 ? b->count - 8 : 0;
    }
}

struct bits_in {
    struct bytes_in *from;
    uint64_t held;
    unsigned count;  // bits in `held`
    unsigned beyond; // bytes made up after the end; bits_in_end sees whether they were used
};

// Makes at least 57 bits readable.
static inline void bits_fill(struct bits_in *b)
{
    while (b->count <= 56) {
        if (b->from->p < b->from->end)
            b->held |= (uint64_t)*b->from->p++ << b->count;
        else
            b->beyond++;
        b->count += 8;
    }
}

// Gives whole bytes that were not needed back.
static inline void bits_in_end(struct bits_in *b)
{
    unsigned unused = b->count / 8;
    if (b->beyond > unused)
        b->from->failed = true;
    else
        b->from->p -= unused - b->beyond;
}

// The next `n` bits, at most 32.
static inline uint64_t bits_get(struct bits_in *b, unsigned n)
{
    bits_fill(b);
    uint64_t v = b->held & ((UINT64_C(1) << n) - 1);
    b->held >>= n;
    b->count -= n;
    return v;
}

static inline uint64_t bits_get64(struct bits_in *b, unsigned n)
{
    if (n <= 32)
        return bits_get(b, n);
    uint64_t low = bits_get(b, 32);
    return low | bits_get(b, n - 32) << 32;
}

#endif
