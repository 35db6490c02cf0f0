// Facts from sentences: "The supply voltage was only 8.4 V, the data sheet says 10-30 V."
//
// A number's key is the words before it, back to an article, a preposition or a comma; a number
// behind a word of limits bounds the value before it.
#include <math.h>

#include "diagnose/facts_private.h"
#include "diagnose/units.h"

enum { KEY_WORDS = 4 };

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || fact_is_digit(c) || c == '_' ||
           (unsigned char)c >= 0x80;
}

static const char between[] =
    "is was are were reads read reading showed shows show at of only about "
    "around just now still measured measures stands stays gives gave = : "
    "with a value sits got down up to currently has been reported "
    "reports came out averaged averages hovers near roughly steady "
    "constantly to went fell dropped rose climbed indicates";
static const char stops[] = "the a an and but while with its his her their our in on for from that "
                            "this then when so because though although yet also or if our my we i "
                            "they it there seen noted found measured says of see had has reads";
static const char limit_words[] = "limit limits spec specs specified specification range allowed "
                                  "allows normal rated rating between should must minimum maximum "
                                  "min max least most permitted permits expected below above under "
                                  "over sheet threshold acceptable tolerance nameplate exceeds "
                                  "exceed alarm trip required";

static size_t word_start(struct str s, size_t end)
{
    while (end > 0 && !fact_is_space(s.p[end - 1]))
        end--;
    return end;
}

static size_t back_over_blanks(struct str s, size_t end)
{
    while (end > 0 && fact_is_space(s.p[end - 1]))
        end--;
    return end;
}

// The words before s.p[at] that name the number there; empty if none do.
static struct str name_before(struct str s, size_t begin, size_t at)
{
    size_t end = back_over_blanks(s, at);
    while (end > begin) { // past "was only"
        size_t start = word_start(s, end);
        if (!fact_word_in((struct str){s.p + start, end - start}, between))
            break;
        end = back_over_blanks(s, start);
    }
    size_t from = end;
    for (int words = 0; words < KEY_WORDS && from > begin; words++) {
        size_t stop = back_over_blanks(s, from), start = word_start(s, stop);
        struct str word = {s.p + start, stop - start};
        if (start < begin || word.n == 0 || strchr(",.;:!?", word.p[word.n - 1]) ||
            fact_word_in(word, stops) || (fact_is_digit(word.p[0]) && words == 0))
            break;
        from = start;
    }
    while (end > from && strchr("(,:=", s.p[end - 1]))
        end--;
    return str_trim((struct str){s.p + from, end > from ? end - from : 0});
}

static bool has_limit_word(struct str s)
{
    while (s.n) {
        size_t n = 0;
        while (n < s.n && is_word_byte(s.p[n]))
            n++;
        if (n && fact_word_in((struct str){s.p, n}, limit_words))
            return true;
        n += n < s.n;
        s = (struct str){s.p + n, s.n - n};
    }
    return false;
}

// Length of the number with its unit at s.p[i], and of the range it may begin; 0 if there is none
// or it is part of a word, a date or a time.
static size_t number_at(struct str s, size_t i, struct fact_value *v)
{
    double number;
    size_t n, unit_n = 0;
    struct str rest = {s.p + i, s.n - i};
    bool starts = i == 0 || fact_is_space(s.p[i - 1]) || strchr("(~=:", s.p[i - 1]);
    if (!starts || !fact_number(rest, &number, &n, NULL))
        return 0;
    size_t stamp = facts_timestamp(rest);
    if (stamp)
        return stamp;
    struct str behind = {rest.p + n, rest.n - n};
    size_t blank = behind.n && behind.p[0] == ' ';
    if (unit_at((struct str){behind.p + blank, behind.n - blank}, &unit_n))
        unit_n += blank;
    size_t length = n + unit_n;
    if (length < rest.n && is_word_byte(rest.p[length]))
        return 0;
    if (length == n && n + 1 < rest.n && rest.p[n] == ':' && rest.p[n + 1] == ' ')
        return n; // "pump 3: ..." names who is meant
    fact_value_read((struct str){rest.p, length}, v);
    return length;
}

static size_t sentence_end(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\n' || s.p[i] == ';' ||
            (strchr(".!?", s.p[i]) && (i + 1 == s.n || fact_is_space(s.p[i + 1]))))
            return i;
    return s.n;
}

// Length of "(1420-1510 rpm)" at s.p[i], the limits of the value before it; 0 if there is none.
static size_t bracket_at(struct str s, size_t i, struct fact_value *v)
{
    size_t begin = i;
    while (i < s.n && s.p[i] == ' ')
        i++;
    if (i == s.n || (s.p[i] != '(' && s.p[i] != '['))
        return 0;
    const char *close = memchr(s.p + i, s.p[i] == '(' ? ')' : ']', s.n - i);
    if (!close)
        return 0;
    fact_value_none(v);
    struct str inside = {s.p + i + 1, (size_t)(close - s.p) - i - 1};
    return fact_limits_read(inside, v) ? (size_t)(close - s.p) + 1 - begin : 0;
}

// One sentence; `last` is the key of the latest value, to which limits belong.
static bool read_one(struct facts_reader *r, struct str s, struct str *last)
{
    size_t begin = 0;
    bool found = false;
    for (size_t i = 0; i < s.n;) {
        struct fact_value v;
        fact_value_none(&v);
        size_t n = number_at(s, i, &v);
        if (n == 0 || !v.is_number) {
            i += n ? n : 1;
            continue;
        }
        struct str lead = {s.p + begin, i - begin};
        if (last->n && has_limit_word(lead)) {
            // The bound or range, told with the words that lead to it.
            size_t end = i + n;
            while (end < s.n && s.p[end] != ',' && s.p[end] != '(')
                end++;
            fact_value_none(&v);
            if (fact_limits_read((struct str){lead.p, end - begin}, &v))
                facts_put_limit(r, *last, &v);
            found = true;
            begin = i = end;
            continue;
        }
        struct str key = name_before(s, begin, i);
        begin = i = i + n;
        if (key.n == 0 || key.n >= FACT_KEY_BYTES)
            continue;
        facts_put(r, key, &v);
        *last = key;
        found = true;
        size_t limits = bracket_at(s, i, &v);
        if (limits)
            facts_put_limit(r, key, &v);
        begin = i += limits;
    }
    return found;
}

bool facts_read_sentence(struct facts_reader *r, struct str text)
{
    struct str last = {"", 0};
    size_t words = 0;
    text = str_trim(text);
    for (size_t i = 0; i < text.n; i++)
        words += fact_is_space(text.p[i]);
    if (words < 2)
        return false;
    while (text.n) {
        size_t n = sentence_end(text);
        struct str sentence = str_trim((struct str){text.p, n});
        if (sentence.n && !read_one(r, sentence, &last))
            facts_note(r, sentence);
        n += n < text.n;
        text = (struct str){text.p + n, text.n - n};
    }
    return true;
}
