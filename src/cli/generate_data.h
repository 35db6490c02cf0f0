// The part of `fettle generate` that writes instruction data.
#ifndef FETTLE_CLI_GENERATE_DATA_H
#define FETTLE_CLI_GENERATE_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct generate_data {
    const char *task, *split, *form;
    const char *out;       // NULL: standard output
    const char *tokenizer; // counts tokens for the statistics; NULL: words are counted
    uint64_t seed, count;
    bool stats;
};

enum err_code cli_generate_data(const struct generate_data *plan, struct err *err);

#endif
