// Facts from JSON: flat objects, objects with value and limits, arrays of records, lines of
// objects.
#include "base/json_scan.h"
#include "diagnose/facts_private.h"

enum { JSON_NAME_BYTES = 128, JSON_DEPTH = 16, RECORD_TEXTS = 8 };

struct json_walk {
    struct facts_reader *r;
    struct json_scan scan;
};

static struct str unescaped(const struct json_scan *s, char *to, size_t cap)
{
    struct str text = s->text;
    if (text.n >= cap)
        text.n = cap - 1;
    size_t n = json_unescape(text, to);
    return (struct str){to, n};
}

static bool is_limits(struct str key)
{
    static const char *const names[] = {"limits", "limit", "ranges", "range", "thresholds", "spec"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq_nocase(key, str_of(names[i])))
            return true;
    return false;
}

static struct str scalar_text(const struct json_scan *s, enum json_token token, char *to,
                              size_t cap)
{
    switch (token) {
    case JSON_TOKEN_STRING:
        return unescaped(s, to, cap);
    case JSON_TOKEN_TRUE:
        return STR_LIT("true");
    case JSON_TOKEN_FALSE:
        return STR_LIT("false");
    case JSON_TOKEN_NULL:
        return STR_LIT("null");
    default:
        return s->text;
    }
}

static bool walk_value(struct json_walk *w, enum json_token token, struct str name, bool limits);

static void put_scalar(struct json_walk *w, struct str name, struct str text, bool limits)
{
    struct fact_value v;
    if (limits) {
        fact_value_none(&v);
        if (fact_limits_read(text, &v))
            facts_put_limit(w->r, name, &v);
        return;
    }
    facts_put_text(w->r, name, text);
}

// [10, 30]: the two bounds of a limit, or the samples of a series.
static bool walk_array(struct json_walk *w, struct str name, bool limits)
{
    struct fact_value bounds;
    size_t i = 0;
    fact_value_none(&bounds);
    for (;; i++) {
        enum json_token t = json_scan_next(&w->scan);
        if (t == JSON_TOKEN_ERROR)
            return false;
        if (t == JSON_TOKEN_ARRAY_END)
            break;
        if (limits && t == JSON_TOKEN_NUMBER && i < 2) {
            size_t n;
            fact_number(w->scan.text, i ? &bounds.high : &bounds.low, &n,
                        i ? bounds.high_text : bounds.low_text);
        } else if (!walk_value(w, t, name, limits)) {
            return false;
        }
    }
    if (limits && i == 2)
        facts_put_limit(w->r, name, &bounds);
    return true;
}

// "limits": [10, 30] within a record; false, with nothing read, for any other array.
static bool read_bounds(struct json_walk *w, struct str key, struct facts_record *record)
{
    struct json_scan before = w->scan;
    bool numbers = is_limits(key) && json_scan_next(&w->scan) == JSON_TOKEN_NUMBER;
    struct str low = w->scan.text;
    numbers = numbers && json_scan_next(&w->scan) == JSON_TOKEN_NUMBER;
    struct str high = w->scan.text;
    if (!numbers || json_scan_next(&w->scan) != JSON_TOKEN_ARRAY_END) {
        w->scan = before;
        return false;
    }
    record->low = low;
    record->high = high;
    return true;
}

// "limits": {"min": 10, "max": 30} within a record; false, with nothing read, for other objects.
static bool read_bounds_object(struct json_walk *w, struct str key, struct facts_record *record)
{
    struct json_scan before = w->scan;
    struct facts_record bounds = {0};
    enum json_token t = JSON_TOKEN_ERROR;
    while (is_limits(key) && (t = json_scan_next(&w->scan)) == JSON_TOKEN_KEY) {
        struct str field = w->scan.text;
        if ((t = json_scan_next(&w->scan)) != JSON_TOKEN_NUMBER ||
            !facts_record_put(&bounds, field, w->scan.text))
            break;
    }
    if (t != JSON_TOKEN_OBJECT_END || (!bounds.low.n && !bounds.high.n)) {
        w->scan = before;
        return false;
    }
    record->low = bounds.low;
    record->high = bounds.high;
    return true;
}

// True if the object that is read next is a record: it has a value, or, among limits, a bound.
static bool record_ahead(const struct json_walk *w, bool limits)
{
    struct json_scan ahead = w->scan;
    while (json_scan_next(&ahead) == JSON_TOKEN_KEY) {
        struct facts_record probe = {0};
        if (facts_record_put(&probe, ahead.text, STR_LIT("x")) &&
            (probe.value.n || (limits && (probe.low.n || probe.high.n))))
            return true;
        if (!json_scan_skip(&ahead, json_scan_next(&ahead)))
            break;
    }
    return false;
}

static void put_record_limits(struct json_walk *w, const struct facts_record *record,
                              struct str name)
{
    struct fact_value bounds;
    size_t n;
    fact_value_none(&bounds);
    if (record->low.n)
        fact_number(record->low, &bounds.low, &n, bounds.low_text);
    if (record->high.n)
        fact_number(record->high, &bounds.high, &n, bounds.high_text);
    facts_put_limit(w->r, name, &bounds);
}

// An object with fields of a record is one fact; the others are facts by their keys.
static bool walk_object(struct json_walk *w, struct str name, bool limits)
{
    // Texts of a record live until its end.
    char texts[RECORD_TEXTS][JSON_NAME_BYTES], key_text[JSON_NAME_BYTES];
    size_t used = 0;
    struct facts_record record = {0};
    bool is_record = record_ahead(w, limits);
    for (;;) {
        enum json_token t = json_scan_next(&w->scan);
        if (t == JSON_TOKEN_OBJECT_END)
            break;
        if (t != JSON_TOKEN_KEY)
            return false;
        struct str key = unescaped(&w->scan, key_text, sizeof key_text);
        t = json_scan_next(&w->scan);
        bool scalar = t >= JSON_TOKEN_STRING;
        if (scalar && is_record && used < RECORD_TEXTS) {
            struct str text = scalar_text(&w->scan, t, texts[used], sizeof texts[used]);
            used += text.p == texts[used];
            if (!facts_record_put(&record, key, text))
                put_scalar(w, key, text, false);
            continue;
        }
        if (t == JSON_TOKEN_ARRAY && is_record && read_bounds(w, key, &record))
            continue;
        if (t == JSON_TOKEN_OBJECT && is_record && read_bounds_object(w, key, &record))
            continue;
        if (!walk_value(w, t, key, limits || is_limits(key)))
            return false;
    }
    if (is_record && limits)
        put_record_limits(w, &record, name);
    else if (is_record)
        facts_record_end(w->r, &record, name);
    return true;
}

static bool walk_value(struct json_walk *w, enum json_token token, struct str name, bool limits)
{
    char text[FACT_TEXT_BYTES * 4];
    if (token == JSON_TOKEN_OBJECT)
        return walk_object(w, name, limits);
    if (token == JSON_TOKEN_ARRAY)
        return walk_array(w, name, limits);
    if (token < JSON_TOKEN_STRING)
        return false;
    if (name.n)
        put_scalar(w, name, scalar_text(&w->scan, token, text, sizeof text), limits);
    return true;
}

static bool well_formed(struct str text)
{
    struct json_scan s;
    enum json_token t;
    json_scan_open(&s, text, JSON_DEPTH, JSON_SCAN_MANY | JSON_SCAN_NAN);
    while ((t = json_scan_next(&s)) > JSON_TOKEN_END)
        ;
    return t == JSON_TOKEN_END;
}

bool facts_read_json(struct facts_reader *r, struct str text)
{
    struct json_walk w = {.r = r};
    text = str_trim(text);
    if (text.n == 0 || (text.p[0] != '{' && text.p[0] != '[') || !well_formed(text))
        return false;
    json_scan_open(&w.scan, text, JSON_DEPTH, JSON_SCAN_MANY | JSON_SCAN_NAN);
    for (enum json_token t; (t = json_scan_next(&w.scan)) > JSON_TOKEN_END;)
        if (!walk_value(&w, t, (struct str){"", 0}, false))
            return true;
    return true;
}
