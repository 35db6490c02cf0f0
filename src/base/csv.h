// Reads CSV records (RFC 4180 and its kin) out of bytes that come in pieces.
//
// Any delimiter; quotes with doubled quotes inside; line ends LF, CRLF or CR, also inside quotes.
// As most readers do, it takes a quote inside an unquoted field, and text behind a closing quote,
// as they stand. Blank lines are passed over.
//
//     csv_open(&c, ',');
//     csv_feed(&c, bytes, final);
//     while ((r = csv_next(&c)) == CSV_RECORD || r == CSV_BROKEN) ...
//     // CSV_MORE: move csv_rest(&c) to the front of the buffer, append, feed again
#ifndef FETTLE_BASE_CSV_H
#define FETTLE_BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum { CSV_RECORD_MAX_BYTES = 1 << 20, CSV_FIELDS_MAX = 1 << 16 };

enum csv_result {
    CSV_RECORD,    // c->fields, c->count
    CSV_BROKEN,    // c->why; the next call goes on with the line after c->line
    CSV_MORE,      // the bytes end inside a record (or between two), and they are not the last
    CSV_END,       // that was all
    CSV_NO_MEMORY, // for the fields
};

struct csv {
    struct str *fields; // of the record; valid until the next call
    size_t count;
    uint64_t line;   // where the record begins, from 1
    bool unfinished; // the record is the last and has no line end
    const char *why; // of CSV_BROKEN
    uint64_t offset; // bytes that were read, over all feeds

    // private
    char delimiter;
    bool final, skipping;
    const char *p, *end;
    uint64_t next_line;
    size_t cap;
    struct buf joined; // fields that are not a span of the input
};

void csv_open(struct csv *c, char delimiter);
void csv_close(struct csv *c);

// The next bytes: first the rest of the former ones (csv_rest), then new ones. Borrowed until the
// next feed. `final`: nothing comes after them.
void csv_feed(struct csv *c, struct str bytes, bool final);

enum csv_result csv_next(struct csv *c);

// What was fed and not yet read.
struct str csv_rest(const struct csv *c);

// The delimiter among tab, ';', '|' and ',' that cuts the first lines of `sample` into the same
// number of fields; ',' when there is none. `sample` may end anywhere.
char csv_find_delimiter(struct str sample);

#endif
