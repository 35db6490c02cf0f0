// Facts from lines of `key: value` and `key=value`, with the prefixes that loggers write.
#include "base/json_scan.h"
#include "diagnose/facts_private.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_name_byte(char c)
{
    return is_letter(c) || is_digit(c) || strchr("_-./[]#", c) != NULL || (unsigned char)c >= 0x80;
}

static struct str from(struct str s, size_t n)
{
    return (struct str){s.p + n, s.n - n};
}

static struct str first_word(struct str s)
{
    size_t n = 0;
    while (n < s.n && !is_blank(s.p[n]))
        n++;
    return (struct str){s.p, n};
}

// ---- what stands before the pairs of a line ----

static const char levels[] = "debug info notice warn warning err error alm alarm crit critical "
                             "fatal trace evt event alert <alarm> <warn>";

// "[...]" at the start whose inside begins with a time or is a level: its length, or 0.
static size_t bracketed(struct facts_reader *r, struct str line)
{
    const char *close = line.n && line.p[0] == '[' ? memchr(line.p, ']', line.n) : NULL;
    if (!close)
        return 0;
    struct str inside = {line.p + 1, (size_t)(close - line.p) - 1};
    size_t n = facts_timestamp(inside);
    if (n)
        facts_time(r, (struct str){inside.p, n});
    return n || fact_word_in(inside, levels) ? inside.n + 2 : 0;
}

// "<134>" of syslog.
static size_t priority(struct str line)
{
    size_t n = 1;
    if (line.n < 3 || line.p[0] != '<')
        return 0;
    while (n < line.n && is_digit(line.p[n]))
        n++;
    return n > 1 && n < line.n && line.p[n] == '>' ? n + 1 : 0;
}

// "host process[123]: " behind a time: its length, or 0. `host` gets the host.
static size_t sender(struct str line, struct str *host)
{
    struct str name = first_word(line);
    struct str rest = str_trim(from(line, name.n));
    struct str process = first_word(rest);
    bool bare = name.n && memchr(name.p, '=', name.n) == NULL && name.p[name.n - 1] != ':';
    if (!bare || process.n < 2 || process.p[process.n - 1] != ':' ||
        !memchr(process.p, '[', process.n))
        return 0;
    *host = name;
    return (size_t)(process.p - line.p) + process.n;
}

static struct str skip_prefix(struct facts_reader *r, struct str line, struct str *host)
{
    size_t n;
    bool timed = false;
    for (;;) {
        line = str_trim(line);
        struct str word = first_word(line);
        if ((n = facts_timestamp(line)) != 0 && (n == line.n || strchr(" ]:,|;\t", line.p[n]))) {
            facts_time(r, (struct str){line.p, n});
            n += n < line.n && line.p[n] == ':';
            timed = true;
        } else if ((n = bracketed(r, line)) == 0 && (n = priority(line)) == 0 &&
                   !(timed && (n = sender(line, host)) != 0)) {
            while (word.n && strchr(":,", word.p[word.n - 1]))
                word.n--;
            bool mark = word.n && strspn(word.p, ">|-*:#") >= word.n;
            struct str behind = str_trim(from(line, word.n));
            bool key = behind.n == 0 || behind.p[0] == '=';
            n = (fact_word_in(word, levels) && !key) || mark ? word.n : 0;
            if (fact_word_in(word, levels) && word.n < line.n && line.p[word.n] == ':')
                n = timed ? word.n + 1 : 0;
        }
        if (n == 0)
            return line;
        r->levelled |= fact_word_in(word, levels);
        line = from(line, n);
    }
}

// ---- segments of a line ----

// Where the first of the marks | ; tab >>> and comma stands outside of brackets and quotes.
static size_t segment_end(struct str s)
{
    int depth = 0;
    char quote = '\0';
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool more = i + 1 < s.n;
        if (quote) {
            quote = c == quote ? '\0' : quote;
        } else if (c == '"') {
            quote = c;
        } else if (strchr("([{", c)) {
            depth++;
        } else if (strchr(")]}", c)) {
            depth -= depth > 0;
        } else if (depth == 0) {
            bool within_number = i > 0 && is_digit(s.p[i - 1]) && more && is_digit(s.p[i + 1]);
            if (c == '|' || c == ';' || c == '\t' || (c == ',' && !within_number) ||
                (c == '>' && more && s.p[i + 1] == '>'))
                return i;
        }
    }
    return s.n;
}

// The next separator of key and value at or behind `i`, outside of brackets and quotes, with the
// key's last word in `*word`; s.n if there is none.
static size_t separator(struct str s, size_t i, size_t *word)
{
    int depth = 0;
    char quote = '\0';
    for (; i < s.n; i++) {
        char c = s.p[i];
        if (quote) {
            quote = c == quote ? '\0' : quote;
            continue;
        }
        if (c == '"' && i > 0 && (s.p[i - 1] == '=' || s.p[i - 1] == ' '))
            quote = c;
        depth += c == '(' || c == '{';
        depth -= (c == ')' || c == '}') && depth > 0;
        if (depth || (c != '=' && c != ':') || i == 0)
            continue;
        if (i + 2 < s.n && s.p[i + 1] == '/' && s.p[i + 2] == '/')
            continue;
        size_t end = i, start;
        while (end > 0 && is_blank(s.p[end - 1]))
            end--;
        bool letters = false;
        for (start = end; start > 0 && !is_blank(s.p[start - 1]) && s.p[start - 1] != '='; start--)
            letters |= is_letter(s.p[start - 1]);
        bool clock =
            c == ':' && end > start && is_digit(s.p[start]) && i + 1 < s.n && is_digit(s.p[i + 1]);
        bool unit_key = end > 0 && s.p[end - 1] == ')'; // "flow (m3/h): 3"
        if (!clock && (letters || c == '=') && end > start &&
            strchr("<>!=", s.p[end - 1]) == NULL) {
            *word = unit_key ? 0 : start;
            return i;
        }
    }
    return s.n;
}

struct segment {
    struct str key;   // of the latest pair of the line
    struct str value; // as far as it goes by now
    bool in_limits;   // for the rest of the line
};

static const char limit_keys[] = "limit limits range ranges thresholds spec specs allowed "
                                 "operating_range normal bounds";
static const char text_keys[] = "note notes comment remark msg message text observation desc "
                                "description info";

// "V_IN 10-30 V" or "TEMP max 60 C": the key is what stands before the first number or bound word.
static void put_limit(struct facts_reader *r, struct str text)
{
    struct fact_value v;
    size_t n = 0;
    text = str_trim(text);
    while (n < text.n) {
        struct str word = first_word(from(text, n));
        bool bound = word.n && (is_digit(word.p[0]) || strchr("<>-+=", word.p[0]) ||
                                fact_word_in(word, "min max low high between to"));
        if (bound && n > 0)
            break;
        n += word.n + 1;
    }
    fact_value_none(&v);
    if (n < text.n && fact_limits_read((struct str){text.p + n, text.n - n}, &v))
        facts_put_limit(r, (struct str){text.p, n}, &v);
}

static void end_pair(struct facts_reader *r, struct segment *s)
{
    struct fact_value v;
    if (s->key.n == 0)
        return;
    if (r->in_limits) {
        fact_value_none(&v);
        struct str value = str_trim(s->value);
        double bound;
        size_t n;
        if (!fact_limits_read(value, &v) && fact_number(value, &bound, &n, v.high_text))
            v.high = bound;
        facts_put_limit(r, s->key, &v);
    } else if (fact_word_in(s->key, text_keys)) {
        struct str text = fact_unquote(s->value);
        if (!facts_read_sentence(r, text))
            facts_note(r, text);
    } else {
        facts_put_text(r, s->key, s->value);
    }
    s->key.n = 0;
}

static void begin_pair(struct facts_reader *r, struct segment *s, struct str key, struct str value)
{
    end_pair(r, s);
    key = str_trim(key);
    if (fact_word_in(key, limit_keys)) {
        put_limit(r, value);
        s->in_limits = true;
        return;
    }
    struct str word = first_word(key);
    if (word.n < key.n && fact_word_in(word, "limit limits range")) {
        struct fact_value v;
        fact_value_none(&v);
        if (fact_limits_read(value, &v)) {
            facts_put_limit(r, from(key, word.n), &v);
            return;
        }
    }
    s->key = key;
    s->value = value;
}

// Behind the level of an alarm ("EVT slope 92 %") any word is a tag.
static bool looks_like_tag(struct str word, bool levelled)
{
    bool letters = false, marks = false;
    for (size_t i = 0; i < word.n; i++) {
        if (!is_name_byte(word.p[i]))
            return false;
        letters |= is_letter(word.p[i]);
        marks |= (word.p[i] >= 'A' && word.p[i] <= 'Z') || word.p[i] == '_' || is_digit(word.p[i]);
    }
    return letters && (marks || levelled) && word.n > 1;
}

// "P101_BRG_TEMP HI 96.2 degC LIM 85.0" and "REF_CHK FAIL": a tag, perhaps a flag, a value.
static bool read_bare(struct facts_reader *r, struct str s)
{
    struct fact_value v;
    struct str tag = first_word(s), rest = str_trim(from(s, tag.n));
    char flag[FACT_FLAG_BYTES] = "";
    if (!looks_like_tag(tag, r->levelled) || rest.n == 0)
        return false;
    struct str word = first_word(rest);
    if (looks_like_tag(word, false) && word.n < rest.n && !is_digit(word.p[0])) {
        str_copy(flag, sizeof flag, word);
        rest = str_trim(from(rest, word.n));
    }
    double number;
    size_t n;
    if (fact_number(rest, &number, &n, NULL)) {
        char text[FACT_TEXT_BYTES * 2];
        struct buf joined = {0};
        buf_add_str(&joined, rest);
        buf_printf(&joined, " %s", flag); // a flag behind the value tells which bound is meant
        str_copy(text, sizeof text, buf_str(&joined));
        buf_free(&joined);
        fact_value_read(str_of(text), &v);
        if (!v.is_number)
            return false;
        if (flag[0])
            memcpy(v.flag, flag, sizeof v.flag);
        facts_put(r, tag, &v);
        return true;
    }
    if (flag[0] || first_word(rest).n != rest.n || !looks_like_tag(rest, false))
        return false;
    facts_put_text(r, tag, rest);
    return true;
}

// A segment without a separator: a tag with its value, limits or a flag of the pair before it, or
// words.
static void read_words(struct facts_reader *r, struct segment *s, struct str text)
{
    text = str_trim(text);
    struct str word = first_word(text);
    while (word.n && strchr("([", word.p[0]))
        word = from(word, 1);
    if (text.n == 0)
        return;
    if (s->in_limits) {
        put_limit(r, text);
    } else if (s->key.n &&
               fact_word_in(word, "limit limits lim range min max spec allowed normal low "
                                  "high alarm rated expected")) {
        s->value.n = (size_t)(text.p + text.n - s->value.p);
    } else if (!read_bare(r, text) && !facts_read_sentence(r, text)) {
        facts_note(r, text);
    }
}

static void read_segment(struct facts_reader *r, struct segment *s, struct str text)
{
    size_t word = 0, at = separator(text, 0, &word);
    if (at == text.n) {
        read_words(r, s, text);
        return;
    }
    size_t begin = 0;
    while (at < text.n) {
        size_t next_word = 0, next = separator(text, at + 1, &next_word);
        // A value goes to where the last word before the next separator begins.
        size_t end = next < text.n && next_word > at ? next_word : text.n;
        if (end <= at + 1) { // "a::b", "key:=value"
            end = text.n;
            next = text.n;
        }
        begin_pair(r, s, (struct str){text.p + begin, at - begin},
                   (struct str){text.p + at + 1, end - at - 1});
        begin = end;
        at = end == text.n ? text.n : next;
    }
}

static void read_segments(struct facts_reader *r, struct str line)
{
    struct segment s = {.in_limits = r->in_limits};
    while (line.n) {
        size_t n = segment_end(line);
        read_segment(r, &s, str_trim((struct str){line.p, n}));
        while (n < line.n && strchr("|;,>\t ", line.p[n]))
            n++;
        line = from(line, n);
    }
    end_pair(r, &s);
}

// ---- lines ----

// "[pump-7]" and "[limits]" of INI.
static bool read_section(struct facts_reader *r, struct str line)
{
    if (line.n < 3 || line.p[0] != '[' || line.p[line.n - 1] != ']' ||
        memchr(line.p + 1, '[', line.n - 1))
        return false;
    struct str name = str_trim((struct str){line.p + 1, line.n - 2});
    r->in_limits = fact_word_in(name, limit_keys);
    if (!r->in_limits && !fact_word_in(name, "values readings data status measurements general"))
        facts_device(r, name);
    return true;
}

// "pump,id=P-101 brg_temp=96.2,flow=3.1 1718161200000000000" of InfluxDB: the measurement, tags,
// fields. True for such a line.
static bool read_line_protocol(struct facts_reader *r, struct str line)
{
    struct str head = first_word(line);
    struct str rest = str_trim(from(line, head.n)), fields = first_word(rest);
    const char *comma = memchr(head.p, ',', head.n);
    if (!comma || !memchr(head.p, '=', head.n) || !fields.n || !memchr(fields.p, '=', fields.n) ||
        memchr(head.p, '=', (size_t)(comma - head.p)))
        return false;
    struct str tags = from(head, (size_t)(comma - head.p) + 1),
               stamp = str_trim(from(rest, fields.n));
    while (tags.p && tags.n) {
        struct str value = str_cut(&tags, ','), key = str_cut(&value, '=');
        facts_put_text(r, key, value);
    }
    while (fields.p && fields.n) {
        struct str value = str_cut(&fields, ','), key = str_cut(&value, '=');
        bool integer = value.n > 1 && value.p[value.n - 1] == 'i' && is_digit(value.p[value.n - 2]);
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
    struct str value = item ? from(line, 2) : line, key = str_trim(str_cut(&value, ':'));
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
        bool limits = fact_word_in(key, limit_keys);
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
        words += is_blank(line.p[i]);
        stops += line.p[i] == '.' && i + 2 < line.n && is_blank(line.p[i + 1]) &&
                 line.p[i + 2] >= 'A' && line.p[i + 2] <= 'Z'; // not that of "max. 60"
    }
    return stops > 0 && words >= 5;
}

// A tag and its value, or a sentence: a line in which nothing separates keys from values.
static bool read_unseparated(struct facts_reader *r, struct str line)
{
    size_t word;
    if (is_prose(line))
        return facts_read_sentence(r, line);
    if (separator(line, 0, &word) < line.n || memchr(line.p, '|', line.n) ||
        memchr(line.p, '\t', line.n))
        return false;
    return read_bare(r, line) || facts_read_sentence(r, line);
}

static void read_line(struct facts_reader *r, struct str line)
{
    struct str host = {"", 0};
    r->levelled = false;
    line = skip_prefix(r, line, &host);
    const char *brace = line.n ? memchr(line.p, '{', line.n) : NULL;
    struct str object = brace ? from(line, (size_t)(brace - line.p)) : (struct str){"", 0};
    if (line.n == 0 || read_section(r, line))
        return;
    if (!(brace && facts_read_json(r, object)) && !read_line_protocol(r, line) &&
        !facts_read_register(r, line) && !read_unseparated(r, line))
        read_segments(r, line);
    if (host.n)
        facts_device(r, host);
}

void facts_read_pairs(struct facts_reader *r, struct str text)
{
    struct nested nested = {0};
    while (text.p) {
        struct str line = str_cut(&text, '\n');
        size_t indent = 0;
        while (indent < line.n && is_blank(line.p[indent]))
            indent++;
        line = str_trim(line);
        if (line.n && !str_is(line, "---") && !read_nested(r, &nested, line, indent))
            read_line(r, line);
        r->line++;
    }
    end_nested(r, &nested);
}
