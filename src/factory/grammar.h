// Paraphrase grammars: many ways to say one thing, kept as text beside the code.
//
//     # a comment
//     greeting:
//         Hello [there|again], {name}.
//         ~ Good <time_of_day>, {name}.
//
// A rule is a name with a colon and its alternatives, one a line, indented. [a|b] chooses, <rule>
// expands another rule, {slot} is filled by the program ({Slot}: with a capital). An alternative
// with a '~' is held out: evaluation uses the held-out ones of a rule, training the others. A rule
// without any serves both.
#ifndef FETTLE_FACTORY_GRAMMAR_H
#define FETTLE_FACTORY_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/rng.h"

struct grammar;

struct grammar_slot {
    const char *name, *value;
};

// What an expansion is made with, and where it notes the alternatives it took of rules that hold
// some out, as "rule:7 ".
struct grammar_use {
    const struct grammar *grammar;
    struct rng *rng;
    bool held_out;
    const struct grammar_slot *slots; // ended by a NULL name
    struct buf *phrasings;
};

// Reads a grammar; `text` must outlive it. ERR_INPUT names the line of a mistake: a rule used but
// not there, a bracket not closed, a rule without alternatives for both splits.
enum err_code factory_grammar_open(struct grammar **out, const char *name, const char *text,
                                   struct err *err);
void factory_grammar_close(struct grammar **g);

// Appends an expansion. ERR_INTERNAL: no such rule, or a slot without a value.
enum err_code factory_grammar_say(const struct grammar_use *use, const char *rule, struct buf *to,
                                  struct err *err);

#endif
