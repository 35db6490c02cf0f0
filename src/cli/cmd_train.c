// fettle train: makes tokenizers and language models.
#include <string.h>

#include "cli/command.h"
#include "cli/train.h"

struct train_options train_options = {
    .vocabulary = 8192, .least = 2, .pre = "qwen2", .scale = 1, .threads = 2};

static const struct option table[] = {
    {"out", "FILE", "The file to write", OPTION_TEXT, &train_options.out},
    {"vocab", "N", "tokenizer: how many tokens (default 8192)", OPTION_INT,
     &train_options.vocabulary},
    {"pre", "NAME",
     "tokenizer: how text is cut into words: gpt-2, llama-bpe, qwen2 (digits one by one; default)",
     OPTION_TEXT, &train_options.pre},
    {"least", "N", "tokenizer: merge pairs that occur at least N times (default 2)", OPTION_INT,
     &train_options.least},
    {"type", "TYPE", "merge: weight formats, as of fettle model quantize (default: the base's own)",
     OPTION_TEXT, &train_options.type},
    {"scale", "X", "merge: how much of the adapter (default 1)", OPTION_REAL, &train_options.scale},
    {"threads", "N", "merge: threads (default 2)", OPTION_INT, &train_options.threads},
    {"resume", NULL, "lm, adapter: go on from the checkpoint beside the file", OPTION_FLAG,
     &train_options.resume},
    {"set", "NAME=VALUE", "lm, adapter: one setting of CONFIG; may be repeated", OPTION_LIST,
     &common_options.sets},
    {"data", "DIR", "Folder for runs (default ./fettle-data)", OPTION_TEXT,
     &common_options.data_dir},
    JSON_OPTION,
    OPTIONS_END};

static const struct option *options(void)
{
    return table;
}

static const struct {
    const char *name;
    enum err_code (*run)(const struct option_list *operands, struct err *err);
} kinds[] = {{"tokenizer", cli_train_tokenizer},
             {"lm", cli_train_lm},
             {"adapter", cli_train_adapter},
             {"merge", cli_train_merge}};

static enum err_code run(const struct option_list *operands, struct err *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && operands->count; i++)
        if (strcmp(operands->items[0], kinds[i].name) == 0)
            return kinds[i].run(operands, err);
    return err_set(err, ERR_USAGE, "what to train is expected: tokenizer, lm, adapter, merge");
}

const struct command command_train = {
    .name = "train",
    .operands = "tokenizer FILE... | lm CONFIG.yaml | adapter CONFIG.yaml | merge BASE ADAPTER",
    .summary = "Train a tokenizer, a language model, or an adapter of one",
    .text =
        "tokenizer learns byte-level BPE from text files and JSON Lines ({\"instruction\", "
        "\"input\",\n"
        "\"output\"} or {\"text\"}) and writes a GGUF file with it. lm trains a "
        "Llama-architecture model\n"
        "as its settings file says and writes a GGUF model that fettle and llama.cpp load. "
        "Checkpoints\n"
        "lie beside the file; after a crash or Ctrl-C, --resume goes on with the same losses. "
        "Every run\n"
        "is recorded under runs/ in the data folder, in MLflow's layout. adapter trains a LoRA "
        "adapter of\n"
        "the GGUF model adapter.base, which stays quantized (QLoRA); merge puts one into its base.",
    .examples = "  fettle train tokenizer corpus.jsonl --vocab 8192 --out tok.gguf\n"
                "  fettle train lm nano.yaml --out nano.gguf\n"
                "  fettle train lm nano.yaml --out nano.gguf --resume\n"
                "  fettle train adapter tune.yaml --set adapter.base=qwen.gguf --out tune.gguf\n"
                "  fettle train merge qwen.gguf tune.gguf --type Q4_K_M --out tuned.gguf\n",
    .options = options,
    .run = run,
};
