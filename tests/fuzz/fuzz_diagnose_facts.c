// Fuzzes the reader of logs and the reader of claims: any bytes give facts whose own lines hold
// nothing unsupported, and a grammar that compiles.
#include <stdint.h>
#include <stdlib.h>

#include "diagnose/claims.h"
#include "diagnose/evidence_grammar.h"
#include "llm/grammar/grammar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct facts *f = calloc(1, sizeof *f);
    struct claim claims[CLAIMS_MAX];
    struct buf lines = {0}, gbnf = {0};
    struct grammar *grammar = NULL;
    struct str log = {(const char *)data, size};
    size_t count;
    if (!f)
        abort();
    enum err_code code = facts_read(log, f, NULL);
    if ((code != ERR_OK && code != ERR_INPUT) || f->count > FACTS_MAX)
        abort();
    facts_join_known(f);
    facts_write(f, &lines);
    struct str text = buf_str(&lines);
    size_t bad = claims_check(text, NULL, &text, 1, claims, &count);
    if (count > CLAIMS_MAX || (count < CLAIMS_MAX && bad > 0))
        abort();                                     // a text supports itself
    claims_check(text, f, &text, 1, claims, &count); // a note may speak against a fact
    claims_check(log, f, NULL, 0, claims, &count);
    evidence_grammar_write(&text, 1, f, size % 2 ? EVIDENCE_ANY_WORDS : EVIDENCE_TAUGHT_WORDS,
                           &gbnf);
    code = grammar_from_gbnf(buf_str(&gbnf), "evidence", &grammar, NULL);
    if (code != ERR_OK && code != ERR_LIMIT)
        abort();
    grammar_close(&grammar);
    buf_free(&lines);
    buf_free(&gbnf);
    free(f);
    return 0;
}
