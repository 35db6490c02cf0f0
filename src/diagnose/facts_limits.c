// Limits of facts: those that the log gives apart from the value, and those known beside the log.
#include <math.h>
#include <stdio.h>

#include "diagnose/facts_private.h"
#include "diagnose/units.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool joins_words(char c)
{
    return c == '_' || c == '-' || c == ' ' || c == '.' || c == '/';
}

// Equal without case and without what joins words.
static bool same_key(struct str a, struct str b)
{
    size_t i = 0, k = 0;
    for (;;) {
        while (i < a.n && joins_words(a.p[i]))
            i++;
        while (k < b.n && joins_words(b.p[k]))
            k++;
        if (i == a.n || k == b.n)
            return i == a.n && k == b.n;
        if (lower(a.p[i++]) != lower(b.p[k++]))
            return false;
    }
}

static struct fact *find_number(struct facts *f, struct str key)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->items[i].is_number && same_key(str_of(f->items[i].key), key))
            return &f->items[i];
    return NULL;
}

static void set_bound(struct fact *f, bool low, double bound, const char *text)
{
    *(low ? &f->low : &f->high) = bound;
    snprintf(low ? f->low_text : f->high_text, FACT_NUMBER_BYTES, "%s", text);
}

static void judge(struct fact *f)
{
    bool bounded = f->is_number && !(isnan(f->low) && isnan(f->high));
    f->side = !bounded             ? FACT_UNJUDGED
              : f->value < f->low  ? FACT_BELOW
              : f->value > f->high ? FACT_ABOVE
                                   : FACT_WITHIN;
}

static void apply(struct fact *f, const struct fact_value *v)
{
    if (!isnan(v->low))
        set_bound(f, true, v->low, v->low_text);
    if (!isnan(v->high))
        set_bound(f, false, v->high, v->high_text);
    if (!f->unit[0])
        memcpy(f->unit, v->unit, sizeof f->unit);
}

// Endings of keys that carry a limit of the key before them.
static const struct {
    const char *ending;
    char side; // '<' low, '>' high, '=' a range, or an upper limit alone
} endings[] = {
    {"lowlimit", '<'},  {"minlimit", '<'},  {"lowerlimit", '<'}, {"limitlow", '<'},
    {"limitmin", '<'},  {"highlimit", '>'}, {"maxlimit", '>'},   {"upperlimit", '>'},
    {"limithigh", '>'}, {"limitmax", '>'},  {"min", '<'},        {"max", '>'},
    {"low", '<'},       {"high", '>'},      {"limits", '='},     {"limit", '='},
    {"range", '='},     {"lolim", '<'},     {"hilim", '>'},      {"lo", '<'},
    {"hi", '>'},
};

// The length of `key` without the ending, or 0.
static size_t without_ending(struct str key, const char *ending)
{
    size_t i = key.n, k = strlen(ending);
    while (i > 0 && k > 0) {
        if (joins_words(key.p[i - 1])) {
            i--;
            continue;
        }
        if (lower(key.p[i - 1]) != ending[k - 1])
            return 0;
        i--;
        k--;
    }
    return k == 0 ? i : 0;
}

// "V_IN_MIN: 10" belongs to V_IN when there is such a value.
static bool is_limit_of_other(struct facts *f, const struct fact *item)
{
    struct fact_value v;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t n = without_ending(str_of(item->key), endings[i].ending);
        struct fact *base = n ? find_number(f, (struct str){item->key, n}) : NULL;
        if (!base || base == item)
            continue;
        fact_value_none(&v);
        if (item->is_number && endings[i].side != '=')
            set_bound(base, endings[i].side == '<', item->value, item->text);
        else if (item->is_number)
            set_bound(base, false, item->value, item->text);
        else if (fact_limits_read(str_of(item->text), &v))
            apply(base, &v);
        else
            continue;
        return true;
    }
    return false;
}

void facts_settle(struct facts_reader *r)
{
    struct facts *f = r->to;
    for (size_t i = 0; i < r->limit_count; i++) {
        struct fact *item = find_number(f, str_of(r->limits[i].key));
        if (item)
            apply(item, &r->limits[i].value);
    }
    size_t kept = 0;
    bool is_limit[FACTS_MAX];
    for (size_t i = 0; i < f->count; i++)
        is_limit[i] = is_limit_of_other(f, &f->items[i]);
    for (size_t i = 0; i < f->count; i++)
        if (!is_limit[i])
            f->items[kept++] = f->items[i];
    f->count = kept;
    for (size_t i = 0; i < f->count; i++)
        judge(&f->items[i]);
}

bool facts_join_limits(struct facts *f, struct str key, double low, double high,
                       enum fact_source from)
{
    char text[FACT_NUMBER_BYTES];
    struct fact *item = find_number(f, key);
    if (!item)
        return false;
    if (!isnan(item->low) || !isnan(item->high))
        return true;
    item->limits_from = from;
    if (!isnan(low)) {
        snprintf(text, sizeof text, "%.6g", low);
        set_bound(item, true, low, text);
    }
    if (!isnan(high)) {
        snprintf(text, sizeof text, "%.6g", high);
        set_bound(item, false, high, text);
    }
    judge(item);
    return true;
}

bool facts_add(struct facts *f, const struct fact *fact)
{
    if (f->count == FACTS_MAX) {
        f->left_out++;
        return false;
    }
    f->items[f->count] = *fact;
    judge(&f->items[f->count++]);
    return true;
}

static int weight(const struct fact *f)
{
    bool outside = f->side == FACT_BELOW || f->side == FACT_ABOVE;
    return 8 * outside + 4 * (f->flag[0] != '\0') + 2 * !f->is_number + (f->side == FACT_UNJUDGED);
}

bool facts_shorten(struct facts *f)
{
    size_t least = 0;
    if (f->count < 2)
        return false;
    for (size_t i = 1; i < f->count; i++)
        if (weight(&f->items[i]) <= weight(&f->items[least]))
            least = i; // of equals the last
    memmove(&f->items[least], &f->items[least + 1], (f->count - least - 1) * sizeof *f->items);
    f->count--;
    f->left_out++;
    return true;
}
