// fettle model: looks at models and changes them.
#include <string.h>

#include "cli/model.h"

struct model_options model_options = {.type = "Q4_K_M", .threads = 2};

static const struct option table[] = {
    {"out", "FILE", "quantize: the file to write", OPTION_TEXT, &model_options.out},
    {"type", "TYPE",
     "quantize: F32, F16, BF16, Q8_0, Q6_K, Q5_K, Q5_K_M, Q4_K, Q4_K_M (default), Q4_0, IQ4_NL",
     OPTION_TEXT, &model_options.type},
    {"text", "FILE", "perplexity: what to foresee; quantize: measure it before and after",
     OPTION_TEXT, &model_options.text},
    {"context", "N", "perplexity: tokens of a document (default: the model's)", OPTION_INT,
     &model_options.context},
    {"tokens", "N", "perplexity: stop after so many (default: all)", OPTION_INT,
     &model_options.tokens},
    {"threads", "N", "Threads (default 2)", OPTION_INT, &model_options.threads},
    JSON_OPTION,
    OPTIONS_END};

static const struct option *options(void)
{
    return table;
}

static const struct {
    const char *name;
    enum err_code (*run)(const struct option_list *operands, struct err *err);
} kinds[] = {{"quantize", cli_model_quantize}, {"perplexity", cli_model_perplexity}};

static enum err_code run(const struct option_list *operands, struct err *err)
{
    if (model_options.threads < 1 || model_options.threads > 64)
        return err_set(err, ERR_USAGE, "--threads %lld: 1 .. 64 expected",
                       (long long)model_options.threads);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && operands->count; i++)
        if (strcmp(operands->items[0], kinds[i].name) == 0)
            return kinds[i].run(operands, err);
    return err_set(err, ERR_USAGE, "what to do is expected: quantize, perplexity");
}

const struct command command_model = {
    .name = "model",
    .operands = "quantize MODEL | perplexity MODEL",
    .summary = "Quantize a model, measure how well it foresees a text",
    .text =
        "quantize writes a GGUF model with smaller weights and says how far each tensor's are "
        "off;\n"
        "with --text also what that does to the model's perplexity. perplexity is the exponential\n"
        "of the mean loss over a text's tokens, of instructions (.jsonl) over the answers'.",
    .examples =
        "  fettle model quantize nano.gguf --type Q6_K --out nano-q6.gguf --text held-out.jsonl\n"
        "  fettle model perplexity nano.gguf --text held-out.jsonl\n",
    .options = options,
    .run = run,
};
