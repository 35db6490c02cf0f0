// The kinds of `fettle model`, one file each.
#ifndef FETTLE_CLI_MODEL_H
#define FETTLE_CLI_MODEL_H

#include "cli/command.h"

struct model_options {
    const char *out, *type, *text, *against, *importance;
    const char *adapter, *system; // export
    const char *base;             // convert
    const char *run;              // card
    bool ollama, onnx;
    int64_t threads, context, tokens, bits;
    const char *like, *arch, *vocabulary, *cpu, *cache; // synth, bench
    int64_t seed, prompt, answer, repeats;
    struct option_list depths;
};
extern struct model_options model_options;

// ERR_USAGE unless one model follows the kind.
enum err_code cli_model_one(const struct option_list *operands, struct err *err);

// operands[0] is the kind itself.
enum err_code cli_model_quantize(const struct option_list *operands, struct err *err);
enum err_code cli_model_card(const struct option_list *operands, struct err *err);
enum err_code cli_model_convert(const struct option_list *operands, struct err *err);
enum err_code cli_model_imatrix(const struct option_list *operands, struct err *err);
enum err_code cli_model_average(const struct option_list *operands, struct err *err);
enum err_code cli_model_export(const struct option_list *operands, struct err *err);
enum err_code cli_model_info(const struct option_list *operands, struct err *err);
enum err_code cli_model_list(const struct option_list *operands, struct err *err);
enum err_code cli_model_synth(const struct option_list *operands, struct err *err);
enum err_code cli_model_bench(const struct option_list *operands, struct err *err);
enum err_code cli_model_perplexity(const struct option_list *operands, struct err *err);

#endif
