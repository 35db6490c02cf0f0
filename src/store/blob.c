// A check sum behind stored bytes, because SQLite has none of its own.
#include "store/bits.h"
#include "store/store_private.h"

enum { SUM_BYTES = 4 };

static uint32_t sum_of(struct str bytes)
{
    return (uint32_t)str_hash(bytes);
}

void blob_close(struct buf *b, size_t start)
{
    if (b->failed)
        return;
    uint32_t sum = sum_of((struct str){b->p + start, b->n - start});
    buf_add(b, &sum, SUM_BYTES);
}

bool blob_check(struct str *bytes)
{
    uint32_t sum;
    if (bytes->n < SUM_BYTES)
        return false;
    bytes->n -= SUM_BYTES;
    memcpy(&sum, bytes->p + bytes->n, SUM_BYTES);
    return sum == sum_of(*bytes);
}
