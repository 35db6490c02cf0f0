// One value of a log: number, unit, flag and limits, as "8.4V [LOW] (limit 10-30 V)" has them.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "diagnose/facts_private.h"
#include "diagnose/units.h"

static size_t skip_digits(struct str s, size_t i)
{
    while (i < s.n && fact_is_digit(s.p[i]))
        i++;
    return i;
}

// Groups of three digits behind commas, as in 1,250 or 1,250,000.5: where they end, or `i`.
static size_t skip_thousands(struct str s, size_t i, size_t lead)
{
    size_t at = i;
    if (lead > 3 || s.p[i - 1] == '0')
        return i;
    while (at + 3 < s.n && s.p[at] == ',' && skip_digits(s, at + 1) == at + 4)
        at += 4;
    return at;
}

// "1.204,6", points between thousands and a decimal comma: where it ends, or 0. Behind it nothing
// may go on as a list of numbers would.
static size_t pointed_thousands(struct str s, size_t i, size_t lead)
{
    size_t at = i;
    if (lead > 3 || lead == 0 || s.p[i - lead] == '0')
        return 0;
    while (at + 3 < s.n && s.p[at] == '.' && skip_digits(s, at + 1) == at + 4)
        at += 4;
    if (at == i || at + 1 >= s.n || s.p[at] != ',' || !fact_is_digit(s.p[at + 1]))
        return 0;
    at = skip_digits(s, at + 1);
    return at < s.n && (s.p[at] == ',' || s.p[at] == '.') ? 0 : at;
}

bool fact_number(struct str text, double *out, size_t *n, char as_text[FACT_NUMBER_BYTES])
{
    size_t i = 0, used = 0;
    char digits[FACT_NUMBER_BYTES];
    if (i < text.n && (text.p[i] == '-' || text.p[i] == '+'))
        i++;
    else if (text.n >= 3 && memcmp(text.p, "\xe2\x88\x92", 3) == 0) // U+2212, the minus sign
        i = 3;
    bool minus = i == 3 || (i == 1 && text.p[0] == '-');
    size_t whole = i;
    i = skip_digits(text, i);
    size_t lead = i - whole;
    if (lead == 0 && !(i + 1 < text.n && text.p[i] == '.' && fact_is_digit(text.p[i + 1])))
        return false;
    size_t pointed = pointed_thousands(text, i, lead);
    if (lead)
        i = pointed ? pointed : skip_thousands(text, i, lead);
    bool grouped = !pointed && i > whole + lead;
    if (!pointed && i + 1 < text.n && (text.p[i] == '.' || (text.p[i] == ',' && !grouped)) &&
        fact_is_digit(text.p[i + 1]))
        i = skip_digits(text, i + 1);
    if (i < text.n && (text.p[i] == 'e' || text.p[i] == 'E')) {
        size_t at = i + 1;
        at += at < text.n && (text.p[at] == '-' || text.p[at] == '+');
        if (skip_digits(text, at) > at)
            i = skip_digits(text, at);
    }
    if (minus)
        digits[used++] = '-';
    for (size_t k = whole; k < i; k++) {
        if (grouped ? text.p[k] == ',' : pointed && text.p[k] == '.')
            continue;
        if (used + 1 == sizeof digits)
            return false;
        digits[used++] = text.p[k] == ',' ? '.' : text.p[k];
    }
    digits[used] = '\0';
    *n = i;
    if (!str_to_double((struct str){digits, used}, out))
        return false;
    if (as_text)
        memcpy(as_text, digits, used + 1);
    return true;
}

void fact_value_none(struct fact_value *out)
{
    *out = (struct fact_value){.number = NAN, .low = NAN, .high = NAN};
}

// A bound in the unit that stands behind it, brought to the value's own unit.
static size_t set_bound(struct fact_value *v, bool low, struct str rest, double bound,
                        const char *as_text)
{
    size_t blanks = 0, n = 0;
    while (blanks < rest.n && fact_is_blank(rest.p[blanks]))
        blanks++;
    struct str behind = {rest.p + blanks, rest.n - blanks};
    const struct unit *u = unit_at(behind, &n);
    char text[FACT_NUMBER_BYTES];
    snprintf(text, sizeof text, "%s", as_text);
    if (u && v->unit[0] && !unit_same(str_of(u->symbol), str_of(v->unit))) {
        double same = unit_convert(bound, str_of(u->symbol), str_of(v->unit));
        if (isnan(same))
            return 0;
        bound = same;
        snprintf(text, sizeof text, "%.6g", bound);
    } else if (u && !v->unit[0]) {
        str_copy(v->unit, sizeof v->unit, (struct str){behind.p, n});
    }
    *(low ? &v->low : &v->high) = bound;
    memcpy(low ? v->low_text : v->high_text, text, sizeof text);
    return u ? blanks + n : 0;
}

static const char low_words[] = "min minimum low lower lo ll least lolim min_limit";
static const char high_words[] = "max maximum high upper hi hh most hilim max_limit trip to";
static const char context_words[] = "limit limits lim range spec specs specified allowed normal "
                                    "rated between operating expected ok alarm threshold permitted "
                                    "tolerance band setpoint required";
static const char neutral_words[] = "is of the a be at value should from must stay alarm for by "
                                    "than not";

// What joins the two numbers of a range at the start of `s`: its length, or 0.
static size_t range_joint(struct str s)
{
    static const char *const joints[] = {" - ",
                                         "-",
                                         " to ",
                                         "..",
                                         "...",
                                         " .. ",
                                         " and ",
                                         "\xe2\x80\x93",
                                         " \xe2\x80\x93 ",
                                         "/",
                                         "\xe2\x80\xa6"};
    size_t best = 0;
    for (size_t i = 0; i < sizeof joints / sizeof *joints; i++)
        if (str_starts(s, str_of(joints[i])) && strlen(joints[i]) > best)
            best = strlen(joints[i]);
    return best;
}

enum bound_side { BOUND_NONE, BOUND_ANY, BOUND_LOW, BOUND_HIGH };

// The number at text.p[i] as a range or as one bound; returns where it ends, or 0 if it is neither.
static size_t read_bound(struct str text, size_t i, enum bound_side side, struct fact_value *out,
                         bool *found)
{
    double low, high;
    char low_text[FACT_NUMBER_BYTES], high_text[FACT_NUMBER_BYTES];
    size_t n, second, unit_n = 0;
    struct str rest = {text.p + i, text.n - i};
    if (!fact_number(rest, &low, &n, low_text))
        return 0;
    struct str behind = {rest.p + n, rest.n - n};
    size_t blank = behind.n && behind.p[0] == ' ';
    if (!range_joint(behind) && unit_at((struct str){behind.p + blank, behind.n - blank}, &unit_n))
        unit_n += blank; // "10 V to 30 V"
    struct str joint = {behind.p + unit_n, behind.n - unit_n};
    size_t gap = range_joint(joint);
    struct str upper = {joint.p + gap, joint.n - gap};
    if (gap && fact_number(upper, &high, &second, high_text) && high >= low) {
        upper = (struct str){upper.p + second, upper.n - second};
        struct str unit = unit_n ? behind : upper;
        set_bound(out, true, unit, low, low_text);
        size_t more = set_bound(out, false, upper.n ? upper : unit, high, high_text);
        *found = true;
        return (size_t)(upper.p - text.p) + more;
    }
    if (side != BOUND_NONE) {
        bool is_low = side == BOUND_LOW;
        size_t more = set_bound(out, is_low, behind, low, low_text);
        *found = true;
        return i + n + more;
    }
    return i + n;
}

bool fact_limits_read(struct str text, struct fact_value *out)
{
    enum bound_side side = BOUND_NONE;
    bool found = false;
    for (size_t i = 0; i < text.n;) {
        char c = text.p[i];
        bool starts = i == 0 || !(fact_is_letter(text.p[i - 1]) || fact_is_digit(text.p[i - 1]) ||
                                  text.p[i - 1] == '_' || text.p[i - 1] == '.');
        size_t end = starts ? read_bound(text, i, side, out, &found) : 0;
        if (end > i) {
            i = end;
            side = BOUND_NONE;
        } else if (c == '<' || c == '>') {
            side = c == '<' ? BOUND_HIGH : BOUND_LOW;
            i++;
        } else if (fact_is_letter(c)) {
            size_t n = i;
            while (n < text.n && (fact_is_letter(text.p[n]) || text.p[n] == '_'))
                n++;
            struct str word = {text.p + i, n - i};
            if (fact_word_in(word, low_words))
                side = BOUND_LOW;
            else if (fact_word_in(word, high_words))
                side = BOUND_HIGH;
            else if (fact_word_in(word, context_words))
                side = side == BOUND_NONE ? BOUND_ANY : side;
            else if (!fact_word_in(word, neutral_words))
                side = BOUND_NONE;
            i = n;
        } else {
            i++;
        }
    }
    return found;
}

static const char flag_words[] =
    "low high lo hi ll hh lolo hihi fail failed failure ok good bad alarm alm warn warning error "
    "err fault stale stuck trip tripped crit critical invalid uncertain overrange "
    "underrange open short";

// The first word of `rest` that is a flag and is not followed by a number (then it is a bound).
static void read_flag(struct str rest, char flag[FACT_FLAG_BYTES])
{
    for (size_t i = 0; i < rest.n && !flag[0];) {
        size_t n = i;
        while (n < rest.n && (fact_is_letter(rest.p[n]) || rest.p[n] == '_' ||
                              (n > i && (fact_is_digit(rest.p[n]) || rest.p[n] == '-'))))
            n++;
        struct str word = {rest.p + i, n - i};
        if (word.n == 0) {
            i++;
            continue;
        }
        size_t next = n;
        while (next < rest.n &&
               (fact_is_blank(rest.p[next]) || rest.p[next] == ':' || rest.p[next] == '='))
            next++;
        bool before_number =
            next < rest.n && (fact_is_digit(rest.p[next]) || (rest.p[next] == '-' && next > n));
        if (fact_word_in(word, flag_words) && !before_number)
            str_copy(flag, FACT_FLAG_BYTES, word);
        i = n;
    }
}

// True if the number that ends at text.p[n] begins a range: "20 to 28 V".
static bool begins_range(struct str text, size_t n)
{
    double upper;
    size_t length;
    struct str behind = {text.p + n, text.n - n};
    size_t gap = range_joint(behind);
    bool slash = behind.n && behind.p[0] == '/';
    return gap && !slash &&
           fact_number((struct str){behind.p + gap, behind.n - gap}, &upper, &length, NULL);
}

// Length of "±0.2" or "+/- 0.2" at the start of `s`, with the blanks ahead of it; 0: there is none.
static size_t tolerance(struct str s)
{
    static const char *const signs[] = {"\xc2\xb1", "+/-", "+-"};
    size_t at = 0, n;
    double value;
    while (at < s.n && s.p[at] == ' ')
        at++;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t end = at + strlen(signs[i]);
        if (end > s.n || memcmp(s.p + at, signs[i], end - at) != 0)
            continue;
        while (end < s.n && s.p[end] == ' ')
            end++;
        return fact_number((struct str){s.p + end, s.n - end}, &value, &n, NULL) ? end + n : 0;
    }
    return 0;
}

// A number ends at a blank, a bracket, a unit: not within a date, an address or a version.
static bool ends_number(struct str text, size_t n)
{
    size_t unit_n;
    if (n == text.n || strchr(" \t\r[(,;*%|", text.p[n]) ||
        tolerance((struct str){text.p + n, text.n - n}))
        return true;
    return unit_at((struct str){text.p + n, text.n - n}, &unit_n) != NULL;
}

// The unit at the start of `rest`, and what is behind it. "min" before a number is a bound.
static struct str read_unit(struct str rest, struct fact_value *out)
{
    size_t n = 0;
    rest = str_trim(rest);
    bool bracket = rest.n > 2 && (rest.p[0] == '[' || rest.p[0] == '(');
    struct str at = bracket ? (struct str){rest.p + 1, rest.n - 1} : rest;
    const struct unit *u = unit_at(at, &n);
    if (u && bracket && (n >= at.n || (at.p[n] != ']' && at.p[n] != ')')))
        u = NULL;
    if (u && !bracket && strcmp(u->symbol, "min") == 0) {
        struct str behind = str_trim((struct str){at.p + n, at.n - n});
        double bound;
        size_t length;
        if (fact_number(behind, &bound, &length, NULL))
            u = NULL;
    }
    if (u) {
        str_copy(out->unit, sizeof out->unit, (struct str){at.p, n});
        n += bracket ? 2 : 0;
        return (struct str){rest.p + n, rest.n - n};
    }
    n = 0;
    while (n < rest.n && rest.p[n] >= 'a' && rest.p[n] <= 'z')
        n++;
    struct str word = {rest.p, n};
    if (n == rest.n && n > 0 && n < FACT_UNIT_BYTES && !fact_word_in(word, flag_words)) {
        str_copy(out->unit, sizeof out->unit, word); // "3 retries"
        return (struct str){rest.p + n, 0};
    }
    return rest;
}

struct str fact_unquote(struct str s)
{
    s = str_trim(s);
    while (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
        s = str_trim((struct str){s.p + 1, s.n - 2});
    return s;
}

void fact_value_read(struct str text, struct fact_value *out)
{
    size_t n = 0;
    fact_value_none(out);
    text = fact_unquote(text);
    while (text.n && strchr(".,;", text.p[text.n - 1]))
        text.n--;
    if (fact_number(text, &out->number, &n, out->text) && ends_number(text, n) &&
        !begins_range(text, n)) {
        out->is_number = true;
        n += tolerance((struct str){text.p + n, text.n - n});
        struct str rest = read_unit((struct str){text.p + n, text.n - n}, out);
        read_flag(rest, out->flag);
        fact_limits_read(rest, out);
        bool low_flag = fact_word_in(str_of(out->flag), "low lo ll lolo under underrange");
        if (low_flag && isnan(out->low) && !isnan(out->high)) { // "LO 1.2 bar LIM 2.0"
            out->low = out->high;
            out->high = NAN;
            memcpy(out->low_text, out->high_text, sizeof out->low_text);
            out->high_text[0] = '\0';
        }
        return;
    }
    out->number = NAN;
    if (text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
        text = str_trim((struct str){text.p + 1, text.n - 2});
    str_copy(out->text, sizeof out->text, text);
}
