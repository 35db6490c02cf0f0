// Facts from any lines: each is read on its own, or with those it is indented under.
#include <string.h>

#include "diagnose/facts_private.h"

// "[pump-7]" and "[limits]" of INI.
static bool read_section(struct facts_reader *r, struct str line)
{
    if (line.n < 3 || line.p[0] != '[' || line.p[line.n - 1] != ']' ||
        memchr(line.p + 1, '[', line.n - 1))
        return false;
    struct str name = str_trim((struct str){line.p + 1, line.n - 2});
    r->in_limits = facts_is_limit_key(name);
    if (!r->in_limits && !fact_word_in(name, "values readings data status measurements general"))
        facts_device(r, name);
    return true;
}

// "pump,id=P-101 brg_temp=96.2,flow=3.1 1718161200000000000" of InfluxDB: the measurement, tags,
// fields. True for such a line.
static bool read_line_protocol(struct facts_reader *r, struct str line)
{
    struct str head = fact_first_word(line);
    struct str rest = str_trim(fact_from(line, head.n)), fields = fact_first_word(rest);
    const char *comma = memchr(head.p, ',', head.n);
    if (!comma || !memchr(head.p, '=', head.n) || !fields.n || !memchr(fields.p, '=', fields.n) ||
        memchr(head.p, '=', (size_t)(comma - head.p)))
        return false;
    struct str tags = fact_from(head, (size_t)(comma - head.p) + 1),
               stamp = str_trim(fact_from(rest, fields.n));
    while (tags.p && tags.n) {
        struct str value = str_cut(&tags, ','), key = str_cut(&value, '=');
        facts_put_text(r, key, value);
    }
    while (fields.p && fields.n) {
        struct str value = str_cut(&fields, ','), key = str_cut(&value, '=');
        bool integer =
            value.n > 1 && value.p[value.n - 1] == 'i' && fact_is_digit(value.p[value.n - 2]);
        value.n -= integer;
        facts_put_text(r, key, value);
    }
    if (stamp.n)
        facts_time(r, stamp);
    return true;
}

// The fields of one value on lines of their own, as YAML writes them.
struct nested {
    struct facts_record record;
    struct str parent; // the key above the fields
    size_t indent;     // of that key
    bool open;
    bool limits; // the heading was of limits
};

static void end_nested(struct facts_reader *r, struct nested *n)
{
    struct str name = n->record.name.n ? n->record.name : n->parent;
    bool was_open = n->open && n->record.name.n;
    n->open = false;
    if (!facts_record_end(r, &n->record, name) && was_open)
        facts_device(r, name);
    n->parent.n = 0;
}

// True if the line belongs to such a group: "V_IN:", then "  value: 8.4"; or "- name: V_IN".
static bool read_nested(struct facts_reader *r, struct nested *n, struct str line, size_t indent)
{
    bool item = line.n > 2 && line.p[0] == '-' && line.p[1] == ' ';
    struct str value = item ? fact_from(line, 2) : line, key = str_trim(str_cut(&value, ':'));
    struct facts_record probe = {0};
    if (!value.p || key.n == 0 || memchr(line.p, '|', line.n) || memchr(line.p, '=', line.n) ||
        memchr(key.p, ',', key.n)) {
        end_nested(r, n);
        return false;
    }
    value = str_trim(value);
    bool field = facts_record_put(&probe, key, STR_LIT("x"));
    if (n->open && (item || indent <= n->indent))
        end_nested(r, n);
    if (value.n == 0) { // a heading: of a record, or of limits
        end_nested(r, n);
        bool limits = facts_is_limit_key(key);
        r->in_limits = limits || (n->limits && indent > 0);
        n->limits = r->in_limits;
        n->parent = key;
        n->indent = indent;
        n->open = !limits;
        return true;
    }
    if (indent == 0 && n->limits)
        r->in_limits = n->limits = false;
    if (item && probe.name.n) {
        n->open = true;
        n->indent = indent;
    }
    if (!n->open || !field) {
        n->open = n->open && n->record.name.n;
        return false;
    }
    facts_record_put(&n->record, key, fact_unquote(value));
    return true;
}

// Sentences: many words, a full stop behind one of them, nothing that separates pairs.
static bool is_prose(struct str line)
{
    size_t words = 1, stops = line.n && line.p[line.n - 1] == '.';
    for (size_t i = 0; i < line.n; i++) {
        if (strchr("|=;\t{<", line.p[i]))
            return false;
        words += fact_is_blank(line.p[i]);
        stops += line.p[i] == '.' && i + 2 < line.n && fact_is_blank(line.p[i + 1]) &&
                 line.p[i + 2] >= 'A' && line.p[i + 2] <= 'Z'; // not that of "max. 60"
    }
    return stops > 0 && words >= 5;
}

// A tag and its value, or a sentence: a line in which nothing separates keys from values.
static bool read_unseparated(struct facts_reader *r, struct str line)
{
    if (is_prose(line))
        return facts_read_sentence(r, line);
    if (facts_has_pairs(line))
        return false;
    return facts_read_tag(r, line) || facts_read_sentence(r, line);
}

static void read_line(struct facts_reader *r, struct str line)
{
    struct str host = {"", 0};
    r->levelled = false;
    line = facts_skip_prefix(r, line, &host);
    const char *brace = line.n ? memchr(line.p, '{', line.n) : NULL;
    struct str object = brace ? fact_from(line, (size_t)(brace - line.p)) : (struct str){"", 0};
    if (line.n == 0 || read_section(r, line))
        return;
    if (!(brace && facts_read_json(r, object)) && !read_line_protocol(r, line) &&
        !facts_read_register(r, line) && !read_unseparated(r, line))
        facts_read_pairs(r, line);
    if (host.n)
        facts_device(r, host);
}

// The head of a mail: its date is the time, its subject a note, who wrote it says nothing.
static void read_mail_head(struct facts_reader *r, struct str *text)
{
    static const char *const first[] = {"from:", "von:", "date:", "subject:", "return-path:"};
    bool mail = false;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        mail |= text->n > strlen(first[i]) &&
                str_eq_nocase((struct str){text->p, strlen(first[i])}, str_of(first[i]));
    const char *end = mail ? memmem(text->p, text->n, "\n\n", 2) : NULL;
    struct str head = {text->p, end ? (size_t)(end - text->p) : 0};
    if (!memmem(head.p, head.n, "@", 1))
        return;
    while (head.p) {
        struct str value = str_cut(&head, '\n'), key = str_trim(str_cut(&value, ':'));
        if (value.p && fact_key_is_time(key))
            facts_time(r, value);
        else if (value.p && (str_eq_nocase(key, STR_LIT("subject")) || str_is(key, "Betreff")))
            facts_note(r, value);
        r->line++;
    }
    *text = fact_from(*text, (size_t)(end - text->p) + 1);
}

void facts_read_lines(struct facts_reader *r, struct str text)
{
    struct nested nested = {0};
    read_mail_head(r, &text);
    while (text.p) {
        struct str line = str_cut(&text, '\n');
        size_t indent = 0;
        while (indent < line.n && fact_is_blank(line.p[indent]))
            indent++;
        line = str_trim(line);
        if (line.n && !str_is(line, "---") && !read_nested(r, &nested, line, indent))
            read_line(r, line);
        r->line++;
    }
    end_nested(r, &nested);
}
