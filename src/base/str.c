// Spans of bytes: comparing, cutting, and strict parsing of numbers.
#include "base/str.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq((struct str){s.p, prefix.n}, prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && str_eq((struct str){s.p + (s.n - suffix.n), suffix.n}, suffix);
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

struct str str_trim(struct str s)
{
    while (s.n && is_blank(s.p[0]))
        s.p++, s.n--;
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct str str_cut(struct str *rest, char sep)
{
    const char *at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
    struct str head = *rest;
    if (!at) {
        *rest = (struct str){NULL, 0};
        return head;
    }
    head.n = (size_t)(at - rest->p);
    rest->p += head.n + 1;
    rest->n -= head.n + 1;
    return head;
}

bool str_copy(char *dst, size_t cap, struct str s)
{
    size_t n = s.n < cap ? s.n : cap - 1;
    if (n)
        memcpy(dst, s.p, n);
    dst[n] = '\0';
    return n == s.n;
}

// Numbers of up to 19 digits whose power of ten is exact in a double need one exact operation
// (Clinger 1990); this is nearly every reading there is. Everything else goes to strtod.
static bool slow_double(struct str s, double *out)
{
    char text[512];
    if (!str_copy(text, sizeof text, s))
        return false;
    static locale_t c_locale;
    locale_t loc = __atomic_load_n(&c_locale, __ATOMIC_ACQUIRE);
    if (!loc) {
        loc = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        if (!loc)
            return false;
        locale_t none = (locale_t)0;
        if (!__atomic_compare_exchange_n(&c_locale, &none, loc, false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_ACQUIRE)) {
            freelocale(loc);
            loc = none;
        }
    }
    char *end;
    double v = strtod_l(text, &end, loc);
    if (*end || !isfinite(v))
        return false;
    *out = v;
    return true;
}

bool str_to_double(struct str s, double *out)
{
    static const double pow10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *p = s.p, *end = s.p + s.n;
    bool negative = false;
    if (p < end && (*p == '-' || *p == '+'))
        negative = *p++ == '-';
    uint64_t mantissa = 0;
    int digits = 0, scale = 0;
    const char *first = p;
    for (; p < end && is_digit(*p); p++, digits++)
        mantissa = mantissa * 10 + (uint64_t)(*p - '0');
    bool any = p > first;
    if (p < end && *p == '.') {
        const char *frac = ++p;
        for (; p < end && is_digit(*p); p++, digits++)
            mantissa = mantissa * 10 + (uint64_t)(*p - '0');
        scale = -(int)(p - frac);
        any = any || p > frac;
    }
    if (!any)
        return false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        bool exp_negative = false;
        if (p < end && (*p == '-' || *p == '+'))
            exp_negative = *p++ == '-';
        if (p == end)
            return false;
        int exp = 0;
        for (; p < end && is_digit(*p); p++)
            if (exp < 100000)
                exp = exp * 10 + (*p - '0');
        scale += exp_negative ? -exp : exp;
    }
    if (p != end)
        return false;
    if (digits > 19 || mantissa > (UINT64_C(1) << 53) || scale < -22 || scale > 22)
        return slow_double(s, out);
    double v = (double)mantissa;
    v = scale < 0 ? v / pow10[-scale] : v * pow10[scale];
    *out = negative ? -v : v;
    return true;
}

bool str_to_reading(struct str s, double *out)
{
    if (str_to_double(s, out))
        return true;
    struct str t = str_trim(s);
    if (t.n && (t.p[0] == '-' || t.p[0] == '+'))
        t.p++, t.n--;
    static const char *const missing[] = {"nan", "inf", "infinity", "null", "none", "na", "n/a"};
    bool known = t.n == 0;
    for (size_t i = 0; !known && i < sizeof missing / sizeof *missing; i++)
        known = str_eq_nocase(t, str_of(missing[i]));
    if (known)
        *out = (double)NAN;
    return known || (t.n != s.n && str_to_double(str_trim(s), out));
}

bool str_to_u64(struct str s, uint64_t *out)
{
    uint64_t v = 0;
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i]) || __builtin_mul_overflow(v, UINT64_C(10), &v) ||
            __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
            return false;
    }
    *out = v;
    return true;
}

bool str_to_i64(struct str s, int64_t *out)
{
    bool negative = s.n && s.p[0] == '-';
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        s.p++, s.n--;
    uint64_t v;
    if (!str_to_u64(s, &v) || v > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

struct unit {
    const char *name;
    double factor;
};

// Reads one "number unit" term off the front of `*s`.
static bool cut_term(struct str *s, const struct unit *units, size_t count, const char *bare,
                     double *out)
{
    size_t n = 0;
    while (n < s->n && (is_digit(s->p[n]) || s->p[n] == '.'))
        n++;
    double v;
    if (!str_to_double((struct str){s->p, n}, &v))
        return false;
    *s = str_trim((struct str){s->p + n, s->n - n});
    for (n = 0; n < s->n && ((s->p[n] | 32) >= 'a' && (s->p[n] | 32) <= 'z');)
        n++;
    struct str name = n ? (struct str){s->p, n} : str_of(bare);
    *s = str_trim((struct str){s->p + n, s->n - n});
    for (size_t i = 0; i < count; i++) {
        if (str_eq_nocase(name, str_of(units[i].name))) {
            *out = v * units[i].factor;
            return true;
        }
    }
    return false;
}

bool str_to_duration_us(struct str s, int64_t *out)
{
    static const struct unit units[] = {{"us", 1},         {"ms", 1e3},    {"s", 1e6},
                                        {"sec", 1e6},      {"m", 60e6},    {"min", 60e6},
                                        {"h", 3600e6},     {"d", 86400e6}, {"day", 86400e6},
                                        {"days", 86400e6}, {"w", 604800e6}};
    double total = 0, term;
    s = str_trim(s);
    bool negative = s.n && s.p[0] == '-';
    if (negative)
        s.p++, s.n--;
    if (s.n == 0)
        return false;
    while (s.n) {
        if (!cut_term(&s, units, sizeof units / sizeof *units, "s", &term))
            return false;
        total += term;
    }
    if (total > 9e18)
        return false;
    *out = (int64_t)llround(negative ? -total : total);
    return true;
}

bool str_to_bytes(struct str s, uint64_t *out)
{
    static const struct unit units[] = {
        {"B", 1},           {"K", 1024},         {"KB", 1024},           {"KiB", 1024},
        {"M", 1048576},     {"MB", 1048576},     {"MiB", 1048576},       {"G", 1073741824},
        {"GB", 1073741824}, {"GiB", 1073741824}, {"T", 1099511627776.0}, {"TiB", 1099511627776.0}};
    double v;
    s = str_trim(s);
    if (s.n == 0 || !cut_term(&s, units, sizeof units / sizeof *units, "B", &v) || s.n || v > 9e18)
        return false;
    *out = (uint64_t)v;
    return true;
}

bool str_is_utf8(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p, *end = p + s.n;
    while (p < end) {
        unsigned char c = *p++;
        if (c < 0x80)
            continue;
        int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
        if (c < 0xC2 || c > 0xF4 || end - p < more)
            return false;
        unsigned char d = *p;
        if ((c == 0xE0 && d < 0xA0) || (c == 0xED && d > 0x9F) || (c == 0xF0 && d < 0x90) ||
            (c == 0xF4 && d > 0x8F))
            return false;
        for (; more; more--)
            if ((*p++ & 0xC0) != 0x80)
                return false;
    }
    return true;
}

uint64_t str_hash(struct str s)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
    h ^= h >> 33;
    h *= UINT64_C(0xff51afd7ed558ccd);
    h ^= h >> 33;
    return h;
}
