// Packs readings of one sensor: a count, a column of times, qualities, a column of values.
#include "store/chunk.h"

enum { MIXED_QUALITIES = ITEM_QUALITIES }; // else: the quality that all have

size_t item_lower_bound(const struct item *items, size_t n, int64_t time_us)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (item_time(&items[middle]) < time_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint64_t common_quality(const struct item *items, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (item_quality(&items[i]) != item_quality(&items[0]))
            return MIXED_QUALITIES;
    return item_quality(&items[0]);
}

void chunk_pack(const struct item *items, size_t n, struct buf *out)
{
    int64_t times[CHUNK_MAX];
    double values[CHUNK_MAX];
    for (size_t i = 0; i < n; i++) {
        times[i] = item_time(&items[i]);
        values[i] = items[i].value;
    }
    uint64_t quality = common_quality(items, n);
    put_varint(out, n << 3 | quality);
    for (size_t i = 0; quality == MIXED_QUALITIES && i < n;) {
        size_t run = i;
        while (run < n && item_quality(&items[run]) == item_quality(&items[i]))
            run++;
        put_varint(out, (run - i) << 2 | item_quality(&items[i]));
        i = run;
    }
    column_ints_pack(times, n, out);
    column_doubles_pack(values, n, out);
}

static bool unpack_qualities(struct bytes_in *in, uint64_t quality, struct item *out, size_t n)
{
    if (quality > MIXED_QUALITIES)
        return false;
    for (size_t i = 0; i < n;) {
        uint64_t run = n, which = quality;
        if (quality == MIXED_QUALITIES) {
            uint64_t packed = bytes_varint(in);
            run = packed >> 2;
            which = packed & 3;
        }
        if (run == 0 || run > n - i)
            return false;
        for (; run; run--)
            out[i++].key = (int64_t)which;
    }
    return true;
}

bool chunk_unpack(struct bytes_in *in, struct item *out, size_t *n)
{
    int64_t times[CHUNK_MAX];
    double values[CHUNK_MAX];
    uint64_t head = bytes_varint(in), count = head >> 3;
    if (in->failed || count == 0 || count > CHUNK_MAX ||
        !unpack_qualities(in, head & 7, out, (size_t)count) ||
        !column_ints_unpack(in, times, (size_t)count) ||
        !column_doubles_unpack(in, values, (size_t)count))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (times[i] < TIME_MIN_US || times[i] > TIME_MAX_US)
            return false;
        out[i].key = item_key(times[i], (uint32_t)out[i].key);
        out[i].value = values[i];
    }
    *n = (size_t)count;
    return true;
}
