// The dialects in which the factory writes logs, each a small writer.
#ifndef FETTLE_FACTORY_DIALECT_H
#define FETTLE_FACTORY_DIALECT_H

#include "base/buf.h"
#include "factory/grammar.h"
#include "factory/scene.h"

// What a writer is given.
struct dialect_use {
    const struct scene *scene;
    bool limits; // write the limits, too
    const struct grammar_use *grammar;
    struct rng *rng;
};

struct dialect {
    const char *name;
    bool tight;   // keys have no blanks
    bool samples; // tells how values moved
    bool held_out;
    enum err_code (*write)(const struct dialect_use *u, struct buf *to, struct err *err);
};

extern const struct dialect dialects[];
extern const size_t dialect_count;

#endif
