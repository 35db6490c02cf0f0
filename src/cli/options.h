// Command-line options from a table: parsing, checking, and the help that is made from it.
#ifndef FETTLE_CLI_OPTIONS_H
#define FETTLE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum option_type {
    OPTION_FLAG, // bool
    OPTION_TEXT, // const char *
    OPTION_INT,  // int64_t, not negative
    OPTION_REAL, // double
    OPTION_LIST, // struct option_list: may be given again and again
};

enum { OPTION_LIST_MAX = 256 };

struct option_list {
    const char *items[OPTION_LIST_MAX];
    size_t count;
};

struct option {
    const char *name;  // without the dashes; NULL ends a table; "model|m": -m means the same
    const char *value; // what stands for the value in the help; NULL for a flag
    const char *help;  // one sentence
    enum option_type type;
    void *to; // where the value goes; must hold its default before parsing
};

// Reads `argv[0..argc-1]` (the words after the command). Words that are no options go to
// `operands` in order; "--" ends options; "-" is an operand. "--name=value" and "--name value" both
// work. An OPTION_LIST option takes one value each time. ERR_USAGE names the word and suggests the
// nearest option.
enum err_code options_parse(const struct option *table, int argc, char *const *argv,
                            struct option_list *operands, struct err *err);

// The options as indented help lines.
void options_help(const struct option *table, struct buf *out);

#endif
