// The kinds of `fettle train`, one file each.
#ifndef FETTLE_CLI_TRAIN_H
#define FETTLE_CLI_TRAIN_H

#include "cli/command.h"

struct train_options {
    const char *out, *pre, *type;
    double scale;
    int64_t vocabulary, least, threads;
    bool resume;
};
extern struct train_options train_options;

// operands[0] is the kind itself.
enum err_code cli_train_tokenizer(const struct option_list *operands, struct err *err);
enum err_code cli_train_lm(const struct option_list *operands, struct err *err);
enum err_code cli_train_adapter(const struct option_list *operands, struct err *err);
enum err_code cli_train_merge(const struct option_list *operands, struct err *err);

#endif
