// Spans of bytes that someone else owns, with strict parsers of numbers.
#ifndef FETTLE_BASE_STR_H
#define FETTLE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p; // not terminated
    size_t n;      // bytes
};

// For printf: "%.*s", STR_ARG(s)
#define STR_ARG(s)   (int)(s).n, (s).p
#define STR_LIT(lit) ((struct str){"" lit, sizeof(lit) - 1})

static inline struct str str_of(const char *z)
{
    return (struct str){z, z ? strlen(z) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str a, const char *z)
{
    return str_eq(a, str_of(z));
}

bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_eq_nocase(struct str a, struct str b); // ASCII only

// Without ASCII blanks at both ends.
struct str str_trim(struct str s);

// Cuts `*rest` at the first `sep`: returns what is before it and leaves what follows; when there is
// no `sep`, returns everything and leaves an empty span with p == NULL.
struct str str_cut(struct str *rest, char sep);

// Copies into a terminated buffer of `cap` bytes, cut if too long; true if it fitted.
bool str_copy(char *dst, size_t cap, struct str s);

// The whole span as a decimal number: sign, digits, fraction, exponent. Correctly rounded. False
// for anything else, with NaN and Inf in all their spellings refused too, and false on overflow.
bool str_to_double(struct str s, double *out);

// As str_to_double, but "nan", "inf", "infinity", "null" and the empty span (any case, signed) are
// accepted too and give NaN: what a sensor file means by them is "no value".
bool str_to_reading(struct str s, double *out);

// The whole span as an integer; false on anything else and on overflow.
bool str_to_i64(struct str s, int64_t *out);
bool str_to_u64(struct str s, uint64_t *out);

// "15s", "2h30m", "250ms", "3d", "10us": a sum of terms, or a plain number of seconds.
bool str_to_duration_us(struct str s, int64_t *out);

// "64K", "10 MiB", "2G", "1000": bytes; K, M, G, T count by 1024.
bool str_to_bytes(struct str s, uint64_t *out);

// True if the bytes are well-formed UTF-8 (no surrogates, no overlong forms).
bool str_is_utf8(struct str s);

// 64-bit hash (FNV-1a folded through a finaliser): stable across runs and machines.
uint64_t str_hash(struct str s);

#endif
