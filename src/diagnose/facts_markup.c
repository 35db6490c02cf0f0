// Facts from XML: elements with fields in attributes, and elements with text.
#include "diagnose/facts_private.h"

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("_-.:", c) != NULL;
}

// One tag: <name attribute="value" .../>
struct tag {
    struct str name;
    struct str names[16], values[16];
    size_t count;
    bool closing, empty; // </name>, <name/>
};

static size_t skip_blanks(struct str s, size_t i)
{
    while (i < s.n && fact_is_space(s.p[i]))
        i++;
    return i;
}

static size_t name_end(struct str s, size_t i)
{
    while (i < s.n && s.p[i] && is_name_byte(s.p[i]))
        i++;
    return i;
}

// Reads the tag whose '<' is s.p[i]; returns where it ends, 0 if it is none.
static size_t read_tag(struct str s, size_t i, struct tag *t)
{
    *t = (struct tag){0};
    t->closing = i + 1 < s.n && s.p[i + 1] == '/';
    i += 1 + t->closing;
    size_t end = name_end(s, i);
    t->name = (struct str){s.p + i, end - i};
    if (t->name.n == 0)
        return 0;
    for (i = skip_blanks(s, end); i < s.n && s.p[i] != '>'; i = skip_blanks(s, i)) {
        if (s.p[i] == '/') {
            t->empty = true;
            i++;
            continue;
        }
        end = name_end(s, i);
        struct str name = {s.p + i, end - i};
        i = skip_blanks(s, end);
        if (name.n == 0 || i + 1 >= s.n || s.p[i] != '=')
            return 0;
        i = skip_blanks(s, i + 1);
        char quote = i < s.n ? s.p[i] : '\0';
        const char *close =
            quote == '"' || quote == '\'' ? memchr(s.p + i + 1, quote, s.n - i - 1) : NULL;
        if (!close)
            return 0;
        if (t->count < 16) {
            t->names[t->count] = name;
            t->values[t->count++] = (struct str){s.p + i + 1, (size_t)(close - s.p) - i - 1};
        }
        i = (size_t)(close - s.p) + 1;
    }
    return i < s.n ? i + 1 : 0;
}

// The attributes as a fact; what no fact has are device and time, or facts of their own.
static void put_tag(struct facts_reader *r, const struct tag *t, struct str inner)
{
    struct facts_record record = {0};
    for (size_t i = 0; i < t->count; i++) {
        bool id = fact_key_is_device(t->names[i]), time = fact_key_is_time(t->names[i]);
        if (id || time || !facts_record_put(&record, t->names[i], t->values[i]))
            facts_put_text(r, t->names[i], t->values[i]);
    }
    inner = str_trim(inner);
    if (!record.value.n && inner.n) {
        record.value = inner;
        if (fact_key_is_device(t->name) || fact_key_is_time(t->name)) {
            facts_put_text(r, t->name, inner);
            return;
        }
    }
    if (record.value.n)
        facts_record_end(r, &record, t->name);
    else if (record.name.n && record.flag.n)
        facts_put_text(r, record.name, record.flag);
    else if (record.name.n)
        facts_device(r, record.name);
}

bool facts_read_markup(struct facts_reader *r, struct str text)
{
    struct str s = str_trim(text);
    struct tag tag;
    if (s.n < 4 || s.p[0] != '<' || s.p[s.n - 1] != '>')
        return false;
    size_t first = skip_blanks(s, 1);
    bool named = first < s.n && ((s.p[first] | 0x20) >= 'a' && (s.p[first] | 0x20) <= 'z');
    if (!named && !(first < s.n && strchr("?!", s.p[first])))
        return false;
    for (size_t i = 0; i < s.n;) {
        r->line += s.p[i] == '\n';
        size_t end = s.p[i] == '<' ? read_tag(s, i, &tag) : 0;
        if (end == 0) {
            i++;
            continue;
        }
        const char *next = memchr(s.p + end, '<', s.n - end);
        size_t inner = next && !tag.empty ? (size_t)(next - s.p) - end : 0;
        bool leaf = next && next + 1 < s.p + s.n && next[1] == '/';
        if (!tag.closing)
            put_tag(r, &tag, leaf ? (struct str){s.p + end, inner} : (struct str){"", 0});
        i = end;
    }
    return true;
}
