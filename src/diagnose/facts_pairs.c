// Facts from one line of `key: value`, `key=value` and tags with their values.
#include <stdio.h>

#include "diagnose/facts_private.h"
#include "diagnose/units.h"

static bool is_name_byte(char c)
{
    return fact_is_letter(c) || fact_is_digit(c) || strchr("_-./[]#", c) != NULL ||
           (unsigned char)c >= 0x80;
}

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
            bool within_number =
                i > 0 && fact_is_digit(s.p[i - 1]) && more && fact_is_digit(s.p[i + 1]);
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
        while (end > 0 && fact_is_blank(s.p[end - 1]))
            end--;
        bool letters = false;
        for (start = end; start > 0 && !fact_is_blank(s.p[start - 1]) && s.p[start - 1] != '=';
             start--)
            letters |= fact_is_letter(s.p[start - 1]);
        bool clock = c == ':' && end > start && fact_is_digit(s.p[start]) && i + 1 < s.n &&
                     fact_is_digit(s.p[i + 1]);
        bool unit_key = end > 0 && s.p[end - 1] == ')'; // "flow (m3/h): 3"
        if (!clock && (letters || c == '=') && end > start &&
            strchr("<>!=", s.p[end - 1]) == NULL) {
            *word = unit_key ? 0 : start;
            return i;
        }
    }
    return s.n;
}

bool facts_has_pairs(struct str line)
{
    size_t word;
    return separator(line, 0, &word) < line.n || memchr(line.p, '|', line.n) ||
           memchr(line.p, '\t', line.n);
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

bool facts_is_limit_key(struct str key)
{
    return fact_word_in(key, limit_keys);
}

// "V_IN 10-30 V" or "TEMP max 60 C": the key is what stands before the first number or bound word.
static void put_limit(struct facts_reader *r, struct str text)
{
    struct fact_value v;
    size_t n = 0;
    text = str_trim(text);
    while (n < text.n) {
        struct str word = fact_first_word(fact_from(text, n));
        bool bound = word.n && (fact_is_digit(word.p[0]) || strchr("<>-+=", word.p[0]) ||
                                fact_word_in(word, "min max low high between to"));
        if (bound && n > 0)
            break;
        n += word.n + 1;
    }
    fact_value_none(&v);
    if (n < text.n && fact_limits_read((struct str){text.p + n, text.n - n}, &v))
        facts_put_limit(r, (struct str){text.p, n}, &v);
}

// Where the number begins in "insulation 0.18 Mohm": behind one to three words of a name, with a
// unit; 0 in other values.
static size_t named_number(struct str value)
{
    static const char no_names[] =
        "min max limit low high lo hi ll hh below above over under about "
        "only approx at to from is was of not ok fail failed alarm warning "
        "fault trip since for after until the a an code error";
    size_t at = 0, unit_n;
    for (int words = 0; words < 4 && at < value.n; words++) {
        struct str rest = fact_from(value, at), word = fact_first_word(rest);
        double number;
        size_t n;
        if (word.n && fact_number(rest, &number, &n, NULL)) {
            rest = str_trim(fact_from(rest, n));
            return words && unit_at(rest, &unit_n) ? at : 0;
        }
        for (size_t i = 0; i < word.n; i++)
            if (!fact_is_letter(word.p[i]) && strchr("_-.", word.p[i]) == NULL)
                return 0;
        if (word.n == 0 || fact_word_in(word, no_names))
            return 0;
        at += word.n + 1;
    }
    return 0;
}

// "circuit F12: insulation 0.18 Mohm" is the insulation of circuit F12.
static void put_pair(struct facts_reader *r, struct str key, struct str value)
{
    char both[FACT_KEY_BYTES];
    value = str_trim(value);
    size_t n = named_number(value);
    if (n == 0 || key.n + n >= sizeof both) {
        facts_put_text(r, key, value);
        return;
    }
    snprintf(both, sizeof both, "%.*s %.*s", STR_ARG(key), (int)n, value.p);
    facts_put_text(r, str_trim(str_of(both)), fact_from(value, n));
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
        put_pair(r, s->key, s->value);
    }
    s->key.n = 0;
}

static void begin_pair(struct facts_reader *r, struct segment *s, struct str key, struct str value)
{
    end_pair(r, s);
    key = str_trim(key);
    if (facts_is_limit_key(key)) {
        put_limit(r, value);
        s->in_limits = true;
        return;
    }
    struct str word = fact_first_word(key);
    if (word.n < key.n && fact_word_in(word, "limit limits range")) {
        struct fact_value v;
        fact_value_none(&v);
        if (fact_limits_read(value, &v)) {
            facts_put_limit(r, fact_from(key, word.n), &v);
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
        letters |= fact_is_letter(word.p[i]);
        marks |=
            (word.p[i] >= 'A' && word.p[i] <= 'Z') || word.p[i] == '_' || fact_is_digit(word.p[i]);
    }
    return letters && (marks || levelled) && word.n > 1;
}

bool facts_read_tag(struct facts_reader *r, struct str s)
{
    struct fact_value v;
    struct str tag = fact_first_word(s), rest = str_trim(fact_from(s, tag.n));
    char flag[FACT_FLAG_BYTES] = "";
    if (!looks_like_tag(tag, r->levelled) || rest.n == 0)
        return false;
    struct str word = fact_first_word(rest);
    if (looks_like_tag(word, false) && word.n < rest.n && !fact_is_digit(word.p[0])) {
        str_copy(flag, sizeof flag, word);
        rest = str_trim(fact_from(rest, word.n));
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
    if (flag[0] || fact_first_word(rest).n != rest.n || !looks_like_tag(rest, false))
        return false;
    facts_put_text(r, tag, rest);
    return true;
}

// A segment without a separator: a tag with its value, limits or a flag of the pair before it, or
// words.
static void read_words(struct facts_reader *r, struct segment *s, struct str text)
{
    text = str_trim(text);
    struct str word = fact_first_word(text);
    while (word.n && strchr("([", word.p[0]))
        word = fact_from(word, 1);
    if (text.n == 0)
        return;
    if (s->in_limits) {
        put_limit(r, text);
    } else if (s->key.n &&
               fact_word_in(word, "limit limits lim range min max spec allowed normal low "
                                  "high alarm rated expected required")) {
        s->value.n = (size_t)(text.p + text.n - s->value.p);
    } else if (!facts_read_tag(r, text) && !facts_read_sentence(r, text)) {
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

void facts_read_pairs(struct facts_reader *r, struct str line)
{
    struct segment s = {.in_limits = r->in_limits};
    while (line.n) {
        size_t n = segment_end(line);
        read_segment(r, &s, str_trim((struct str){line.p, n}));
        while (n < line.n && strchr("|;,>\t ", line.p[n]))
            n++;
        line = fact_from(line, n);
    }
    end_pair(r, &s);
}
