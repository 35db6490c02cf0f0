// Reading and expanding paraphrase grammars.
#include "factory/grammar.h"

#include <stdlib.h>

#include "base/map.h"

struct alternative {
    struct str text;
    bool held_out;
};

struct rule {
    size_t first, count, held; // alternatives; how many of them are held out
};

struct grammar {
    struct map names; // to rules
    struct rule *rules;
    struct alternative *alternatives;
    size_t rule_count, alternative_count;
};

enum { RULES_MAX = 512, ALTERNATIVES_MAX = 4096, DEPTH_MAX = 16 };

static bool add_rule(struct grammar *g, struct str name)
{
    if (g->rule_count == RULES_MAX || map_find(&g->names, name))
        return false;
    g->rules[g->rule_count] = (struct rule){.first = g->alternative_count};
    return map_put(&g->names, name, g->rule_count++);
}

static bool add_alternative(struct grammar *g, struct str text)
{
    if (g->rule_count == 0 || g->alternative_count == ALTERNATIVES_MAX)
        return false;
    struct rule *rule = &g->rules[g->rule_count - 1];
    bool held = text.p[0] == '~';
    if (held)
        text = str_trim((struct str){text.p + 1, text.n - 1});
    g->alternatives[g->alternative_count++] = (struct alternative){text, held};
    rule->count++;
    rule->held += held;
    return true;
}

// Brackets are closed and every rule that is used is there.
static bool is_sound(const struct grammar *g, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char close = text.p[i] == '<' ? '>' : text.p[i] == '[' ? ']' : text.p[i] == '{' ? '}' : 0;
        const char *end = close ? memchr(text.p + i, close, text.n - i) : NULL;
        if (close && !end)
            return false;
        if (close == '>' &&
            !map_find(&g->names, (struct str){text.p + i + 1, (size_t)(end - text.p) - i - 1}))
            return false;
    }
    return true;
}

static enum err_code read_lines(struct grammar *g, const char *name, struct str text,
                                struct err *err)
{
    for (size_t line_number = 1; text.p; line_number++) {
        struct str line = str_cut(&text, '\n'), bare = str_trim(line);
        if (bare.n == 0 || bare.p[0] == '#')
            continue;
        bool heading = line.p[0] != ' ' && line.p[0] != '\t' && bare.p[bare.n - 1] == ':';
        bool good = heading ? add_rule(g, (struct str){bare.p, bare.n - 1})
                            : line.p[0] == ' ' && add_alternative(g, bare);
        if (!good)
            return err_set(err, ERR_INPUT,
                           "grammar %s:%zu: a new rule's name and a colon, or an indented "
                           "alternative of one expected",
                           name, line_number);
    }
    return ERR_OK;
}

enum err_code factory_grammar_open(struct grammar **out, const char *name, const char *text,
                                   struct err *err)
{
    struct grammar *g = calloc(1, sizeof *g);
    enum err_code code = ERR_OK;
    *out = NULL;
    if (g) {
        g->rules = calloc(RULES_MAX, sizeof *g->rules);
        g->alternatives = calloc(ALTERNATIVES_MAX, sizeof *g->alternatives);
    }
    if (!g || !g->rules || !g->alternatives) {
        factory_grammar_close(&g);
        return err_set(err, ERR_NO_MEMORY, "no memory for the grammar %s", name);
    }
    code = read_lines(g, name, str_of(text), err);
    for (size_t i = 0; code == ERR_OK && i < g->alternative_count; i++)
        if (!is_sound(g, g->alternatives[i].text))
            code = err_set(err, ERR_INPUT, "grammar %s: a rule or bracket is missing in \"%.*s\"",
                           name, STR_ARG(g->alternatives[i].text));
    for (size_t i = 0; code == ERR_OK && i < g->rule_count; i++)
        if (g->rules[i].count == 0 || (g->rules[i].held && g->rules[i].held == g->rules[i].count))
            code = err_set(err, ERR_INPUT, "grammar %s: rule %s leaves nothing to train with", name,
                           g->names.entries[i].key);
    if (code != ERR_OK)
        factory_grammar_close(&g);
    *out = g;
    return code;
}

void factory_grammar_close(struct grammar **g)
{
    if (!*g)
        return;
    map_free(&(*g)->names);
    free((*g)->rules);
    free((*g)->alternatives);
    free(*g);
    *g = NULL;
}

static struct str choose(const struct grammar_use *use, struct str name, const struct rule *rule)
{
    const struct grammar *g = use->grammar;
    size_t allowed = rule->held == 0 ? rule->count
                     : use->held_out ? rule->held
                                     : rule->count - rule->held;
    size_t pick = (size_t)rng_below(use->rng, allowed);
    for (size_t i = 0; i < rule->count; i++) {
        const struct alternative *a = &g->alternatives[rule->first + i];
        if (rule->held && a->held_out != use->held_out)
            continue;
        if (pick-- > 0)
            continue;
        if (rule->held && use->phrasings)
            buf_printf(use->phrasings, "%.*s:%zu ", STR_ARG(name), i);
        return a->text;
    }
    return (struct str){"", 0};
}

static enum err_code fill(const struct grammar_use *use, struct str name, struct buf *to,
                          struct err *err)
{
    for (const struct grammar_slot *s = use->slots; s && s->name; s++) {
        if (!str_eq_nocase(name, str_of(s->name)) || !s->value)
            continue;
        size_t at = to->n;
        buf_add_z(to, s->value);
        bool capital = name.p[0] >= 'A' && name.p[0] <= 'Z';
        if (capital && to->n > at && to->p[at] >= 'a' && to->p[at] <= 'z')
            to->p[at] = (char)(to->p[at] - 'a' + 'A');
        return ERR_OK;
    }
    return err_set(err, ERR_INTERNAL, "grammar: no value for {%.*s}", STR_ARG(name));
}

static enum err_code say(const struct grammar_use *use, struct str rule, int depth, struct buf *to,
                         struct err *err);

static enum err_code expand(const struct grammar_use *use, struct str text, int depth,
                            struct buf *to, struct err *err)
{
    enum err_code code = ERR_OK;
    while (text.n && code == ERR_OK) {
        char c = text.p[0];
        char close = c == '<' ? '>' : c == '[' ? ']' : c == '{' ? '}' : 0;
        const char *end = close ? memchr(text.p, close, text.n) : NULL;
        if (!end) {
            buf_add_char(to, c);
            text = (struct str){text.p + 1, text.n - 1};
            continue;
        }
        struct str inside = {text.p + 1, (size_t)(end - text.p) - 1};
        text = (struct str){end + 1, text.n - inside.n - 2};
        if (c == '<') {
            code = say(use, inside, depth + 1, to, err);
        } else if (c == '{') {
            code = fill(use, inside, to, err);
        } else {
            size_t ways = 1;
            for (size_t i = 0; i < inside.n; i++)
                ways += inside.p[i] == '|';
            struct str way = {"", 0};
            for (size_t pick = (size_t)rng_below(use->rng, ways) + 1; pick > 0; pick--)
                way = str_cut(&inside, '|');
            code = expand(use, way, depth, to, err);
        }
    }
    return code;
}

static enum err_code say(const struct grammar_use *use, struct str rule, int depth, struct buf *to,
                         struct err *err)
{
    const uint64_t *at = map_find(&use->grammar->names, rule);
    if (!at || depth > DEPTH_MAX)
        return err_set(err, ERR_INTERNAL, "grammar: no rule %.*s", STR_ARG(rule));
    return expand(use, choose(use, rule, &use->grammar->rules[*at]), depth, to, err);
}

enum err_code factory_grammar_say(const struct grammar_use *use, const char *rule, struct buf *to,
                                  struct err *err)
{
    return say(use, str_of(rule), 0, to, err);
}
