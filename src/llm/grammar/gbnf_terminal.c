// GBNF's literals and classes: characters, escaped or not.
#include <string.h>

#include "llm/grammar/gbnf_private.h"
#include "llm/unicode.h"

static enum err_code read_hex(struct gbnf *g, int digits, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < digits; i++, g->p++) {
        char c = gbnf_at_end(g) ? 0 : *g->p;
        int v = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (v < 0)
            return gbnf_fail(g, "a hexadecimal digit expected");
        *out = *out << 4 | (uint32_t)v;
    }
    if (*out > CODE_POINT_MAX || (*out >= 0xd800 && *out <= 0xdfff))
        return gbnf_fail(g, "there is no such character");
    return ERR_OK;
}

// A character of a literal or class, escaped or not.
static enum err_code read_char(struct gbnf *g, uint32_t *out)
{
    if (gbnf_at_end(g) || *g->p == '\n')
        return gbnf_fail(g, "the literal or class is not closed on its line");
    if (*g->p != '\\') {
        size_t n = unicode_decode(g->p, g->end, out);
        if (*out == UNICODE_BAD && n == 1)
            return gbnf_fail(g, "bytes that are no UTF-8");
        g->p += n;
        return ERR_OK;
    }
    static const char names[] = "nrt\\\"[]-^", values[] = "\n\r\t\\\"[]-^";
    g->p++;
    char c = gbnf_at_end(g) ? 0 : *g->p;
    if (c == 'x' || c == 'u' || c == 'U') {
        g->p++;
        return read_hex(g, c == 'x' ? 2 : c == 'u' ? 4 : 8, out);
    }
    const char *at = c ? strchr(names, c) : NULL;
    if (!at)
        return gbnf_fail(g,
                         "an escape expected: \\n \\r \\t \\\\ \\\" \\[ \\] \\- \\^ \\xHH \\uHHHH "
                         "\\UHHHHHHHH");
    g->p++;
    *out = (unsigned char)values[at - names];
    return ERR_OK;
}

enum err_code gbnf_literal(struct gbnf *g, const struct expr **out)
{
    struct buf bytes = {0};
    enum err_code code = ERR_OK;
    g->p++;
    while (!code && !gbnf_is(g, '"')) {
        uint32_t cp;
        char encoded[4];
        if ((code = read_char(g, &cp)) == ERR_OK)
            buf_add(&bytes, encoded, unicode_encode(cp, encoded));
    }
    g->p += !code;
    *out = code ? NULL : expr_bytes(g->rules, buf_str(&bytes));
    g->rules->failed |= bytes.failed;
    buf_free(&bytes);
    return code;
}

static enum err_code read_ranges(struct gbnf *g, struct buf *ranges)
{
    while (!gbnf_is(g, ']')) {
        struct code_range range;
        enum err_code code = read_char(g, &range.first);
        if (code)
            return code;
        range.last = range.first;
        if (gbnf_is(g, '-') && g->p + 1 < g->end && g->p[1] != ']') {
            g->p++;
            struct text_place at = gbnf_place(g);
            if ((code = read_char(g, &range.last)))
                return code;
            if (range.last < range.first)
                return gbnf_fail_at(g, at, "the range ends before it begins");
        }
        buf_add(ranges, &range, sizeof range);
    }
    return ERR_OK;
}

enum err_code gbnf_class(struct gbnf *g, const struct expr **out)
{
    struct buf ranges = {0};
    g->p++;
    bool others = gbnf_is(g, '^');
    g->p += others;
    enum err_code code = read_ranges(g, &ranges);
    if (!code) {
        g->p++;
        *out = expr_class(g->rules, (const struct code_range *)(const void *)ranges.p,
                          ranges.n / sizeof(struct code_range), others);
    }
    g->rules->failed |= ranges.failed;
    buf_free(&ranges);
    return code;
}
