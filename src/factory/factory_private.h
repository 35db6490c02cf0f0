// What a task of the factory is.
#ifndef FETTLE_FACTORY_FACTORY_PRIVATE_H
#define FETTLE_FACTORY_FACTORY_PRIVATE_H

#include "base/rng.h"
#include "factory/factory.h"
#include "factory/grammar.h"

// What a maker works with.
struct maker {
    const struct factory_options *options;
    struct rng rng;
    struct grammar *grammar;
    bool held_out;  // the split is eval
    struct buf log; // the log of the example
    void *scratch;  // of the task's scratch_bytes
};

struct task {
    struct factory_task name;
    const char *grammar; // its text
    size_t scratch_bytes;
    // Fills the example; false: drop it and try again.
    enum err_code (*make)(struct maker *m, struct factory_example *e, bool *kept, struct err *err);
    void (*clear)(void *scratch); // frees what it holds, not itself; may be NULL
};

extern const struct task task_diagnostics, task_incidents, task_sql, task_summaries, task_support;

// A grammar's use with these slots, noting phrasings in the example.
struct grammar_use maker_use(struct maker *m, struct factory_example *e,
                             const struct grammar_slot *slots);

// The grammars, put into the program by embed.cmake.
extern const char factory_diagnostics_grammar[], factory_incidents_grammar[], factory_sql_grammar[],
    factory_summaries_grammar[], factory_support_grammar[];

#endif
