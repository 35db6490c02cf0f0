// JSON Schema's numbers: integers and numbers between bounds, as digits.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "llm/grammar/schema_private.h"

enum { DIGITS = 18 };

static const int64_t LARGEST = 999999999999999999; // of 18 digits

// Digits at least (or at most) as large as the n given ones, which have as many.
static const struct expr *compared(struct schema *s, const char *digits, size_t n, bool least)
{
    struct rules *r = s->rules;
    if (n == 0)
        return expr_empty(r);
    uint32_t d = (uint8_t)digits[0], edge = least ? '9' : '0';
    const struct expr *same =
        EXPR_SEQUENCE_OF(r, expr_range(r, d, d), compared(s, digits + 1, n - 1, least));
    if (d == edge)
        return same;
    const struct expr *beyond = least ? expr_range(r, d + 1, '9') : expr_range(r, '0', d - 1);
    uint32_t rest = (uint32_t)(n - 1);
    return EXPR_CHOICE_OF(r, same, EXPR_SEQUENCE_OF(r, beyond, schema_digits(s, rest, rest)));
}

// Numbers from `low` to `high`, both of n digits.
static const struct expr *same_length(struct schema *s, const char *low, const char *high, size_t n)
{
    struct rules *r = s->rules;
    if (n == 0)
        return expr_empty(r);
    uint32_t a = (uint8_t)low[0], b = (uint8_t)high[0], rest = (uint32_t)(n - 1);
    if (a == b)
        return EXPR_SEQUENCE_OF(r, expr_range(r, a, a), same_length(s, low + 1, high + 1, n - 1));
    const struct expr *parts[3];
    size_t count = 0;
    parts[count++] = EXPR_SEQUENCE_OF(r, expr_range(r, a, a), compared(s, low + 1, n - 1, true));
    if (a + 1 < b)
        parts[count++] =
            EXPR_SEQUENCE_OF(r, expr_range(r, a + 1, b - 1), schema_digits(s, rest, rest));
    parts[count++] = EXPR_SEQUENCE_OF(r, expr_range(r, b, b), compared(s, high + 1, n - 1, false));
    return expr_choice(r, parts, count);
}

// Whole numbers, 0 <= low <= high, without zeros in front.
static const struct expr *between(struct schema *s, int64_t low, int64_t high)
{
    const struct expr *parts[DIGITS];
    size_t count = 0;
    int64_t first, last = 0; // of numbers with that many digits
    for (int n = 1; n <= DIGITS; n++) {
        first = n > 1 ? last + 1 : 0;
        last = last * 10 + 9;
        int64_t a = low > first ? low : first, b = high < last ? high : last;
        char from[24], to[24];
        if (a > b)
            continue;
        snprintf(from, sizeof from, "%lld", (long long)a);
        snprintf(to, sizeof to, "%lld", (long long)b);
        parts[count++] = same_length(s, from, to, strlen(from));
    }
    return expr_choice(s->rules, parts, count);
}

struct bounds {
    int64_t low, high;
    bool without_low, without_high; // the bound itself is excluded
    bool any;                       // a keyword is there
    bool whole;                     // all bounds are whole numbers
};

static enum err_code read_bound(struct schema *s, const struct json_node *node, const char *key,
                                const struct pointer *at, struct bounds *b)
{
    const struct json_node *n = json_get(node, key);
    bool low = strstr(key, "inimum") != NULL, without = key[0] == 'e';
    int64_t v;
    if (!n)
        return ERR_OK;
    if (n->type != JSON_NUMBER)
        return schema_fail(s, ERR_INPUT, at, key, "expected a number");
    b->any = true;
    if (!str_to_i64(n->text, &v)) {
        double whole = low ? ceil(n->number) : floor(n->number);
        b->whole &= whole == n->number;
        without &= whole == n->number;
        v = whole > 1e18 ? LARGEST : whole < -1e18 ? -LARGEST : (int64_t)whole;
    }
    v = v > LARGEST ? LARGEST : v < -LARGEST ? -LARGEST : v;
    if (low && (v > b->low || (v == b->low && without))) {
        b->low = v;
        b->without_low = without;
    } else if (!low && (v < b->high || (v == b->high && without))) {
        b->high = v;
        b->without_high = without;
    }
    return ERR_OK;
}

static enum err_code read_bounds(struct schema *s, const struct json_node *node,
                                 const struct pointer *at, struct bounds *b)
{
    static const char *const keys[] = {"minimum", "exclusiveMinimum", "maximum",
                                       "exclusiveMaximum"};
    *b = (struct bounds){.low = -LARGEST, .high = LARGEST, .whole = true};
    for (int i = 0; i < 4; i++) {
        enum err_code code = read_bound(s, node, keys[i], at, b);
        if (code)
            return code;
    }
    return ERR_OK;
}

static enum err_code nothing_between(struct schema *s, const struct pointer *at)
{
    return schema_fail(s, ERR_INPUT, at, NULL, "there is no number between the bounds");
}

enum err_code schema_integer(struct schema *s, const struct json_node *node,
                             const struct pointer *at, const struct expr **out)
{
    struct rules *r = s->rules;
    struct bounds b;
    enum err_code code = read_bounds(s, node, at, &b);
    if (code)
        return code;
    int64_t low = b.low + b.without_low, high = b.high - b.without_high;
    if (low > high)
        return nothing_between(s, at);
    const struct expr *parts[2];
    size_t n = 0;
    if (high >= 0)
        parts[n++] = between(s, low > 0 ? low : 0, high);
    if (low < 0)
        parts[n++] = EXPR_SEQUENCE_OF(r, expr_z(r, "-"), between(s, high < 0 ? -high : 1, -low));
    *out = schema_rule(s, expr_choice(r, parts, n));
    return ERR_OK;
}

// Numbers of one sign, 0 <= low <= high, with a fraction; *n grows by what there is.
static void add_side(struct schema *s, struct bounds b, const struct expr **parts, size_t *n)
{
    struct rules *r = s->rules;
    const struct expr *dot = expr_z(r, "."), *digits = schema_digits(s, 0, DIGITS / 2);
    const struct expr *fraction =
        expr_repeat(r, EXPR_SEQUENCE_OF(r, dot, schema_digits(s, 1, DIGITS - 1)), 0, 1);
    const struct expr *not_zero = EXPR_SEQUENCE_OF(r, dot, digits, expr_range(r, '1', '9'), digits);
    const struct expr *zeros = expr_repeat(
        r, EXPR_SEQUENCE_OF(r, dot, expr_repeat(r, expr_z(r, "0"), 1, DIGITS - 1)), 0, 1);
    if (b.low < b.high)
        parts[(*n)++] =
            EXPR_SEQUENCE_OF(r, between(s, b.low, b.low), b.without_low ? not_zero : fraction);
    if (b.low + 1 < b.high)
        parts[(*n)++] = EXPR_SEQUENCE_OF(r, between(s, b.low + 1, b.high - 1), fraction);
    if (!b.without_high && (b.low < b.high || !b.without_low))
        parts[(*n)++] = EXPR_SEQUENCE_OF(r, between(s, b.high, b.high), zeros);
}

enum err_code schema_number(struct schema *s, const struct json_node *node,
                            const struct pointer *at, const struct expr **out)
{
    struct rules *r = s->rules;
    struct bounds b;
    enum err_code code = read_bounds(s, node, at, &b);
    if (code)
        return code;
    if (!b.any) {
        *out = expr_rule(r, s->number);
        return ERR_OK;
    }
    if (!b.whole)
        return schema_fail(s, ERR_UNSUPPORTED, at, NULL,
                           "bounds of a number must be whole numbers");
    const struct expr *parts[6], *minus[3];
    size_t n = 0, minus_n = 0;
    if (b.high >= 0 && b.low <= b.high) {
        struct bounds side = b;
        side.low = b.low > 0 ? b.low : 0;
        side.without_low = b.low >= 0 && b.without_low;
        add_side(s, side, parts, &n);
    }
    if (b.low < 0 && b.low <= b.high) {
        struct bounds side = {.low = b.high < 0 ? -b.high : 0,
                              .high = -b.low,
                              .without_low = b.high >= 0 || b.without_high,
                              .without_high = b.without_low};
        add_side(s, side, minus, &minus_n);
    }
    for (size_t i = 0; i < minus_n; i++)
        parts[n++] = EXPR_SEQUENCE_OF(r, expr_z(r, "-"), minus[i]);
    if (n == 0)
        return nothing_between(s, at);
    *out = schema_rule(s, expr_choice(r, parts, n));
    return ERR_OK;
}
