// Writing the grammar of an answer's claims.
#include "diagnose/evidence_grammar.h"

#include "diagnose/claims.h"
#include "diagnose/event_words.h"
#include "diagnose/evidence_private.h"

// What is a word: evidence_words.c. A gap always has a blank, so that no number is put together
// from others. A number without a unit stands before a stop, so that it gets none; one with a unit
// is followed by a stop, or a word: by "at" only with the key that it is the value of. The value of
// a fact comes before its key only where a statement begins.
static const char frame[] =
    "root ::= [ \\n]* (valued gap)? (name gap | name colon gap | held (stop | behind further gap) "
    "| "
    "bare (stop | also) | "
    "value (stop | behind onward gap))* (name colon? | held | bare | value) end\n"
    "colon ::= \": \" valued\n"
    "also ::= \" \" (\"and\" | \"while\" | \"but\") \" \" (name gap | bare (stop | also))\n"
    "gap ::= mark? mark? [ \\n] [(\"']?\n"
    "stop ::= mark mark? [ \\n] [(\"']?\n"
    "behind ::= \" \" [(\"']?\n"
    "mark ::= [,:;.!?)\"']\n"
    "end ::= [.!?)\"']? [.!?)\"']? [.!?)\"']?\n";

void evidence_literal(struct str text, struct buf *to)
{
    buf_add_z(to, " | \"");
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == '"' || c == '\\')
            buf_add_char(to, '\\');
        if (c < ' ')
            buf_printf(to, "\\x%02x", c);
        else
            buf_add_char(to, (char)c);
    }
    buf_add_char(to, '"');
}

// The first number of a range stands with its second one, which has the unit: "10-30 V".
static struct str with_range(const struct claim *claims, size_t i, size_t count)
{
    struct str text = claims[i].text;
    bool opens_range = claims[i].kind == CLAIM_NUMBER && claims[i].unit.n && i + 1 < count &&
                       claims[i].unit.p >= text.p + text.n;
    if (opens_range)
        text.n = (size_t)(claims[i + 1].text.p + claims[i + 1].text.n - text.p);
    return text;
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static void add_capitals(struct str text, struct buf *to)
{
    for (size_t i = 0; i < text.n; i++) {
        size_t n = 0;
        while (i + n < text.n && is_capital(text.p[i + n]))
            n++;
        if (n > 1)
            evidence_literal((struct str){text.p + i, n}, to);
        i += n;
    }
}

// A bare number with the word behind it: "6 samples", "3.1 over".
static struct str with_word(struct str text, struct str number)
{
    size_t end = (size_t)(number.p - text.p) + number.n, n = end + 1;
    if (end >= text.n || text.p[end] != ' ')
        return number;
    while (n < text.n && text.p[n] >= 'a' && text.p[n] <= 'z')
        n++;
    return n == end + 1 ? number : (struct str){number.p, n - (size_t)(number.p - text.p)};
}

// The key of "- KEY: 8.4 V" on a line of its own, of facts_write's lines; empty when it has none.
static struct str key_of(struct str text, struct str number)
{
    static const char *const no_keys[] = {"device", "time", "note", "known", "event"};
    size_t at = (size_t)(number.p - text.p), start = at;
    while (start > 0 && text.p[start - 1] != '\n')
        start--;
    if (at > start + 2 && memcmp(text.p + start, "- ", 2) == 0)
        start += 2;
    struct str key = {text.p + start, at > start + 2 ? at - start - 2 : 0};
    if (key.n == 0 || memcmp(text.p + at - 2, ": ", 2) != 0)
        return (struct str){0};
    for (size_t i = 0; i < key.n; i++)
        if (strchr("|,;:=", key.p[i]))
            return (struct str){0};
    for (size_t i = 0; i < sizeof no_keys / sizeof *no_keys; i++)
        if (str_is(key, no_keys[i]))
            return (struct str){0};
    return key;
}

static void add_held(struct str value, struct str key, struct buf *to)
{
    struct buf both = {0};
    buf_printf(&both, "%.*s at %.*s", STR_ARG(value), STR_ARG(key));
    if (both.failed)
        to->failed = true;
    else if (key.n)
        evidence_literal(buf_str(&both), to);
    buf_free(&both);
}

enum rule {
    RULE_NAME,  // identifiers, times, bare numbers with the word behind them
    RULE_VALUE, // numbers with their unit
    RULE_HELD,  // these with "at" and their key
    RULE_BARE,  // numbers without unit
};

static void add_claim(struct str text, const struct claim *c, struct str said, enum rule rule,
                      struct buf *to)
{
    bool number = c->kind == CLAIM_NUMBER, bare = number && c->unit.n == 0;
    struct str worded = bare ? with_word(text, said) : said;
    if (rule == RULE_NAME && (!number || worded.n > said.n))
        evidence_literal(worded, to);
    else if (rule == RULE_VALUE && number && !bare)
        evidence_literal(said, to);
    else if (rule == RULE_HELD && number && !bare)
        add_held(said, key_of(text, said), to);
    else if (rule == RULE_BARE && bare)
        evidence_literal(said, to);
}

static void add_texts(enum rule rule, const struct str *texts, size_t count, struct buf *to)
{
    enum { MOST = 256 }; // of one text; further ones cannot be said
    struct claim claims[MOST];
    for (size_t i = 0; i < count; i++) {
        size_t n = claims_read(texts[i], claims, MOST);
        n = n < MOST ? n : MOST;
        for (size_t k = 0; k < n; k++)
            add_claim(texts[i], &claims[k], with_range(claims, k, n), rule, to);
    }
}

void evidence_grammar_write(const struct str *texts, size_t count, const struct facts *facts,
                            enum evidence_words words, struct buf *to)
{
    static const struct facts none;
    const struct facts *f = facts ? facts : &none;
    bool taught = words == EVIDENCE_TAUGHT_WORDS;
    buf_add_z(to, frame);
    if (taught)
        evidence_words_taught(texts, count, facts != NULL, to);
    else
        evidence_words_any(facts != NULL, to);
    buf_add_z(to, evidence_fact_rules);
    buf_add_z(to, "capitals ::= \"OK\"");
    for (size_t i = 0; i < count; i++)
        add_capitals(texts[i], to);
    for (size_t i = 0; i < f->count; i++) {
        if (!taught) {
            add_capitals(str_of(f->items[i].key), to);
            add_capitals(str_of(f->items[i].text), to);
        }
        add_capitals(str_of(f->items[i].flag), to);
    }
    // A rule needs an alternative even where the evidence has none for it.
    buf_add_z(to, "\nname ::= word");
    add_texts(RULE_NAME, texts, count, to);
    event_words_times(f, to);
    evidence_fact_names(f, !taught, to);
    buf_add_z(to, "\nvalue ::= capitals");
    add_texts(RULE_VALUE, texts, count, to);
    buf_add_z(to, "\nheld ::= capitals");
    add_texts(RULE_HELD, texts, count, to);
    event_words_grammar(f, to);
    evidence_fact_statements(f, to);
    buf_add_z(to, "\nvalued ::= capitals");
    evidence_fact_values(f, to);
    buf_add_z(to, "\nbare ::= capitals");
    add_texts(RULE_BARE, texts, count, to);
    evidence_fact_counts(f, to);
    buf_add_char(to, '\n');
}
