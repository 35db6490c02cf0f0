// GBNF text being read: where it is, what it says when something is wrong, literals and classes.
#ifndef FETTLE_LLM_GRAMMAR_GBNF_PRIVATE_H
#define FETTLE_LLM_GRAMMAR_GBNF_PRIVATE_H

#include "llm/grammar/gbnf.h"

struct gbnf {
    struct rules *rules;
    const char *where;
    const char *p, *end;
    const char *line_begin;
    uint32_t line;
    int depth;
    struct err *err;
    const struct expr **parts; // of all sequences and choices that are open
    size_t part_count;
};

static inline bool gbnf_at_end(const struct gbnf *g)
{
    return g->p == g->end;
}

static inline bool gbnf_is(const struct gbnf *g, char c)
{
    return g->p < g->end && *g->p == c;
}

struct text_place gbnf_place(const struct gbnf *g);

// Sets g->err to ERR_INPUT with the place, that of now or `at`.
enum err_code gbnf_fail(struct gbnf *g, const char *what);
enum err_code gbnf_fail_at(struct gbnf *g, struct text_place at, const char *what);

// "literal" and [class], at whose first byte the reader is and behind whose last it ends.
enum err_code gbnf_literal(struct gbnf *g, const struct expr **out);
enum err_code gbnf_class(struct gbnf *g, const struct expr **out);

#endif
