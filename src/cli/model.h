// The kinds of `fettle model`, one file each.
#ifndef FETTLE_CLI_MODEL_H
#define FETTLE_CLI_MODEL_H

#include "cli/command.h"

struct model_options {
    const char *out, *type, *text;
    int64_t threads, context, tokens;
};
extern struct model_options model_options;

// operands[0] is the kind itself.
enum err_code cli_model_quantize(const struct option_list *operands, struct err *err);
enum err_code cli_model_perplexity(const struct option_list *operands, struct err *err);

#endif
