// Reading claims, and looking for what supports each.
#include "diagnose/claims.h"

#include <math.h>
#include <string.h>

#include "diagnose/bound.h"
#include "diagnose/facts_private.h"
#include "diagnose/units.h"

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_word_byte(char c)
{
    return fact_is_digit(c) || is_lower(c) || fact_is_upper(c) || c == '_';
}

// The word at the start of `s`, with '-' and '.' between its letters.
static size_t word_length(struct str s)
{
    size_t n = 0;
    while (n < s.n && (is_word_byte(s.p[n]) || ((s.p[n] == '-' || s.p[n] == '.') && n > 0 &&
                                                n + 1 < s.n && is_word_byte(s.p[n + 1]))))
        n++;
    return n;
}

// A name that no sentence would have: it has '_', or letters with digits, or a capital inside.
static bool is_identifier(struct str word)
{
    bool letter = false, digit = false, mark = false;
    for (size_t i = 0; i < word.n; i++) {
        letter |= is_lower(word.p[i]) || fact_is_upper(word.p[i]);
        digit |= fact_is_digit(word.p[i]);
        mark |= word.p[i] == '_' || (i > 0 && fact_is_upper(word.p[i]) && is_lower(word.p[i - 1]));
    }
    return letter && (mark || digit);
}

// The unit behind a number, perhaps after a blank: its bytes in `*unit`, the length with the blank.
static size_t unit_behind(struct str s, struct str *unit)
{
    size_t blank = s.n && s.p[0] == ' ', n = 0;
    *unit = (struct str){"", 0};
    if (!unit_at(fact_from(s, blank), &n))
        return 0;
    *unit = (struct str){s.p + blank, n};
    return blank + n;
}

// Length of "-", "..", " to " and the like ahead of another number, else 0.
static size_t range_joint(struct str s)
{
    static const char *const joints[] = {"-", "..", " to ", " - ", " and ", "\xe2\x80\x93"};
    for (size_t i = 0; i < sizeof joints / sizeof *joints; i++) {
        size_t n = strlen(joints[i]);
        if (str_starts(s, str_of(joints[i])) && n < s.n &&
            (fact_is_digit(s.p[n]) || (s.p[n] == '-' && n + 1 < s.n && fact_is_digit(s.p[n + 1]))))
            return n;
    }
    return 0;
}

// The number at the start of `s`: its claim, and the length with its unit.
static size_t read_number(struct str s, struct claim *out)
{
    size_t n;
    *out = (struct claim){.kind = CLAIM_NUMBER};
    if (!fact_number(s, &out->value, &n, NULL))
        return 0;
    n += unit_behind(fact_from(s, n), &out->unit);
    size_t joint = out->unit.n ? 0 : range_joint(fact_from(s, n)), more;
    double upper;
    if (joint && fact_number(fact_from(s, n + joint), &upper, &more, NULL))
        unit_behind(fact_from(s, n + joint + more), &out->unit); // of both ends of the range
    out->text = (struct str){s.p, n};
    return n;
}

// The unit behind a time, which makes a value of it: "12:33 V". Hours are no such.
static size_t unit_of_time(struct str behind)
{
    struct str unit;
    size_t n = unit_behind(behind, &unit);
    const struct unit *u = n ? unit_find(unit) : NULL;
    bool ends = n == behind.n || !is_word_byte(behind.p[n]);
    return u && ends && strcmp(u->dimension, "time") != 0 ? n : 0;
}

static size_t read_claim(struct str text, size_t i, struct claim *out)
{
    struct str rest = fact_from(text, i);
    bool starts = i == 0 || !(is_word_byte(text.p[i - 1]) ||
                              (text.p[i - 1] == '.' && i > 1 && fact_is_digit(text.p[i - 2])));
    if (!starts)
        return 0;
    size_t n = facts_timestamp(rest);
    if (n && (n == rest.n || !is_word_byte(rest.p[n]))) {
        n += unit_of_time(fact_from(rest, n));
        *out = (struct claim){.kind = CLAIM_TIME, .text = {rest.p, n}};
        return n;
    }
    bool minus = rest.p[0] == '-' && rest.n > 1 && fact_is_digit(rest.p[1]);
    bool joint = minus && i > 0 && (is_word_byte(text.p[i - 1]) || text.p[i - 1] == '%');
    if (fact_is_digit(rest.p[0]) || (minus && !joint) || str_starts(rest, STR_LIT("\xe2\x88\x92")))
        return read_number(rest, out);
    n = word_length(rest);
    if (n && is_identifier((struct str){rest.p, n})) {
        *out = (struct claim){.kind = CLAIM_IDENTIFIER, .text = {rest.p, n}};
        return n;
    }
    return 0;
}

// The next claim at or behind `*i`, which then stands behind it; false when there is none.
static bool next_claim(struct str text, size_t *i, struct claim *out)
{
    while (*i < text.n) {
        size_t n = read_claim(text, *i, out);
        if (n) {
            *i += n;
            *i += range_joint(fact_from(text, *i)); // its dash is no minus
            return true;
        }
        bool within_word = *i > 0 && is_word_byte(text.p[*i - 1]);
        size_t word = within_word ? 0 : word_length(fact_from(text, *i));
        *i += word ? word : 1;
    }
    return false;
}

size_t claims_read(struct str text, struct claim *out, size_t cap)
{
    struct claim claim;
    size_t count = 0;
    for (size_t i = 0; next_claim(text, &i, &claim); count++)
        if (count < cap)
            out[count] = claim;
    return count;
}

static bool same_number(const struct claim *c, double value, struct str unit)
{
    if (c->unit.n && !unit_same(c->unit, unit))
        value = unit_convert(value, unit, c->unit); // NaN without a unit of the same kind
    return fabs(c->value - value) <= 1e-6 * fabs(value);
}

static bool fact_supports(const struct fact *f, const struct claim *c)
{
    struct str unit = str_of(f->unit);
    const double numbers[] = {f->value, f->low, f->high, f->first, f->least, f->most};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        bool there = i < 3 || f->samples > 0;
        if (f->is_number && there && same_number(c, numbers[i], unit))
            return true;
    }
    return f->samples > 1 && c->unit.n == 0 && same_number(c, (double)f->samples, unit);
}

static char lower(char c)
{
    return fact_is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

// The bytes stand in `text`, without case, and no letter or digit goes on before or behind them.
static bool stands_in(struct str text, struct str bytes)
{
    for (size_t i = 0; i + bytes.n <= text.n; i++) {
        size_t k = 0;
        while (k < bytes.n && lower(text.p[i + k]) == lower(bytes.p[k]))
            k++;
        bool begins = i == 0 || !is_word_byte(text.p[i - 1]);
        bool ends = i + k == text.n || !is_word_byte(text.p[i + k]);
        if (k == bytes.n && begins && ends)
            return true;
    }
    return false;
}

static bool text_supports(struct str text, const struct claim *c)
{
    if (c->kind != CLAIM_NUMBER)
        return stands_in(text, c->text);
    struct claim other;
    for (size_t i = 0; next_claim(text, &i, &other);)
        if (other.kind == CLAIM_NUMBER && same_number(c, other.value, other.unit))
            return true;
    return false;
}

static bool is_supported(const struct claim *c, const struct facts *facts, const struct str *texts,
                         size_t text_count)
{
    for (size_t i = 0; facts && c->kind == CLAIM_NUMBER && i < facts->count; i++)
        if (fact_supports(&facts->items[i], c))
            return true;
    if (facts && (text_supports(str_of(facts->known), c) || text_supports(str_of(facts->note), c) ||
                  text_supports(str_of(facts->time), c)))
        return true;
    for (size_t i = 0; facts && i < facts->event_count; i++)
        if (text_supports(str_of(facts->events[i]), c))
            return true;
    for (size_t i = 0; i < text_count; i++)
        if (text_supports(texts[i], c))
            return true;
    return false;
}

size_t claims_check(struct str answer, const struct facts *facts, const struct str *texts,
                    size_t text_count, struct claim out[CLAIMS_MAX], size_t *count)
{
    size_t all = claims_read(answer, out, CLAIMS_MAX);
    *count = all < CLAIMS_MAX ? all : CLAIMS_MAX;
    size_t bad = all - *count;
    for (size_t i = 0; i < *count; i++) {
        out[i].supported = is_supported(&out[i], facts, texts, text_count) &&
                           (!facts || bound_holds(answer, &out[i], facts));
        bad += !out[i].supported;
    }
    return bad;
}
