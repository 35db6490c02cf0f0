// The growable byte buffer.
#include "base/buf.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_free(struct buf *b)
{
    free(b->p);
    *b = (struct buf){0};
}

void buf_reset(struct buf *b)
{
    b->n = 0;
    b->failed = false;
    if (b->p)
        b->p[0] = '\0';
}

char *buf_reserve(struct buf *b, size_t more)
{
    if (b->failed)
        return NULL;
    if (b->cap - b->n > more && b->p)
        return b->p + b->n;
    size_t need;
    if (__builtin_add_overflow(b->n, more, &need) || need > SIZE_MAX / 2 - 1) {
        b->failed = true;
        return NULL;
    }
    size_t cap = b->cap ? b->cap : 64;
    while (cap <= need)
        cap *= 2;
    char *p = realloc(b->p, cap);
    if (!p) {
        b->failed = true;
        return NULL;
    }
    b->p = p;
    b->cap = cap;
    return p + b->n;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
    char *to = buf_reserve(b, n);
    if (!to)
        return;
    if (n)
        memcpy(to, bytes, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void buf_add_str(struct buf *b, struct str s)
{
    buf_add(b, s.p, s.n);
}

void buf_add_z(struct buf *b, const char *z)
{
    buf_add(b, z, strlen(z));
}

void buf_add_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    char small[256];
    int n = vsnprintf(small, sizeof small, fmt, ap);
    if (n < 0) {
        b->failed = true;
    } else if ((size_t)n < sizeof small) {
        buf_add(b, small, (size_t)n);
    } else {
        char *to = buf_reserve(b, (size_t)n);
        if (to) {
            vsnprintf(to, (size_t)n + 1, fmt, again);
            b->n += (size_t)n;
        }
    }
    va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

void buf_add_double(struct buf *b, double v)
{
    char text[40];
    if (isnan(v)) {
        buf_add_z(b, "nan");
        return;
    }
    if (isinf(v)) {
        buf_add_z(b, v < 0 ? "-inf" : "inf");
        return;
    }
    // Whole numbers and decimals of up to six places, which nearly all readings are, print through
    // integers; the check that they read back exactly is one division.
    double scaled = v * 1e6;
    if (fabs(scaled) < 9e15 && scaled == nearbyint(scaled) && scaled / 1e6 == v &&
        !(v == 0 && signbit(v))) {
        int64_t whole = (int64_t)scaled;
        uint64_t u = whole < 0 ? (uint64_t)-whole : (uint64_t)whole;
        uint64_t frac = u % 1000000;
        char *p = text + sizeof text;
        int places = 6;
        for (; places && frac % 10 == 0; places--)
            frac /= 10;
        for (int i = 0; i < places; i++, frac /= 10)
            *--p = (char)('0' + frac % 10);
        if (places)
            *--p = '.';
        u /= 1000000;
        do
            *--p = (char)('0' + u % 10);
        while (u /= 10);
        if (whole < 0)
            *--p = '-';
        buf_add(b, p, (size_t)(text + sizeof text - p));
        return;
    }
    int n = 0;
    // Subnormal numbers hold fewer than 15 digits.
    for (int digits = fabs(v) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        n = snprintf(text, sizeof text, "%.*g", digits, v);
        if (digits == 17 || strtod(text, NULL) == v)
            break;
    }
    buf_add(b, text, (size_t)n);
}

void buf_add_i64(struct buf *b, int64_t v)
{
    char text[24], *p = text + sizeof text;
    uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;
    do
        *--p = (char)('0' + u % 10);
    while (u /= 10);
    if (v < 0)
        *--p = '-';
    buf_add(b, p, (size_t)(text + sizeof text - p));
}
