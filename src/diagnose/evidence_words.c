// What a grammar lets an answer have as words.
#include <string.h>

#include "diagnose/evidence_private.h"

// ---- any words ----

// Words with the first letter of `word` that do not begin with it: alternatives of the rule
// "plain".
static void add_all_but(const char *word, struct buf *to)
{
    for (size_t n = 1; word[n]; n++)
        buf_printf(to, " | \"%.*s\" ([a-%c%c-z\\u00df-\\u024f] small*)?", (int)n, word, word[n] - 1,
                   word[n] + 1);
}

// Letters have no capital behind a small one, that would be an identifier; names all in capitals
// come from the evidence, too.
void evidence_words_any(bool stated, struct buf *to)
{
    buf_add_z(to, "word ::= letters ([-'/] letters)*\n"
                  "letters ::= [A-Z\\u00c0-\\u00de] small* | plain | capitals\n"
                  "onward ::= other ([-'/] letters)*\n"
                  "other ::= [A-Z\\u00c0-\\u00deb-z\\u00df-\\u024f] small* | "
                  "\"a\" ([a-su-z] small*)? | \"at\" small+ | capitals\n"
                  "further ::= word\n"
                  "small ::= [a-z\\u00df-\\u024f]\n"
                  "plain ::= [c-vx-z\\u00df-\\u024f] small*");
    if (stated) {
        add_all_but("above", to);
        add_all_but("below", to);
        add_all_but("within", to);
    } else {
        buf_add_z(to, " | [abw] small*");
    }
    buf_add_char(to, '\n');
}

// ---- taught words ----

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_small(char c)
{
    return is_letter(c) && !(c >= 'A' && c <= 'Z');
}

// [tT] "he": a word, with a capital or not.
static void add_word(struct str word, struct buf *to)
{
    char small = word.p[0] >= 'A' && word.p[0] <= 'Z' ? (char)(word.p[0] - 'A' + 'a') : word.p[0];
    if (small >= 'a' && small <= 'z')
        buf_printf(to, " | [%c%c] \"%.*s\"", small, small - 'a' + 'A', (int)word.n - 1, word.p + 1);
    else
        buf_printf(to, " | \"%.*s\"", STR_ARG(word));
}

// Nor may "is" or what begins so follow a value, as a statement would: these are no part of
// "plain".
static bool is_said_elsewhere(struct str word, bool stated)
{
    static const char *const sides[] = {"above", "below", "within"};
    for (size_t i = 0; stated && i < sizeof sides / sizeof *sides; i++)
        if (str_eq_nocase(word, str_of(sides[i])))
            return true;
    bool is = word.n >= 2 && str_eq_nocase((struct str){word.p, 2}, STR_LIT("is"));
    return is || str_eq_nocase(word, STR_LIT("at"));
}

// Whole words in small letters but for the first: what is written otherwise is an identifier.
static void add_words_of(struct str text, bool stated, struct buf *to)
{
    enum { SHORTEST = 3 };
    for (size_t i = 0; i < text.n;) {
        size_t start = i;
        bool plain = true;
        for (; i < text.n &&
               (is_letter(text.p[i]) || text.p[i] == '_' || (text.p[i] >= '0' && text.p[i] <= '9'));
             i++)
            plain = plain && (i == start ? is_letter(text.p[i]) : is_small(text.p[i]));
        struct str word = {text.p + start, i - start};
        if (plain && word.n >= SHORTEST && !is_said_elsewhere(word, stated))
            add_word(word, to);
        i += i == start;
    }
}

// Words of the table that begin alike share that beginning: each place tries all of them.
static void add_table(struct buf *to)
{
    const char *p = evidence_answer_words;
    while (*p) {
        char first = *p;
        bool alone = false;
        const char *joint = "";
        if (first >= 'A' && first <= 'Z') { // "CRC"
            size_t n = strcspn(p, " ");
            evidence_literal((struct str){p, n}, to);
            p += n + (p[n] == ' ');
            continue;
        }
        buf_printf(to, " | [%c%c] (", first, first - 'a' + 'A');
        while (*p == first) {
            size_t n = strcspn(p, " ");
            if (n == 1)
                alone = true;
            else if (!is_said_elsewhere((struct str){p, n}, false)) {
                buf_printf(to, "%s\"%.*s\"", joint, (int)n - 1, p + 1);
                joint = " | ";
            }
            p += n + (p[n] == ' ');
        }
        buf_add_z(to, alone ? ")?" : ")");
    }
}

void evidence_words_taught(const struct str *texts, size_t count, bool stated, struct buf *to)
{
    buf_add_z(to, "word ::= onward | [aA] \"t\"\n"
                  "onward ::= plain | [iI] \"s\" \"olate\"?\n"
                  "further ::= plain | [aA] \"t\"\n"
                  "plain ::= capitals");
    add_table(to);
    if (!stated)
        buf_add_z(to, " | [aA] \"bove\" | [bB] \"elow\" | [wW] \"ithin\"");
    for (size_t i = 0; i < count; i++)
        add_words_of(texts[i], stated, to);
    buf_add_char(to, '\n');
}
