// Reads GBNF text into rules.
#include "llm/grammar/gbnf.h"

#include <string.h>

#include "llm/unicode.h"

enum { DEPTH_MAX = 100, REPEAT_MAX = 1 << 16, PARTS_MAX = 1 << 15, NAME_MAX_BYTES = 128 };

struct gbnf {
    struct rules *rules;
    const char *where;
    const char *p, *end;
    const char *line_begin;
    uint32_t line;
    int depth;
    struct err *err;
    const struct expr **parts; // of all sequences and choices that are open
    size_t part_count;
};

static struct text_place place(const struct gbnf *g)
{
    uint32_t column = 1;
    for (const char *p = g->line_begin; p < g->p; p++)
        column += ((unsigned char)*p & 0xc0) != 0x80; // characters, not bytes
    return (struct text_place){g->line, column};
}

static enum err_code fail_at(struct gbnf *g, struct text_place at, const char *what)
{
    return err_set(g->err, ERR_INPUT, "%s: line %u, column %u: %s", g->where, at.line, at.column,
                   what);
}

static enum err_code fail(struct gbnf *g, const char *what)
{
    return fail_at(g, place(g), what);
}

static bool at_end(const struct gbnf *g)
{
    return g->p == g->end;
}

static bool is(const struct gbnf *g, char c)
{
    return g->p < g->end && *g->p == c;
}

// Goes past blanks and comments, and line breaks too where `breaks`.
static void skip(struct gbnf *g, bool breaks)
{
    while (g->p < g->end) {
        if (*g->p == '#') {
            while (g->p < g->end && *g->p != '\n')
                g->p++;
        } else if (*g->p == ' ' || *g->p == '\t' || *g->p == '\r') {
            g->p++;
        } else if (*g->p == '\n' && breaks) {
            g->line++;
            g->line_begin = ++g->p;
        } else {
            return;
        }
    }
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

static struct str read_name(struct gbnf *g)
{
    const char *from = g->p;
    while (g->p < g->end && is_name(*g->p))
        g->p++;
    return (struct str){from, (size_t)(g->p - from)};
}

static enum err_code read_hex(struct gbnf *g, int digits, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < digits; i++, g->p++) {
        char c = at_end(g) ? 0 : *g->p;
        int v = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (v < 0)
            return fail(g, "a hexadecimal digit expected");
        *out = *out << 4 | (uint32_t)v;
    }
    if (*out > CODE_POINT_MAX || (*out >= 0xd800 && *out <= 0xdfff))
        return fail(g, "there is no such character");
    return ERR_OK;
}

// A character of a literal or class, escaped or not.
static enum err_code read_char(struct gbnf *g, uint32_t *out)
{
    if (at_end(g) || *g->p == '\n')
        return fail(g, "the literal or class is not closed on its line");
    if (*g->p != '\\') {
        size_t n = unicode_decode(g->p, g->end, out);
        if (*out == UNICODE_BAD && n == 1)
            return fail(g, "bytes that are no UTF-8");
        g->p += n;
        return ERR_OK;
    }
    static const char names[] = "nrt\\\"[]-^", values[] = "\n\r\t\\\"[]-^";
    g->p++;
    char c = at_end(g) ? 0 : *g->p;
    if (c == 'x' || c == 'u' || c == 'U') {
        g->p++;
        return read_hex(g, c == 'x' ? 2 : c == 'u' ? 4 : 8, out);
    }
    const char *at = c ? strchr(names, c) : NULL;
    if (!at)
        return fail(g, "an escape expected: \\n \\r \\t \\\\ \\\" \\[ \\] \\- \\^ \\xHH \\uHHHH "
                       "\\UHHHHHHHH");
    g->p++;
    *out = (unsigned char)values[at - names];
    return ERR_OK;
}

static enum err_code read_literal(struct gbnf *g, const struct expr **out)
{
    struct buf bytes = {0};
    enum err_code code = ERR_OK;
    g->p++;
    while (!code && !is(g, '"')) {
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
    while (!is(g, ']')) {
        struct code_range range;
        enum err_code code = read_char(g, &range.first);
        if (code)
            return code;
        range.last = range.first;
        if (is(g, '-') && g->p + 1 < g->end && g->p[1] != ']') {
            g->p++;
            struct text_place at = place(g);
            if ((code = read_char(g, &range.last)))
                return code;
            if (range.last < range.first)
                return fail_at(g, at, "the range ends before it begins");
        }
        buf_add(ranges, &range, sizeof range);
    }
    return ERR_OK;
}

static enum err_code read_class(struct gbnf *g, const struct expr **out)
{
    struct buf ranges = {0};
    g->p++;
    bool others = is(g, '^');
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

static enum err_code read_count(struct gbnf *g, uint32_t *out)
{
    const char *from = g->p;
    uint32_t v = 0;
    for (; g->p < g->end && *g->p >= '0' && *g->p <= '9'; g->p++) {
        v = v * 10 + (uint32_t)(*g->p - '0');
        if (v > REPEAT_MAX)
            return fail(g, "more than 65536 repetitions");
    }
    *out = v;
    return g->p > from ? ERR_OK : fail(g, "a number expected");
}

// {m}, {m,} or {m,n}, from behind the brace.
static enum err_code read_braces(struct gbnf *g, uint32_t *least, uint32_t *most)
{
    skip(g, false);
    struct text_place at = place(g);
    enum err_code code = read_count(g, least);
    if (code)
        return code;
    *most = *least;
    skip(g, false);
    if (is(g, ',')) {
        g->p++;
        skip(g, false);
        *most = EXPR_NO_LIMIT;
        if (!is(g, '}') && (code = read_count(g, most)))
            return code;
        skip(g, false);
    }
    if (!is(g, '}'))
        return fail(g, "'}' expected");
    if (*most < *least)
        return fail_at(g, at, "the repetition ends before it begins");
    g->p++;
    return ERR_OK;
}

// What stands behind an item: * + ? {...}, any number of them.
static enum err_code read_suffixes(struct gbnf *g, const struct expr **item)
{
    for (;;) {
        uint32_t least = 0, most = EXPR_NO_LIMIT;
        char c = at_end(g) ? 0 : *g->p;
        if (c != '*' && c != '+' && c != '?' && c != '{')
            return ERR_OK;
        g->p++;
        enum err_code code = ERR_OK;
        if (c == '+')
            least = 1;
        else if (c == '?')
            most = 1;
        else if (c == '{')
            code = read_braces(g, &least, &most);
        if (code)
            return code;
        *item = expr_repeat(g->rules, *item, least, most);
    }
}

static enum err_code read_choice(struct gbnf *g, bool nested, const struct expr **out);

static enum err_code read_group(struct gbnf *g, const struct expr **out)
{
    struct text_place at = place(g);
    if (++g->depth > DEPTH_MAX)
        return fail(g, "more than 100 groups within each other");
    g->p++;
    skip(g, true);
    enum err_code code = read_choice(g, true, out);
    if (code)
        return code;
    if (!is(g, ')'))
        return fail_at(g, at, "the group that begins here is not closed");
    g->p++;
    g->depth--;
    return ERR_OK;
}

// One item without what stands behind it; *out stays NULL where none begins.
static enum err_code read_item(struct gbnf *g, const struct expr **out)
{
    *out = NULL;
    char c = at_end(g) ? 0 : *g->p;
    if (c == '"')
        return read_literal(g, out);
    if (c == '[')
        return read_class(g, out);
    if (c == '(')
        return read_group(g, out);
    if (c == '.') {
        g->p++;
        *out = expr_class(g->rules, NULL, 0, true);
        return ERR_OK;
    }
    if (!is_name(c))
        return ERR_OK;
    struct text_place at = place(g);
    struct str name = read_name(g);
    *out = expr_rule(g->rules, rules_find(g->rules, name, at));
    return ERR_OK;
}

static enum err_code keep_part(struct gbnf *g, const struct expr *part)
{
    if (g->part_count == PARTS_MAX)
        return err_set(g->err, ERR_LIMIT, "%s: line %u: more than %d items in a rule", g->where,
                       g->line, PARTS_MAX);
    g->parts[g->part_count++] = part;
    return ERR_OK;
}

// True where "name ::=" begins: the next rule.
static bool rule_begins(const struct gbnf *g)
{
    struct gbnf ahead = *g;
    if (read_name(&ahead).n == 0)
        return false;
    skip(&ahead, false);
    return ahead.end - ahead.p >= 3 && memcmp(ahead.p, "::=", 3) == 0;
}

static enum err_code read_sequence(struct gbnf *g, bool nested, const struct expr **out)
{
    size_t from = g->part_count;
    for (;;) {
        const struct expr *item;
        const char *begin = g->p;
        if (rule_begins(g))
            break;
        enum err_code code = read_item(g, &item);
        if (!code && g->p == begin)
            break;
        if (!code)
            code = read_suffixes(g, &item);
        if (!code)
            code = keep_part(g, item);
        if (code)
            return code;
        skip(g, nested);
    }
    *out = g->part_count == from ? expr_empty(g->rules)
                                 : expr_sequence(g->rules, g->parts + from, g->part_count - from);
    g->part_count = from;
    return ERR_OK;
}

static enum err_code read_choice(struct gbnf *g, bool nested, const struct expr **out)
{
    size_t from = g->part_count;
    for (;;) {
        const struct expr *sequence;
        enum err_code code = read_sequence(g, nested, &sequence);
        if (!code)
            code = keep_part(g, sequence);
        if (code)
            return code;
        // An alternative may begin on a line of its own.
        struct gbnf ahead = *g;
        skip(&ahead, true);
        if (!is(&ahead, '|'))
            break;
        *g = ahead;
        g->p++;
        skip(g, true);
    }
    *out = expr_choice(g->rules, g->parts + from, g->part_count - from);
    g->part_count = from;
    return ERR_OK;
}

static enum err_code read_rule(struct gbnf *g)
{
    struct text_place at = place(g);
    struct str name = read_name(g);
    if (name.n == 0)
        return fail(g, "the name of a rule expected");
    if (name.n > NAME_MAX_BYTES)
        return fail_at(g, at, "a name of more than 128 characters");
    skip(g, false);
    if (g->end - g->p < 3 || memcmp(g->p, "::=", 3) != 0)
        return fail(g, "'::=' expected");
    g->p += 3;
    uint32_t rule = rules_find(g->rules, name, at);
    if (g->rules->failed)
        return ERR_OK;
    if (g->rules->list[rule].defined.line)
        return fail_at(g, at, "the rule is defined twice");
    g->rules->list[rule].defined = at;
    skip(g, true);
    const struct expr *body;
    g->depth = 0;
    enum err_code code = read_choice(g, false, &body);
    if (code)
        return code;
    if (!at_end(g) && *g->p != '\n')
        return fail(g, "a literal, class, group, name or the end of the rule expected");
    rules_define(g->rules, rule, body);
    return ERR_OK;
}

enum err_code gbnf_read(struct rules *rules, struct str text, const char *where, struct err *err)
{
    struct gbnf g = {.rules = rules,
                     .where = where,
                     .p = text.p,
                     .end = text.p + text.n,
                     .line_begin = text.p,
                     .line = 1,
                     .err = err};
    g.parts = arena_new(rules->arena, PARTS_MAX, sizeof *g.parts);
    if (!g.parts)
        return err_set(err, ERR_NO_MEMORY, "out of memory for a grammar");
    enum err_code code = ERR_OK;
    skip(&g, true);
    while (!code && !rules->failed && !at_end(&g)) {
        code = read_rule(&g);
        skip(&g, true);
    }
    for (uint32_t i = 0; !code && !rules->failed && i < rules->count; i++)
        if (!rules->list[i].defined.line)
            code = err_set(err, ERR_INPUT, "%s: line %u, column %u: the rule '%.*s' is not defined",
                           where, rules->list[i].named.line, rules->list[i].named.column,
                           STR_ARG(rules->list[i].name));
    if (!code && !rules->failed && !map_find(&rules->names, STR_LIT("root")))
        code = err_set(err, ERR_INPUT, "%s: there is no rule 'root'", where);
    return code;
}
