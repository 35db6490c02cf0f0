// Finding causes, denials and questions in a text.
#include "diagnose/causes.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_word_byte(char c)
{
    c = lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

// The next word of `s` and what is behind it; empty at the end. Whether a comma or colon stood
// before it does not matter here.
static struct str next_word(struct str *s)
{
    size_t i = 0, n;
    while (i < s->n && !is_word_byte(s->p[i]))
        i++;
    for (n = i; n < s->n; n++) {
        bool hyphen = s->p[n] == '-' && n > i && n + 1 < s->n && is_word_byte(s->p[n + 1]);
        if (!is_word_byte(s->p[n]) && !hyphen)
            break;
    }
    struct str word = {s->p + i, n - i};
    *s = (struct str){s->p + n, s->n - n};
    return word;
}

// ICE_WARNING, LOW: words of a log that an answer quotes, no words of its own.
static bool is_quoted(struct str word)
{
    bool small = false, big = false;
    for (size_t i = 0; i < word.n; i++) {
        small |= word.p[i] >= 'a' && word.p[i] <= 'z';
        big |= word.p[i] >= 'A' && word.p[i] <= 'Z';
    }
    return big && !small && word.n > 1;
}

static bool word_matches(struct str word, struct str pattern)
{
    if (is_quoted(word))
        return false;
    bool any_ending = pattern.n && pattern.p[pattern.n - 1] == '*';
    pattern.n -= any_ending;
    if (word.n < pattern.n || (!any_ending && word.n != pattern.n))
        return false;
    return str_eq_nocase((struct str){word.p, pattern.n}, pattern);
}

// Whether `words` match at the start of `s`; a '*' alone stands for up to GAP_WORDS words.
static bool matches_here(struct str s, struct str words)
{
    enum { GAP_WORDS = 6 };
    if (words.n == 0 || !words.p)
        return true;
    struct str rest = words, pattern = str_cut(&rest, ' ');
    if (!str_is(pattern, "*")) {
        struct str word = next_word(&s);
        return word.n && word_matches(word, pattern) && matches_here(s, rest);
    }
    for (int i = 0; i <= GAP_WORDS; i++) {
        if (matches_here(s, rest))
            return true;
        if (next_word(&s).n == 0)
            return false;
    }
    return false;
}

// A sentence ends at ". ", ";", "?", "!" or a newline: not at the point of 8.4.
struct str answer_next_sentence(struct str *text)
{
    size_t n = 0;
    while (n < text->n) {
        char c = text->p[n];
        bool last = n + 1 == text->n;
        if (c == '\n' || c == ';' || c == '?' || c == '!' ||
            (c == '.' && (last || text->p[n + 1] == ' ' || text->p[n + 1] == '\n')))
            break;
        n++;
    }
    size_t end = n < text->n ? n + 1 : n;
    struct str sentence = {text->p, end};
    *text = (struct str){text->p + end, text->n - end};
    return sentence;
}

static const char *const denials[] = {"not",        "no",       "without",  "rather than",
                                      "nor",        "isn t",    "rule out", "rules out",
                                      "instead of", "excludes", "exclude",  "speaks against",
                                      "neither",    "unlikely", "ruled out"};

// A denial within the last few words before the place, in the same clause.
static bool denied_before(struct str sentence, size_t at)
{
    enum { REACH = 36 };
    size_t begin = at > REACH ? at - REACH : 0;
    for (size_t i = at; i > begin; i--)
        if (strchr(",:", sentence.p[i - 1])) {
            begin = i;
            break;
        }
    for (size_t i = begin; i < at; i++) {
        if (i > 0 && is_word_byte(sentence.p[i - 1]))
            continue;
        struct str here = {sentence.p + i, at - i};
        for (size_t k = 0; k < sizeof denials / sizeof *denials; k++)
            if (matches_here(here, str_of(denials[k])))
                return true;
    }
    return false;
}

// "the bearing is ruled out", "cavitation is not the cause" right behind the place.
static bool denied_behind(struct str rest)
{
    static const char *const ways[] = {"is not",  "is ruled",     "are not",  "is unlikely",
                                       "was not", "can be ruled", "does not", "isn t"};
    for (size_t k = 0; k < sizeof ways / sizeof *ways; k++)
        if (matches_here(rest, str_of(ways[k])))
            return true;
    return false;
}

static bool named_in(struct str sentence, struct str words, bool mind_denials)
{
    for (size_t i = 0; i < sentence.n; i++) {
        bool starts = is_word_byte(sentence.p[i]) && (i == 0 || !is_word_byte(sentence.p[i - 1]));
        struct str here = {sentence.p + i, sentence.n - i};
        if (!starts || !matches_here(here, words))
            continue;
        if (!mind_denials)
            return true;
        struct str behind = here, left = words;
        while (left.p && left.n) {
            str_cut(&left, ' ');
            next_word(&behind);
        }
        if (!denied_before(sentence, i) && !denied_behind(behind))
            return true;
    }
    return false;
}

static bool text_names(struct str text, const char *named, bool mind_denials)
{
    while (text.n) {
        struct str sentence = answer_next_sentence(&text), ways = str_of(named);
        while (ways.p && ways.n)
            if (named_in(sentence, str_cut(&ways, '|'), mind_denials))
                return true;
    }
    return false;
}

bool cause_words_match(struct str text, const char *named)
{
    return text_names(text, named, false);
}

const struct cause *cause_find(struct str id)
{
    for (size_t i = 0; i < cause_count; i++)
        if (str_is(id, causes[i].id))
            return &causes[i];
    return NULL;
}

bool sentence_is_advice(struct str sentence)
{
    static const char advice[] =
        "next check inspect replace measure test clean verify look tighten "
        "drain refill restore free send please have trace recalibrate "
        "compare listen open close flush grease top raise lower before "
        "then start stop vent reduce isolate";
    struct str word = next_word(&sentence), rest = str_of(advice);
    while (rest.p && rest.n)
        if (str_eq_nocase(str_cut(&rest, ' '), word))
            return true;
    return false;
}

uint64_t causes_named(struct str text)
{
    uint64_t set = 0;
    while (text.n) {
        struct str sentence = answer_next_sentence(&text);
        bool question = sentence.n && sentence.p[sentence.n - 1] == '?';
        if (question || sentence_is_advice(sentence))
            continue;
        uint64_t named = 0, covered = 0;
        for (size_t i = 0; i < cause_count; i++) {
            if (!text_names(sentence, causes[i].named, true))
                continue;
            named |= (uint64_t)1 << i;
            const struct cause *other =
                causes[i].covers ? cause_find(str_of(causes[i].covers)) : NULL;
            covered |= other ? (uint64_t)1 << (other - causes) : 0;
        }
        set |= named & ~covered;
    }
    return set;
}

bool answer_says_normal(struct str text)
{
    return text_names(
        text,
        "no fault|nothing is wrong|nothing wrong|no problem|is normal|are normal|"
        "looks normal|look normal|healthy|all * within|everything * within|"
        "no sign of a fault|no anomaly|works as it should|no abnormal*|every * within",
        false);
}

bool answer_asks(struct str text)
{
    const char *mark = text.n ? memchr(text.p, '?', text.n) : NULL;
    return mark || text_names(text,
                              "please send|please give|please provide|please add|is missing|"
                              "are missing|is needed|are needed|need the|needs the|cannot tell|"
                              "cannot be told|can not tell|i need|not enough|not given|"
                              "without the * it|is not in the log",
                              false);
}
