// Writing the grammar of an answer's claims.
#include "diagnose/evidence_grammar.h"

#include "diagnose/claims.h"

// Letters have no capital behind a small one, that would be an identifier; names all in capitals
// come from the evidence, too. A gap always has a blank, so that no number is put together from
// others, and a number without a unit stands before a stop, so that it gets none.
static const char frame[] = "root ::= [ \\n]* (piece gap | bare stop)* (piece | bare) end\n"
                            "gap ::= [,:;.!?)\"']* [ \\n] [(\"']*\n"
                            "stop ::= [,:;.!?)\"']+ [ \\n] [(\"']*\n"
                            "end ::= [.!?)\"']*\n"
                            "word ::= letters ([-'/] letters)*\n"
                            "letters ::= [A-Z\\u00c0-\\u00de] small* | small+ | capitals\n"
                            "small ::= [a-z\\u00df-\\u024f]\n"
                            "capitals ::= \"OK\"";

static void add_literal(struct str text, struct buf *to)
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
            add_literal((struct str){text.p + i, n}, to);
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

// What a claim may say, of all texts: bare numbers, or everything else.
static void add_claims(const struct str *texts, size_t count, bool bare, struct buf *to)
{
    enum { MOST = 256 }; // of one text; further ones cannot be said
    struct claim claims[MOST];
    for (size_t i = 0; i < count; i++) {
        size_t n = claims_read(texts[i], claims, MOST);
        n = n < MOST ? n : MOST;
        for (size_t k = 0; k < n; k++) {
            struct str text = with_range(claims, k, n);
            bool is_bare = claims[k].kind == CLAIM_NUMBER && claims[k].unit.n == 0;
            struct str worded = is_bare ? with_word(texts[i], text) : text;
            if (bare ? is_bare : !is_bare || worded.n > text.n)
                add_literal(bare ? text : worded, to);
        }
    }
}

void evidence_grammar_write(const struct str *texts, size_t count, struct buf *to)
{
    buf_add_z(to, frame);
    for (size_t i = 0; i < count; i++)
        add_capitals(texts[i], to);
    buf_add_z(to, "\npiece ::= word");
    add_claims(texts, count, false, to);
    buf_add_z(to, "\nbare ::= capitals"); // where there are no bare numbers
    add_claims(texts, count, true, to);
    buf_add_char(to, '\n');
}
