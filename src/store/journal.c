// Packs what a commit stored: small groups reading by reading, larger ones as chunks.
#include "store/journal.h"

enum { PLAIN_MAX = 7 }; // readings of a group that are not worth a chunk

void journal_add(struct journal_out *j, uint32_t sensor, const struct item *items, size_t n)
{
    while (n) {
        size_t part = n < CHUNK_MAX ? n : CHUNK_MAX;
        bool plain = part <= PLAIN_MAX;
        put_varint(j->to, zigzag((int64_t)sensor - (int64_t)j->sensor));
        put_varint(j->to, plain ? part : 0);
        if (!plain)
            chunk_pack(items, part, j->to);
        for (size_t i = 0; plain && i < part; i++) {
            put_varint(j->to, zigzag(items[i].key - j->key));
            column_double_put(items[i].value, j->to);
            j->key = items[i].key;
        }
        j->sensor = sensor;
        items += part;
        n -= part;
    }
}

static bool read_plain(struct journal_in *j, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t key;
        if (__builtin_add_overflow(j->key, unzigzag(bytes_varint(&j->bytes)), &key) ||
            key < item_key(TIME_MIN_US, 0) || key > item_key(TIME_MAX_US, ITEM_QUALITIES - 1))
            return false;
        j->items[i] = (struct item){key, column_double_get(&j->bytes)};
        j->key = key;
    }
    return !j->bytes.failed;
}

bool journal_next(struct journal_in *j)
{
    if (j->bytes.p == j->bytes.end)
        return false;
    int64_t sensor;
    bool fits =
        !__builtin_add_overflow((int64_t)j->sensor, unzigzag(bytes_varint(&j->bytes)), &sensor) &&
        sensor >= 0 && sensor < UINT32_MAX;
    uint64_t plain = bytes_varint(&j->bytes);
    bool read = false;
    if (fits && plain && plain <= PLAIN_MAX) {
        j->count = (size_t)plain;
        read = read_plain(j, j->count);
    } else if (fits && plain == 0) {
        read = chunk_unpack(&j->bytes, j->items, &j->count);
    }
    j->sensor = (uint32_t)sensor;
    j->bytes.failed |= !read;
    return read;
}
