// Fuzzes the CSV reader: however the bytes are cut into pieces, the records are the same.
#include <stdint.h>
#include <stdlib.h>

#include "base/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t mix(uint64_t h, uint64_t v)
{
    return (h ^ v) * UINT64_C(0x9e3779b97f4a7c15) + (h >> 31);
}

static uint64_t read_all(struct str text, char delimiter, size_t piece)
{
    struct csv c;
    size_t from = 0, fed = 0; // what is in the window: text[from, fed)
    uint64_t h = 0;
    csv_open(&c, delimiter);
    for (;;) {
        enum csv_result r = csv_next(&c);
        if (r == CSV_END)
            break;
        if (r == CSV_NO_MEMORY || c.offset > text.n)
            abort();
        if (r == CSV_MORE) {
            from = fed - csv_rest(&c).n;
            fed = text.n - fed < piece ? text.n : fed + piece;
            csv_feed(&c, (struct str){text.p + from, fed - from}, fed == text.n);
            continue;
        }
        h = mix(mix(h, r), c.line);
        for (size_t i = 0; r == CSV_RECORD && i < c.count; i++)
            h = mix(h, str_hash(c.fields[i]));
    }
    if (c.offset != text.n)
        abort();
    csv_close(&c);
    return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct str text = {(const char *)data + 1, size - 1};
    char delimiter = csv_find_delimiter(text);
    if (read_all(text, delimiter, text.n + 1) != read_all(text, delimiter, 1 + data[0] % 64))
        abort();
    return 0;
}
