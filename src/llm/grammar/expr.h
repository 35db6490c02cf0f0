// Rules of a grammar as expressions: what GBNF and JSON Schema become before they are compiled.
#ifndef FETTLE_LLM_GRAMMAR_EXPR_H
#define FETTLE_LLM_GRAMMAR_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"

enum { RULES_MAX = 1 << 13, CODE_POINT_MAX = 0x10ffff };

#define EXPR_NO_LIMIT UINT32_MAX // of repetitions

enum expr_kind {
    EXPR_BYTES,
    EXPR_CLASS,
    EXPR_SEQUENCE,
    EXPR_CHOICE,
    EXPR_REPEAT,
    EXPR_RULE,
    EXPR_MEMBERS,
};

// First and last code point.
struct code_range {
    uint32_t first, last;
};

struct expr {
    enum expr_kind kind;
    struct str bytes;                // EXPR_BYTES
    const struct code_range *ranges; // EXPR_CLASS: sorted, apart, without surrogates
    const struct expr **parts;       // EXPR_SEQUENCE, EXPR_CHOICE, EXPR_MEMBERS; EXPR_REPEAT: one
    size_t n;                        // ranges or parts
    uint32_t least, most;            // EXPR_REPEAT
    uint32_t rule;                   // EXPR_RULE
    const bool *must;                // EXPR_MEMBERS: by part
    const struct expr *between;      // EXPR_MEMBERS
};

// Where a rule is defined or first named, from 1; 0: nowhere in a text.
struct text_place {
    uint32_t line, column;
};

struct rule {
    struct str name;
    const struct expr *body; // NULL: not defined yet
    struct text_place named, defined;
};

// All rules of a grammar. Expressions live in the arena. When there are too many rules or too much
// of them `failed` stays set and the functions below give NULL, which they also take.
struct rules {
    struct arena *arena;
    struct map names;
    struct rule *list;
    uint32_t count, cap;
    bool failed;
};

enum err_code rules_open(struct rules *r, struct err *err);
void rules_close(struct rules *r); // safe on a zeroed one

// The rule of that name, which is made if there is none.
uint32_t rules_find(struct rules *r, struct str name, struct text_place at);
void rules_define(struct rules *r, uint32_t rule, const struct expr *body);

const struct expr *expr_bytes(struct rules *r, struct str bytes);
const struct expr *expr_z(struct rules *r, const char *text);
const struct expr *expr_empty(struct rules *r);
const struct expr *expr_rule(struct rules *r, uint32_t rule);

// The characters of the ranges (in any order), or all others.
const struct expr *expr_class(struct rules *r, const struct code_range *ranges, size_t n,
                              bool others);
const struct expr *expr_range(struct rules *r, uint32_t first, uint32_t last);

// `parts` are copied.
const struct expr *expr_sequence(struct rules *r, const struct expr *const *parts, size_t n);
const struct expr *expr_choice(struct rules *r, const struct expr *const *parts, size_t n);
const struct expr *expr_repeat(struct rules *r, const struct expr *part, uint32_t least,
                               uint32_t most);

// The parts in their order, at least one, with `between` between them; those that need not be there
// may be left out. Both lists are copied.
const struct expr *expr_members(struct rules *r, const struct expr *const *parts, const bool *must,
                                size_t n, const struct expr *between);

#define EXPR_SEQUENCE_OF(r, ...)                                                                   \
    expr_sequence(r, (const struct expr *[]){__VA_ARGS__},                                         \
                  sizeof(const struct expr *[]){__VA_ARGS__} / sizeof(const struct expr *))
#define EXPR_CHOICE_OF(r, ...)                                                                     \
    expr_choice(r, (const struct expr *[]){__VA_ARGS__},                                           \
                sizeof(const struct expr *[]){__VA_ARGS__} / sizeof(const struct expr *))

#endif
