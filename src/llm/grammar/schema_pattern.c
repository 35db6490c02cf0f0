// Regular expressions of JSON Schema (ECMA-262, the regular part) over the inside of JSON strings.
#include <string.h>

#include "llm/grammar/schema_private.h"
#include "llm/unicode.h"

enum { DEPTH_MAX = 50, RANGES_MAX = 256, PARTS_MAX = 1 << 12 };

struct pattern {
    struct schema *s;
    const struct pointer *at;
    struct str text;
    size_t i;
    int depth;
    const struct expr **parts; // of all sequences and choices that are open
    size_t part_count;
};

struct ranges {
    struct code_range r[RANGES_MAX];
    size_t n;
};

static enum err_code fail(struct pattern *p, enum err_code code, const char *what)
{
    struct buf text = {0};
    buf_printf(&text, "character %zu of the pattern: %s", p->i + 1, what);
    code = schema_fail(p->s, code, p->at, NULL, text.failed ? what : text.p);
    buf_free(&text);
    return code;
}

static bool at_end(const struct pattern *p)
{
    return p->i == p->text.n;
}

static bool is(const struct pattern *p, char c)
{
    return !at_end(p) && p->text.p[p->i] == c;
}

static bool take(struct pattern *p, char c)
{
    bool there = is(p, c);
    p->i += there;
    return there;
}

static void add_range(struct ranges *out, uint32_t first, uint32_t last)
{
    if (out->n < RANGES_MAX && first <= last)
        out->r[out->n++] = (struct code_range){first, last};
}

// \d \w \s and their opposites; false for another letter.
static bool add_class(char c, struct ranges *out)
{
    static const struct code_range digits[] = {{'0', '9'}};
    static const struct code_range words[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
    static const struct code_range blanks[] = {
        {'\t', '\r'},     {' ', ' '},       {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
        {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff}};
    const struct code_range *set = NULL;
    size_t n = 0;
    switch (c | 0x20) {
    case 'd':
        set = digits, n = 1;
        break;
    case 'w':
        set = words, n = 4;
        break;
    case 's':
        set = blanks, n = 10;
        break;
    default:
        return false;
    }
    // U+FEFF is a blank for some: it is neither \s nor \S here.
    n -= c == 's';
    uint32_t next = 0;
    for (size_t i = 0; i < n; i++) {
        if (c & 0x20)
            add_range(out, set[i].first, set[i].last);
        else if (set[i].first > next)
            add_range(out, next, set[i].first - 1);
        next = set[i].last + 1;
    }
    if (!(c & 0x20))
        add_range(out, next, CODE_POINT_MAX);
    return true;
}

static enum err_code read_hex(struct pattern *p, int digits, uint32_t *out)
{
    *out = 0;
    for (int k = 0; k < digits; k++, p->i++) {
        char c = at_end(p) ? 0 : p->text.p[p->i];
        int v = c >= '0' && c <= '9'                     ? c - '0'
                : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                         : -1;
        if (v < 0)
            return fail(p, ERR_INPUT, "a hexadecimal digit expected");
        *out = *out << 4 | (uint32_t)v;
    }
    return ERR_OK;
}

// A character behind a backslash; classes are dealt with before.
static enum err_code read_escape(struct pattern *p, uint32_t *out)
{
    static const char names[] = "tnrfv", values[] = "\t\n\r\f\v";
    char c = at_end(p) ? 0 : p->text.p[p->i];
    const char *at = c ? strchr(names, c) : NULL;
    if (at) {
        *out = (uint8_t)values[at - names];
    } else if (c == 'x' || c == 'u') {
        p->i++;
        return read_hex(p, c == 'x' ? 2 : 4, out);
    } else if (c && strchr("^$\\.*+?()[]{}|/-\"'#%&,:;<=>@_`~! ", c)) {
        *out = (uint8_t)c;
    } else {
        return fail(p, ERR_UNSUPPORTED, "this escape is not supported");
    }
    p->i++;
    return ERR_OK;
}

static enum err_code read_char(struct pattern *p, uint32_t *out)
{
    if (take(p, '\\'))
        return read_escape(p, out);
    p->i += unicode_decode(p->text.p + p->i, p->text.p + p->text.n, out);
    return ERR_OK;
}

static enum err_code read_set(struct pattern *p, const struct expr **out)
{
    struct ranges set = {.n = 0};
    bool others = take(p, '^');
    while (!is(p, ']')) {
        uint32_t first, last;
        if (at_end(p))
            return fail(p, ERR_INPUT, "']' expected");
        if (set.n > RANGES_MAX - 16)
            return fail(p, ERR_LIMIT, "more ranges than are supported");
        if (is(p, '\\') && p->i + 1 < p->text.n && add_class(p->text.p[p->i + 1], &set)) {
            p->i += 2;
            continue;
        }
        enum err_code code = read_char(p, &first);
        if (code)
            return code;
        last = first;
        if (is(p, '-') && p->i + 1 < p->text.n && p->text.p[p->i + 1] != ']') {
            p->i++;
            if (is(p, '\\') && p->i + 1 < p->text.n && strchr("dDwWsS", p->text.p[p->i + 1]))
                return fail(p, ERR_INPUT, "a class cannot end a range");
            if ((code = read_char(p, &last)))
                return code;
        }
        if (last < first)
            return fail(p, ERR_INPUT, "the range ends before it begins");
        add_range(&set, first, last);
    }
    p->i++;
    *out = schema_characters(p->s, set.r, set.n, others);
    return ERR_OK;
}

static enum err_code read_choice(struct pattern *p, bool top, const struct expr **out);

static enum err_code read_group(struct pattern *p, const struct expr **out)
{
    if (take(p, '?') && !take(p, ':'))
        return fail(p, ERR_UNSUPPORTED, "only groups (...) and (?:...) are supported");
    if (++p->depth > DEPTH_MAX)
        return fail(p, ERR_LIMIT, "more than 50 groups within each other");
    enum err_code code = read_choice(p, false, out);
    if (code)
        return code;
    p->depth--;
    return take(p, ')') ? ERR_OK : fail(p, ERR_INPUT, "')' expected");
}

static enum err_code read_atom(struct pattern *p, const struct expr **out)
{
    static const struct code_range lines[] = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};
    struct ranges set = {.n = 0};
    uint32_t c;
    if (take(p, '('))
        return read_group(p, out);
    if (take(p, '['))
        return read_set(p, out);
    if (take(p, '.')) {
        *out = schema_characters(p->s, lines, 3, true);
        return ERR_OK;
    }
    if (is(p, '^') || is(p, '$'))
        return fail(p, ERR_UNSUPPORTED, "'^' and '$' are supported at both ends only");
    if (is(p, '*') || is(p, '+') || is(p, '?') || is(p, '{') || is(p, '}') || is(p, ']'))
        return fail(p, ERR_INPUT, "nothing to repeat, or a bracket without its other half");
    if (is(p, '\\') && p->i + 1 < p->text.n && add_class(p->text.p[p->i + 1], &set)) {
        p->i += 2;
        *out = schema_characters(p->s, set.r, set.n, false);
        return ERR_OK;
    }
    enum err_code code = read_char(p, &c);
    if (!code)
        *out = schema_characters(p->s, &(struct code_range){c, c}, 1, false);
    return code;
}

static enum err_code read_count(struct pattern *p, uint32_t *out)
{
    size_t from = p->i;
    *out = 0;
    for (; !at_end(p) && p->text.p[p->i] >= '0' && p->text.p[p->i] <= '9'; p->i++) {
        *out = *out * 10 + (uint32_t)(p->text.p[p->i] - '0');
        if (*out > SCHEMA_REPEAT_MAX)
            return fail(p, ERR_LIMIT, "more than 65536 repetitions");
    }
    return p->i > from ? ERR_OK : fail(p, ERR_INPUT, "a number expected");
}

static enum err_code read_repeat(struct pattern *p, const struct expr **atom)
{
    uint32_t least = 0, most = EXPR_NO_LIMIT;
    enum err_code code = ERR_OK;
    if (take(p, '+')) {
        least = 1;
    } else if (take(p, '?')) {
        most = 1;
    } else if (take(p, '{')) {
        code = read_count(p, &least);
        most = least;
        if (!code && take(p, ',')) {
            most = EXPR_NO_LIMIT;
            code = is(p, '}') ? ERR_OK : read_count(p, &most);
        }
        if (!code && (!take(p, '}') || most < least))
            code = fail(p, ERR_INPUT, "{m}, {m,} or {m,n} expected");
    } else if (!take(p, '*')) {
        return ERR_OK;
    }
    if (code)
        return code;
    take(p, '?'); // as few as possible: the same texts
    if (is(p, '*') || is(p, '+') || is(p, '?') || is(p, '{'))
        return fail(p, ERR_INPUT, "nothing to repeat");
    *atom = expr_repeat(p->s->rules, *atom, least, most);
    return ERR_OK;
}

static enum err_code keep_part(struct pattern *p, const struct expr *part)
{
    if (p->part_count == PARTS_MAX)
        return fail(p, ERR_LIMIT, "more than 4096 items");
    p->parts[p->part_count++] = part;
    return ERR_OK;
}

static bool ends_here(const struct pattern *p)
{
    return at_end(p) || is(p, '|') || is(p, ')');
}

// One alternative. At the top it need not be the whole string unless it is anchored.
static enum err_code read_sequence(struct pattern *p, bool top, const struct expr **out)
{
    struct rules *r = p->s->rules;
    size_t from = p->part_count;
    const struct expr *anything = expr_repeat(r, schema_char(p->s), 0, EXPR_NO_LIMIT);
    enum err_code code = ERR_OK;
    bool ended = false;
    if (top && !take(p, '^'))
        code = keep_part(p, anything);
    while (!code && !ended && !ends_here(p)) {
        const struct expr *atom = NULL;
        if (top && is(p, '$')) {
            p->i++;
            ended = true;
            if (!ends_here(p))
                code = fail(p, ERR_UNSUPPORTED, "'$' is supported at the end only");
            break;
        }
        if ((code = read_atom(p, &atom)) || (code = read_repeat(p, &atom)))
            break;
        code = keep_part(p, atom);
    }
    if (!code && top && !ended)
        code = keep_part(p, anything);
    if (code)
        return code;
    *out = p->part_count == from ? expr_empty(r)
                                 : expr_sequence(r, p->parts + from, p->part_count - from);
    p->part_count = from;
    return ERR_OK;
}

static enum err_code read_choice(struct pattern *p, bool top, const struct expr **out)
{
    size_t from = p->part_count;
    do {
        const struct expr *sequence;
        enum err_code code = read_sequence(p, top, &sequence);
        if (!code)
            code = keep_part(p, sequence);
        if (code)
            return code;
    } while (take(p, '|'));
    *out = expr_choice(p->s->rules, p->parts + from, p->part_count - from);
    p->part_count = from;
    return ERR_OK;
}

enum err_code schema_pattern(struct schema *s, struct str text, const struct pointer *at,
                             const struct expr **out)
{
    struct pattern p = {.s = s, .at = at, .text = text};
    p.parts = arena_new(s->arena, PARTS_MAX, sizeof *p.parts);
    if (!p.parts)
        return err_set(s->err, ERR_LIMIT, "schema: too large");
    enum err_code code = read_choice(&p, true, out);
    if (!code && !at_end(&p))
        code = fail(&p, ERR_INPUT, "')' without its other half");
    return code;
}
