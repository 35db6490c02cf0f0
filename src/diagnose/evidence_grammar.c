// Writing the grammar of an answer's claims.
#include "diagnose/evidence_grammar.h"

#include "diagnose/claims.h"

// Letters have no capital behind a small one, that would be an identifier; names all in capitals
// come from the evidence, too. A gap always has a blank, so that no number is put together from
// others.
static const char frame[] = "root ::= [ \\n]* piece (gap piece)* end\n"
                            "gap ::= [,:;.!?)\"']* [ \\n] [(\"']*\n"
                            "end ::= [.!?)\"']*\n"
                            "word ::= letters ([-'/] letters)*\n"
                            "letters ::= [A-Z\\u00c0-\\u00de] small* | small+ | capitals\n"
                            "small ::= [a-z\\u00df-\\u024f]\n";

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

void evidence_grammar_write(const struct str *texts, size_t count, struct buf *to)
{
    struct claim claims[CLAIMS_MAX];
    buf_add_z(to, frame);
    buf_add_z(to, "capitals ::= \"OK\"");
    for (size_t i = 0; i < count; i++)
        add_capitals(texts[i], to);
    buf_add_z(to, "\npiece ::= word");
    for (size_t i = 0; i < count; i++) {
        size_t n = claims_read(texts[i], claims, CLAIMS_MAX);
        n = n < CLAIMS_MAX ? n : CLAIMS_MAX;
        for (size_t k = 0; k < n; k++)
            add_literal(with_range(claims, k, n), to);
    }
    buf_add_char(to, '\n');
}
