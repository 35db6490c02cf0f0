// A growable byte buffer whose failure is remembered, so that a run of appends is checked once.
#ifndef FETTLE_BASE_BUF_H
#define FETTLE_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

// Zero-initialise to start: `struct buf b = {0};`. The bytes are terminated with '\0' (not counted)
// whenever p is not NULL. After a failed allocation `failed` stays set and appends do nothing.
struct buf {
    char *p;
    size_t n;   // bytes in use
    size_t cap; // bytes allocated
    bool failed;
};

void buf_free(struct buf *b);  // frees and zeroes
void buf_reset(struct buf *b); // keeps the memory, empties, clears `failed`

// Makes room for `more` further bytes; returns where to write them, NULL when memory is out.
char *buf_reserve(struct buf *b, size_t more);

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_add_str(struct buf *b, struct str s);
void buf_add_z(struct buf *b, const char *z);
void buf_add_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);

// The shortest decimal text that reads back as the same double; "nan" and "inf" for those.
void buf_add_double(struct buf *b, double v);
void buf_add_i64(struct buf *b, int64_t v);

static inline struct str buf_str(const struct buf *b)
{
    return (struct str){b->p ? b->p : "", b->n};
}

#endif
