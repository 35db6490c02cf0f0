// Reads GBNF text into rules.
#include "llm/grammar/gbnf.h"

#include <string.h>

#include "llm/grammar/gbnf_private.h"

enum { DEPTH_MAX = 100, REPEAT_MAX = 1 << 16, PARTS_MAX = 1 << 15, NAME_MAX_BYTES = 128 };

struct text_place gbnf_place(const struct gbnf *g)
{
    uint32_t column = 1;
    for (const char *p = g->line_begin; p < g->p; p++)
        column += ((unsigned char)*p & 0xc0) != 0x80; // characters, not bytes
    return (struct text_place){g->line, column};
}

enum err_code gbnf_fail_at(struct gbnf *g, struct text_place at, const char *what)
{
    return err_set(g->err, ERR_INPUT, "%s: line %u, column %u: %s", g->where, at.line, at.column,
                   what);
}

enum err_code gbnf_fail(struct gbnf *g, const char *what)
{
    return gbnf_fail_at(g, gbnf_place(g), what);
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

static enum err_code read_count(struct gbnf *g, uint32_t *out)
{
    const char *from = g->p;
    uint32_t v = 0;
    for (; g->p < g->end && *g->p >= '0' && *g->p <= '9'; g->p++) {
        v = v * 10 + (uint32_t)(*g->p - '0');
        if (v > REPEAT_MAX)
            return gbnf_fail(g, "more than 65536 repetitions");
    }
    *out = v;
    return g->p > from ? ERR_OK : gbnf_fail(g, "a number expected");
}

// {m}, {m,} or {m,n}, from behind the brace.
static enum err_code read_braces(struct gbnf *g, uint32_t *least, uint32_t *most)
{
    skip(g, false);
    struct text_place at = gbnf_place(g);
    enum err_code code = read_count(g, least);
    if (code)
        return code;
    *most = *least;
    skip(g, false);
    if (gbnf_is(g, ',')) {
        g->p++;
        skip(g, false);
        *most = EXPR_NO_LIMIT;
        if (!gbnf_is(g, '}') && (code = read_count(g, most)))
            return code;
        skip(g, false);
    }
    if (!gbnf_is(g, '}'))
        return gbnf_fail(g, "'}' expected");
    if (*most < *least)
        return gbnf_fail_at(g, at, "the repetition ends before it begins");
    g->p++;
    return ERR_OK;
}

// What stands behind an item: * + ? {...}, any number of them.
static enum err_code read_suffixes(struct gbnf *g, const struct expr **item)
{
    for (;;) {
        uint32_t least = 0, most = EXPR_NO_LIMIT;
        char c = gbnf_at_end(g) ? 0 : *g->p;
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
    struct text_place at = gbnf_place(g);
    if (++g->depth > DEPTH_MAX)
        return gbnf_fail(g, "more than 100 groups within each other");
    g->p++;
    skip(g, true);
    enum err_code code = read_choice(g, true, out);
    if (code)
        return code;
    if (!gbnf_is(g, ')'))
        return gbnf_fail_at(g, at, "the group that begins here is not closed");
    g->p++;
    g->depth--;
    return ERR_OK;
}

// One item without what stands behind it; *out stays NULL where none begins.
static enum err_code read_item(struct gbnf *g, const struct expr **out)
{
    *out = NULL;
    char c = gbnf_at_end(g) ? 0 : *g->p;
    if (c == '"')
        return gbnf_literal(g, out);
    if (c == '[')
        return gbnf_class(g, out);
    if (c == '(')
        return read_group(g, out);
    if (c == '.') {
        g->p++;
        *out = expr_class(g->rules, NULL, 0, true);
        return ERR_OK;
    }
    if (!is_name(c))
        return ERR_OK;
    struct text_place at = gbnf_place(g);
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
        if (!gbnf_is(&ahead, '|'))
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
    struct text_place at = gbnf_place(g);
    struct str name = read_name(g);
    if (name.n == 0)
        return gbnf_fail(g, "the name of a rule expected");
    if (name.n > NAME_MAX_BYTES)
        return gbnf_fail_at(g, at, "a name of more than 128 characters");
    skip(g, false);
    if (g->end - g->p < 3 || memcmp(g->p, "::=", 3) != 0)
        return gbnf_fail(g, "'::=' expected");
    g->p += 3;
    uint32_t rule = rules_find(g->rules, name, at);
    if (g->rules->failed)
        return ERR_OK;
    if (g->rules->list[rule].defined.line)
        return gbnf_fail_at(g, at, "the rule is defined twice");
    g->rules->list[rule].defined = at;
    skip(g, true);
    const struct expr *body;
    g->depth = 0;
    enum err_code code = read_choice(g, false, &body);
    if (code)
        return code;
    if (!gbnf_at_end(g) && *g->p != '\n')
        return gbnf_fail(g, "a literal, class, group, name or the end of the rule expected");
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
    while (!code && !rules->failed && !gbnf_at_end(&g)) {
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
