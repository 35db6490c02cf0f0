// JSON itself as rules: what the parts of a schema are made of.
#include "llm/grammar/schema_private.h"
#include "llm/json_text.h"

enum { DIGITS_MAX = 18, EXPONENT_DIGITS_MAX = 2, INDENT_MAX = 20 };

static uint32_t new_rule(struct schema *s, const char *name)
{
    return rules_find(s->rules, str_of(name), (struct text_place){0});
}

const struct expr *schema_space(struct schema *s)
{
    return expr_rule(s->rules, s->space);
}

const struct expr *schema_digits(struct schema *s, uint32_t least, uint32_t most)
{
    return expr_repeat(s->rules, expr_range(s->rules, '0', '9'), least, most);
}

const struct expr *schema_quoted(struct schema *s, const struct expr *inside)
{
    return EXPR_SEQUENCE_OF(s->rules, expr_z(s->rules, "\""), inside, expr_z(s->rules, "\""));
}

const struct expr *schema_char(struct schema *s)
{
    static const struct code_range special[] = {{0, 0x1f}, {'"', '"'}, {'\\', '\\'}};
    return EXPR_CHOICE_OF(
        s->rules, expr_class(s->rules, special, 3, true),
        EXPR_SEQUENCE_OF(s->rules, expr_z(s->rules, "\\"), expr_rule(s->rules, s->escape)));
}

static const struct expr *hex(struct rules *r)
{
    static const struct code_range digits[] = {{'0', '9'}, {'a', 'f'}, {'A', 'F'}};
    return expr_class(r, digits, 3, false);
}

static const struct expr *set(struct rules *r, const char *characters)
{
    struct code_range ranges[32];
    size_t n = 0;
    for (; characters[n]; n++)
        ranges[n] = (struct code_range){(uint8_t)characters[n], (uint8_t)characters[n]};
    return expr_class(r, ranges, n, false);
}

// What stands behind a backslash: one character, halves of a surrogate pair together.
static const struct expr *escapes(struct rules *r)
{
    const struct expr *two = expr_repeat(r, hex(r), 2, 2), *three = expr_repeat(r, hex(r), 3, 3);
    return EXPR_CHOICE_OF(
        r, set(r, "\"\\/bfnrt"),
        EXPR_SEQUENCE_OF(r, expr_z(r, "u"), set(r, "0123456789abcefABCEF"), three),
        EXPR_SEQUENCE_OF(r, expr_z(r, "u"), set(r, "dD"), expr_range(r, '0', '7'), two),
        EXPR_SEQUENCE_OF(r, expr_z(r, "u"), set(r, "dD"), set(r, "89abAB"), two, expr_z(r, "\\u"),
                         set(r, "dD"), set(r, "cdefCDEF"), two));
}

static const struct expr *numbers(struct schema *s)
{
    struct rules *r = s->rules;
    const struct expr *whole = EXPR_CHOICE_OF(
        r, expr_z(r, "0"),
        EXPR_SEQUENCE_OF(r, expr_range(r, '1', '9'), schema_digits(s, 0, DIGITS_MAX - 1)));
    const struct expr *fraction =
        EXPR_SEQUENCE_OF(r, expr_z(r, "."), schema_digits(s, 1, DIGITS_MAX - 1));
    const struct expr *exponent =
        EXPR_SEQUENCE_OF(r, set(r, "eE"), expr_repeat(r, set(r, "+-"), 0, 1),
                         schema_digits(s, 1, EXPONENT_DIGITS_MAX));
    return EXPR_SEQUENCE_OF(r, expr_repeat(r, expr_z(r, "-"), 0, 1), whole,
                            expr_repeat(r, fraction, 0, 1), expr_repeat(r, exponent, 0, 1));
}

// "[" item, item ... "]", with blanks.
static const struct expr *list_of(struct schema *s, const char *begin, const struct expr *item,
                                  const char *end)
{
    struct rules *r = s->rules;
    const struct expr *space = schema_space(s);
    const struct expr *next = EXPR_SEQUENCE_OF(r, expr_z(r, ","), space, item);
    const struct expr *some =
        EXPR_SEQUENCE_OF(r, space, item, expr_repeat(r, next, 0, EXPR_NO_LIMIT), space);
    return EXPR_SEQUENCE_OF(r, expr_z(r, begin), EXPR_CHOICE_OF(r, space, some), expr_z(r, end));
}

void schema_define_json(struct schema *s)
{
    struct rules *r = s->rules;
    s->space = new_rule(s, "blanks");
    s->escape = new_rule(s, "escape");
    s->characters = new_rule(s, "characters");
    s->string = new_rule(s, "string");
    s->number = new_rule(s, "number");
    s->any = new_rule(s, "any value");
    s->any_object = new_rule(s, "any object");
    s->any_array = new_rule(s, "any array");
    const struct expr *line =
        EXPR_SEQUENCE_OF(r, expr_z(r, "\n"), expr_repeat(r, set(r, " \t"), 0, INDENT_MAX));
    rules_define(r, s->space, EXPR_CHOICE_OF(r, expr_empty(r), expr_z(r, " "), line));
    rules_define(r, s->escape, escapes(r));
    const struct expr *characters = expr_repeat(r, schema_char(s), 0, EXPR_NO_LIMIT);
    rules_define(r, s->characters, characters);
    rules_define(r, s->string, schema_quoted(s, characters));
    rules_define(r, s->number, numbers(s));
    const struct expr *any = expr_rule(r, s->any), *string = expr_rule(r, s->string);
    rules_define(r, s->any_array, list_of(s, "[", any, "]"));
    rules_define(
        r, s->any_object,
        list_of(s, "{", EXPR_SEQUENCE_OF(r, string, expr_z(r, ":"), schema_space(s), any), "}"));
    rules_define(r, s->any,
                 EXPR_CHOICE_OF(r, string, expr_rule(r, s->number), expr_rule(r, s->any_object),
                                expr_rule(r, s->any_array), expr_z(r, "true"), expr_z(r, "false"),
                                expr_z(r, "null")));
}

const struct expr *schema_literal(struct schema *s, const struct json_node *value)
{
    struct buf out = {0};
    json_text_node(&out, value, 0);
    const struct expr *e = expr_bytes(s->rules, buf_str(&out));
    s->rules->failed |= out.failed;
    buf_free(&out);
    return e;
}

const struct expr *schema_key(struct schema *s, struct str key)
{
    struct buf out = {0};
    json_text_string(&out, key);
    buf_add_char(&out, ':');
    const struct expr *e = expr_bytes(s->rules, buf_str(&out));
    s->rules->failed |= out.failed;
    buf_free(&out);
    return EXPR_SEQUENCE_OF(s->rules, e, schema_space(s));
}

// How JSON writes a character that cannot stand for itself.
static const struct expr *escaped(struct rules *r, uint32_t c)
{
    char text[8] = {(char)c};
    struct buf out = {0};
    json_text_string(&out, (struct str){text, 1});
    const struct expr *e = expr_bytes(r, (struct str){out.p + 1, out.n - 2});
    r->failed |= out.failed;
    buf_free(&out);
    return e;
}

const struct expr *schema_characters(struct schema *s, const struct code_range *ranges, size_t n,
                                     bool others)
{
    struct rules *r = s->rules;
    const struct expr *all = expr_class(r, ranges, n, others);
    if (!all)
        return NULL;
    // 32 control characters, the quote, the backslash, and the plain ones.
    const struct expr *parts[35];
    size_t count = 0, plain_n = 0;
    struct code_range *plain = arena_new(s->arena, 3 * all->n + 1, sizeof *plain);
    for (size_t i = 0; plain && i < all->n; i++) {
        static const uint32_t cuts[] = {'"', '\\', UINT32_MAX};
        uint32_t at = all->ranges[i].first, last = all->ranges[i].last;
        for (; at <= last && at < 0x20; at++)
            parts[count++] = escaped(r, at);
        for (int k = 0; k < 3 && at <= last; k++) {
            bool in = cuts[k] >= at && cuts[k] <= last;
            uint32_t to = in ? cuts[k] - 1 : last;
            if (cuts[k] < at)
                continue;
            if (at <= to)
                plain[plain_n++] = (struct code_range){at, to};
            if (!in)
                break;
            parts[count++] = escaped(r, cuts[k]);
            at = cuts[k] + 1;
        }
    }
    if (plain_n || count == 0)
        parts[count++] = expr_class(r, plain, plain_n, false);
    return plain ? expr_choice(r, parts, count) : NULL;
}
