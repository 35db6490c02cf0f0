// Reading statements about facts in an answer, and holding them against the facts.
#include "diagnose/bound.h"

#include <math.h>

#include "diagnose/event_words.h"
#include "diagnose/facts_private.h"
#include "diagnose/units.h"

static bool is_word_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

// Takes `end` off the end of `*s`.
static bool cut_end(struct str *s, const char *end)
{
    struct str e = str_of(end);
    if (s->n < e.n || !str_eq_nocase((struct str){s->p + s->n - e.n, e.n}, e))
        return false;
    s->n -= e.n;
    return true;
}

static bool cut_any(struct str *s, const char *const *ends)
{
    for (; *ends; ends++)
        if (cut_end(s, *ends))
            return true;
    return false;
}

// The line of `text` up to `at`, and of that the sentence.
static struct str line_ahead(struct str text, const char *at)
{
    size_t n = (size_t)(at - text.p), start = n;
    while (start > 0 && text.p[start - 1] != '\n')
        start--;
    return (struct str){text.p + start, n - start};
}

static struct str sentence_ahead(struct str text, const char *at)
{
    struct str line = line_ahead(text, at);
    size_t start = line.n;
    while (start > 0 &&
           !(start > 1 && line.p[start - 1] == ' ' && strchr(".!?;", line.p[start - 2])))
        start--;
    return (struct str){line.p + start, line.n - start};
}

// ---- keys ----

static bool is_plain(struct str key)
{
    for (size_t i = 0; i < key.n; i++)
        if (!((key.p[i] >= 'a' && key.p[i] <= 'z') || key.p[i] == ' '))
            return false;
    return true;
}

// A key of small letters may be the end of another name: "outlet pressure" is not "pressure".
static bool follows_a_name(struct str before)
{
    static const char *const others[] = {
        " the",  " as",  " and", " while", " but", " where", " that", " with", " because", " since",
        " here", " log", " at",  "the",    "as",   "and",    "while", "here",  NULL};
    if (!cut_end(&before, " "))
        return false; // a stop, or the start
    if (before.n == 0 || !is_word_byte(before.p[before.n - 1]))
        return false;
    return !cut_any(&before, others);
}

static bool key_begins(struct str before, struct str key)
{
    bool begins = before.n == 0 || !is_word_byte(before.p[before.n - 1]);
    return begins && !(is_plain(key) && follows_a_name(before));
}

// The fact whose key stands at the end of `s`; the longest key counts.
static const struct fact *key_at_end(struct str s, const struct facts *facts)
{
    const struct fact *found = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < facts->count; i++) {
        struct str rest = s, key = str_of(facts->items[i].key);
        if (key.n <= longest || !cut_end(&rest, facts->items[i].key) || !key_begins(rest, key))
            continue;
        found = &facts->items[i];
        longest = key.n;
    }
    return found;
}

static const struct fact *key_at_start(struct str s, const struct facts *facts)
{
    const struct fact *found = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < facts->count; i++) {
        struct str key = str_of(facts->items[i].key);
        if (key.n <= longest || s.n < key.n || !str_eq_nocase((struct str){s.p, key.n}, key) ||
            (s.n > key.n && is_word_byte(s.p[key.n])))
            continue;
        found = &facts->items[i];
        longest = key.n;
    }
    return found;
}

// ---- statements ----

// The fact that this number is the value of by the words around it, or NULL.
static const struct fact *said_of(struct str text, const struct claim *c, const struct facts *facts)
{
    static const char *const joints[] = {
        " is at ",       " is ", " reads ", " shows ", " stays at ",
        " was ",         ": ",   " = ",     " of ",    " has not moved from ",
        " is the same ", " ",    NULL};
    struct str before = line_ahead(text, c->text.p);
    for (size_t i = 0; joints[i]; i++) {
        struct str rest = before;
        const struct fact *f = cut_end(&rest, joints[i]) ? key_at_end(rest, facts) : NULL;
        if (f)
            return f;
    }
    const char *end =
        c->unit.n && c->unit.p >= c->text.p ? c->unit.p + c->unit.n : c->text.p + c->text.n;
    struct str after = {end, (size_t)(text.p + text.n - end)};
    if (!str_starts(after, STR_LIT(" at ")))
        return NULL;
    return key_at_start((struct str){after.p + 4, after.n - 4}, facts);
}

enum place { PLACE_NONE, PLACE_BELOW, PLACE_ABOVE, PLACE_WITHIN, PLACE_OUTSIDE };

// "below the minimum of " at the end of what is ahead of a limit.
static enum place place_ahead(struct str before)
{
    static const char *const names[] = {" minimum", " maximum", " range", " limits",
                                        " limit",   " min",     " max",   NULL};
    static const char *const kinds[] = {" allowed", " operating", " permitted", " expected", NULL};
    static const struct {
        const char *word;
        enum place place;
    } places[] = {{"below", PLACE_BELOW},     {"above", PLACE_ABOVE},     {"exceeds", PLACE_ABOVE},
                  {"exceeding", PLACE_ABOVE}, {"outside", PLACE_OUTSIDE}, {"within", PLACE_WITHIN}};
    if (!cut_end(&before, " "))
        return PLACE_NONE;
    cut_end(&before, " of");
    cut_any(&before, names);
    cut_any(&before, kinds);
    cut_end(&before, " the");
    cut_end(&before, " its");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct str rest = before;
        if (cut_end(&rest, places[i].word) && (rest.n == 0 || !is_word_byte(rest.p[rest.n - 1])))
            return places[i].place;
    }
    return PLACE_NONE;
}

// The fact whose value stands before the limit `c` in its sentence, if it is the last one there.
static const struct fact *last_said(struct str text, const struct claim *c,
                                    const struct facts *facts)
{
    struct str before = sentence_ahead(text, c->text.p);
    struct claim claims[CLAIMS_MAX];
    size_t n = claims_read(before, claims, CLAIMS_MAX);
    for (size_t i = n < CLAIMS_MAX ? n : CLAIMS_MAX; i > 0; i--)
        if (claims[i - 1].kind == CLAIM_NUMBER)
            return said_of(before, &claims[i - 1], facts);
    return NULL;
}

// ---- the facts ----

static bool same(const struct claim *c, const struct fact *f, double number)
{
    double value = c->unit.n && !unit_same(c->unit, str_of(f->unit))
                       ? unit_convert(number, str_of(f->unit), c->unit)
                       : number;
    return fabs(c->value - value) <= 1e-6 * fabs(value);
}

static bool has_value(const struct claim *c, const struct fact *f)
{
    if (!f->is_number) {
        double number;
        size_t n;
        return !fact_number(str_of(f->text), &number, &n, NULL) ||
               fabs(c->value - number) <= 1e-6 * fabs(number);
    }
    return same(c, f, f->value) ||
           (f->samples > 1 &&
            (same(c, f, f->first) || same(c, f, f->least) || same(c, f, f->most)));
}

static bool opens_range(struct str text, const struct claim *c)
{
    return c->unit.n && c->unit.p > c->text.p + c->text.n && c->unit.p < text.p + text.n;
}

// The value of `f` lies where it is said to: beside one of its limits, if it has any.
static bool has_limit(struct str text, const struct claim *c, const struct fact *f,
                      enum place place)
{
    bool low = !isnan(f->low) && same(c, f, f->low), high = !isnan(f->high) && same(c, f, f->high);
    bool other = f->limits_from == FACT_FROM_TABLE || (isnan(f->low) && isnan(f->high));
    if (!low && !high && !other)
        return false;
    if (place == PLACE_WITHIN)
        return other || f->side == FACT_WITHIN;
    if (place == PLACE_OUTSIDE)
        return other || f->side == FACT_BELOW || f->side == FACT_ABOVE;
    if ((low || high) && opens_range(text, c))
        return f->side == (place == PLACE_BELOW ? FACT_BELOW : FACT_ABOVE);
    double value = c->unit.n && !unit_same(c->unit, str_of(f->unit))
                       ? unit_convert(f->value, str_of(f->unit), c->unit)
                       : f->value;
    if (isnan(value))
        return true;
    return place == PLACE_BELOW ? value < c->value : value > c->value;
}

bool bound_holds(struct str text, const struct claim *claim, const struct facts *facts)
{
    if (claim->kind != CLAIM_NUMBER)
        return true;
    if (!event_words_hold(text, claim->text, facts))
        return false;
    enum place place = place_ahead(sentence_ahead(text, claim->text.p));
    const struct fact *f = place ? last_said(text, claim, facts) : said_of(text, claim, facts);
    if (!f)
        return true;
    return place ? has_limit(text, claim, f, place) : has_value(claim, f);
}
