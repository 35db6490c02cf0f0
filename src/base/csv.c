// The CSV record reader.
#include "base/csv.h"

#include <stdlib.h>
#include <string.h>

void csv_open(struct csv *c, char delimiter)
{
    *c = (struct csv){.delimiter = delimiter, .p = "", .next_line = 1, .line = 1};
    c->end = c->p;
}

void csv_close(struct csv *c)
{
    free(c->fields);
    buf_free(&c->joined);
    *c = (struct csv){0};
}

void csv_feed(struct csv *c, struct str bytes, bool final)
{
    c->p = bytes.n ? bytes.p : "";
    c->end = c->p + bytes.n;
    c->final = final;
}

struct str csv_rest(const struct csv *c)
{
    return (struct str){c->p, (size_t)(c->end - c->p)};
}

static bool add_field(struct csv *c, const char *p, const char *end)
{
    if (c->count == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 32;
        struct str *grown = realloc(c->fields, cap * sizeof *grown);
        if (!grown)
            return false;
        c->fields = grown;
        c->cap = cap;
    }
    c->fields[c->count++] = (struct str){p, (size_t)(end - p)};
    return true;
}

// First delimiter or line end at or after p.
static const char *field_end(const char *p, const char *end, char delimiter)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    const uint64_t cut = ones * (unsigned char)delimiter;
    for (; end - p >= 8; p += 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        uint64_t d = w ^ cut, lf = w ^ ones * '\n', cr = w ^ ones * '\r';
        uint64_t stop = ((d - ones) & ~d) | ((lf - ones) & ~lf) | ((cr - ones) & ~cr);
        if (stop & tops) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            // Borrows only run upwards, so the lowest mark is a true one.
            return p + __builtin_ctzll(stop & tops) / 8;
#else
            break;
#endif
        }
    }
    while (p < end && *p != delimiter && *p != '\n' && *p != '\r')
        p++;
    return p;
}

// Line ends between p and end, where CRLF is one.
static uint64_t count_lines(const char *p, const char *end)
{
    uint64_t n = 0;
    for (; p < end; p++)
        n += *p == '\n' || (*p == '\r' && (p + 1 == end || p[1] != '\n'));
    return n;
}

static bool ends_field(const struct csv *c, const char *p)
{
    return p == c->end || *p == c->delimiter || *p == '\n' || *p == '\r';
}

// Appends a piece to the joined fields. They may not move while fields of the record point into
// them, so all that a record may need is taken at once; false when that is not enough.
static bool join(struct csv *c, const char *p, const char *end, bool *memory)
{
    size_t most = (size_t)(c->end - c->p);
    if (most > CSV_RECORD_MAX_BYTES)
        most = CSV_RECORD_MAX_BYTES;
    if (c->joined.n == 0 && !buf_reserve(&c->joined, most)) {
        *memory = false;
        return false;
    }
    if (c->joined.cap - c->joined.n <= (size_t)(end - p))
        return false;
    buf_add(&c->joined, p, (size_t)(end - p));
    return true;
}

// The field whose opening quote is at p, added to the record. Returns where it ends, NULL when the
// bytes end before or it is far too long; `*memory` is false when memory is out.
static const char *quoted_field(struct csv *c, const char *p, bool *memory)
{
    const char *first = ++p;
    size_t joined = c->joined.n;
    bool whole = true; // a span of the input so far
    for (;;) {
        const char *quote = memchr(p, '"', (size_t)(c->end - p));
        if (!quote)
            return NULL;
        const char *after = quote + 1;
        bool doubled = after < c->end && *after == '"';
        if (!doubled && whole && ends_field(c, after)) {
            *memory = add_field(c, first, quote);
            return after;
        }
        if (!join(c, p, quote + doubled, memory))
            return *memory ? NULL : after;
        whole = false;
        p = after + doubled;
        if (doubled)
            continue;
        const char *end = field_end(after, c->end, c->delimiter);
        if (end == c->end && !c->final)
            return NULL;
        if (!join(c, after, end, memory))
            return *memory ? NULL : after;
        *memory = add_field(c, c->joined.p + joined, c->joined.p + c->joined.n);
        return end;
    }
}

// Goes to the line after the one that begins at c->p, or notes that it is yet to come.
static enum csv_result leave_behind(struct csv *c, const char *why)
{
    const char *p = c->p;
    while (p < c->end && *p != '\n' && *p != '\r')
        p++;
    c->skipping = p == c->end || (*p == '\r' && p + 1 == c->end && !c->final);
    c->why = why;
    if (!c->skipping) {
        p += *p == '\r' && p + 1 < c->end && p[1] == '\n' ? 2 : 1;
        c->next_line = c->line + 1;
    }
    c->offset += (uint64_t)(p - c->p);
    c->p = p;
    return CSV_BROKEN;
}

// The bytes end inside the record at c->p.
static enum csv_result cut_short(struct csv *c)
{
    if ((size_t)(c->end - c->p) > CSV_RECORD_MAX_BYTES)
        return leave_behind(c, "longer than 1 MiB (is a closing quote missing?)");
    if (c->final)
        return leave_behind(c, "the closing quote is missing");
    return CSV_MORE;
}

// Past blank lines, and past the rest of a line that was given up.
static void skip_lines(struct csv *c)
{
    const char *p = c->p;
    if (c->skipping) {
        while (p < c->end && *p != '\n' && *p != '\r')
            p++;
        c->skipping = p == c->end;
    }
    while (p < c->end && (*p == '\n' || *p == '\r')) {
        if (*p == '\r' && p + 1 == c->end && !c->final)
            break;
        p += *p == '\r' && p + 1 < c->end && p[1] == '\n' ? 2 : 1;
        c->next_line++;
    }
    c->offset += (uint64_t)(p - c->p);
    c->p = p;
}

enum csv_result csv_next(struct csv *c)
{
    skip_lines(c);
    c->line = c->next_line;
    c->count = 0;
    c->joined.n = 0;
    const char *p = c->p, *end = c->end;
    if (p == end)
        return c->final ? CSV_END : CSV_MORE;
    uint64_t lines = 0;
    for (;; p++) {
        bool memory = true;
        const char *first = p;
        if (p < end && *p == '"') {
            p = quoted_field(c, p, &memory);
            if (!p)
                return cut_short(c);
            lines += count_lines(first, p);
        } else {
            p = field_end(p, end, c->delimiter);
            memory = add_field(c, first, p);
        }
        if (!memory)
            return CSV_NO_MEMORY;
        if (p < end && *p == c->delimiter) {
            if (c->count >= CSV_FIELDS_MAX)
                return leave_behind(c, "more than 65536 fields");
            continue;
        }
        break;
    }
    // A line end that may be half a CRLF, or none yet: more bytes must tell.
    if (!c->final && (p == end || (*p == '\r' && p + 1 == end)))
        return cut_short(c);
    if (p - c->p > CSV_RECORD_MAX_BYTES)
        return leave_behind(c, "longer than 1 MiB (is a closing quote missing?)");
    c->unfinished = p == end;
    if (p < end)
        p += *p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1;
    c->next_line = c->line + lines + 1;
    c->offset += (uint64_t)(p - c->p);
    c->p = p;
    return CSV_RECORD;
}

// How often `c` stands outside quotes in the line at *p, which is moved behind the line.
static size_t count_outside_quotes(const char **p, const char *end, char c)
{
    size_t n = 0;
    bool quoted = false;
    for (; *p < end && (quoted || (**p != '\n' && **p != '\r')); ++*p) {
        if (**p == '"')
            quoted = !quoted;
        else if (**p == c && !quoted)
            n++;
    }
    while (*p < end && (**p == '\n' || **p == '\r'))
        ++*p;
    return n;
}

char csv_find_delimiter(struct str sample)
{
    static const char candidates[] = "\t;|,";
    enum { LINES = 20 };
    char best = ',';
    size_t best_lines = 0;
    if (sample.n == 0)
        return best;
    for (const char *c = candidates; *c; c++) {
        const char *p = sample.p, *end = sample.p + sample.n;
        size_t expected = count_outside_quotes(&p, end, *c), same = expected != 0;
        for (int line = 1; line < LINES && p < end && expected; line++)
            same += count_outside_quotes(&p, end, *c) == expected;
        // A comma between the digits of "1,5;2,5" is as regular as the semicolon: it comes last.
        if (same > best_lines) {
            best = *c;
            best_lines = same;
        }
    }
    return best;
}
