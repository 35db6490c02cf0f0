// fettle model: looks at models and changes them.
#include <string.h>

#include "cli/model.h"

struct model_options model_options = {.threads = 2,
                                      .bits = 4,
                                      .like = "Qwen2.5-0.5B",
                                      .cache = "f16",
                                      .seed = 1,
                                      .prompt = 512,
                                      .answer = 64,
                                      .repeats = 3};

static const struct option table[] = {
    {"out", "PATH", "quantize, convert, card: the file to write; export: the file or folder",
     OPTION_TEXT, &model_options.out},
    {"type", "TYPE",
     "quantize: F32, F16, BF16, Q8_0, Q6_K, Q5_K_M, Q5_K_S, Q5_1, Q5_0, Q4_K_M (default), Q4_K_S, "
     "Q4_1, Q4_0, IQ4_NL, IQ4_XS, Q3_K_L, Q3_K_M, Q3_K_S, Q2_K; convert: these, or as the folder "
     "has "
     "it; synth: Q4_K_M or a weight format",
     OPTION_TEXT, &model_options.type},
    {"text", "FILE", "perplexity: what to foresee; quantize: measure it before and after",
     OPTION_TEXT, &model_options.text},
    {"importance", "FILE", "quantize: what imatrix (or llama.cpp) wrote, to weigh errors by",
     OPTION_TEXT, &model_options.importance},
    {"against", "FILE", "perplexity: a model whose probabilities are the truth", OPTION_TEXT,
     &model_options.against},
    {"context", "N",
     "perplexity: tokens of a document; info: memory for so many (default: the model's); "
     "export: of the exported model",
     OPTION_INT, &model_options.context},
    {"tokens", "N", "perplexity: stop after so many (default: all)", OPTION_INT,
     &model_options.tokens},
    {"run", "RUN", "card: the run that made the model (first letters of its id)", OPTION_TEXT,
     &model_options.run},
    {"base", "FILE", "convert: the GGUF model that an adapter belongs to", OPTION_TEXT,
     &model_options.base},
    {"ollama", NULL, "export: to Ollama, as a folder with a Modelfile", OPTION_FLAG,
     &model_options.ollama},
    {"onnx", NULL, "export: to ONNX Runtime, as a folder with model.onnx", OPTION_FLAG,
     &model_options.onnx},
    {"bits", "N", "export --onnx: of a weight of the layers, 4 (default) or 8", OPTION_INT,
     &model_options.bits},
    {"adapter", "FILE", "export: a LoRA adapter (GGUF) to go with the model", OPTION_TEXT,
     &model_options.adapter},
    {"system", "TEXT", "export: the system message of conversations without one", OPTION_TEXT,
     &model_options.system},
    {"like", "NAME", "synth: whose shape, such as Qwen2.5-1.5B (a wrong name lists all)",
     OPTION_TEXT, &model_options.like},
    {"arch", "NAME", "synth: what that shape must be: llama, qwen2, qwen3, phi3", OPTION_TEXT,
     &model_options.arch},
    {"vocabulary", "FILE", "synth: a GGUF file whose tokens are taken", OPTION_TEXT,
     &model_options.vocabulary},
    {"seed", "N", "synth: same seed, same bytes (default 1)", OPTION_INT, &model_options.seed},
    {"pp", "N", "bench: tokens of a prompt (default 512)", OPTION_INT, &model_options.prompt},
    {"tg", "N", "bench: tokens of an answer (default 64)", OPTION_INT, &model_options.answer},
    {"depth", "N", "bench: behind so many tokens; may be repeated (default 0)", OPTION_LIST,
     &model_options.depths},
    {"repeats", "N", "bench: how often each is measured (default 3)", OPTION_INT,
     &model_options.repeats},
    {"cache", "TYPE", "bench: keys and values as f16 (default) or q8_0", OPTION_TEXT,
     &model_options.cache},
    {"cpu", "LEVEL",
     "bench: plain, avx2 or avx512-vnni; on ARM plain or neon-dotprod (default: the best)",
     OPTION_TEXT, &model_options.cpu},
    {"data", "DIR", "list, card: the folder with models/ and runs/ (default ./fettle-data)",
     OPTION_TEXT, &common_options.data_dir},
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
} kinds[] = {{"info", cli_model_info},         {"list", cli_model_list},
             {"synth", cli_model_synth},       {"bench", cli_model_bench},
             {"quantize", cli_model_quantize}, {"perplexity", cli_model_perplexity},
             {"card", cli_model_card},         {"convert", cli_model_convert},
             {"export", cli_model_export},     {"imatrix", cli_model_imatrix},
             {"average", cli_model_average}};

static enum err_code run(const struct option_list *operands, struct err *err)
{
    if (model_options.threads < 1 || model_options.threads > 64)
        return err_set(err, ERR_USAGE, "--threads %lld: 1 .. 64 expected",
                       (long long)model_options.threads);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && operands->count; i++)
        if (strcmp(operands->items[0], kinds[i].name) == 0) {
            if (!model_options.type && kinds[i].run != cli_model_convert)
                model_options.type = "Q4_K_M";
            return kinds[i].run(operands, err);
        }
    return err_set(err, ERR_USAGE,
                   "what to do is expected: info, list, synth, bench, quantize, perplexity, "
                   "convert, imatrix, average, export, card");
}

enum err_code cli_model_one(const struct option_list *operands, struct err *err)
{
    if (operands->count < 2)
        return err_set(err, ERR_USAGE, "one model is expected after '%s'", operands->items[0]);
    if (operands->count > 2)
        return err_set(err, ERR_USAGE,
                       "'%s' is one too many: one model is expected after '%s', and what to write "
                       "after --out",
                       operands->items[2], operands->items[0]);
    return ERR_OK;
}

const struct command command_model = {
    .name = "model",
    .operands = "info FILE | list | synth OUT | bench FILE | quantize FILE | perplexity FILE | "
                "convert DIR OUT | imatrix FILE | average FILES | export FILE | card FILE",
    .summary = "Look at models, measure them, make them smaller",
    .text =
        "info tells what is in a GGUF file and what memory it needs. list names the models of the\n"
        "data folder. synth writes a model of a real shape with random weights, for tests and\n"
        "measurements. bench measures reading (pp), writing (tg) and the memory's bandwidth.\n"
        "quantize writes a GGUF model with smaller weights and says how far each tensor's are "
        "off;\n"
        "with --text also what that does to the model's perplexity. perplexity is the exponential\n"
        "of the mean loss over a text's tokens, of instructions (.jsonl) over the answers';\n"
        "with --against also the mean Kullback-Leibler divergence from another model.\n"
        "convert makes a GGUF file of a Hugging Face folder (Llama, Mistral, Qwen2, Qwen3, Phi-3;\n"
        "safetensors) or, with --base, of a PEFT folder with a LoRA adapter. imatrix sees which\n"
        "columns of the matrices matter for a text; quantize --importance uses it. average writes\n"
        "the mean of models of one shape, such as the stages of a run. export writes\n"
        "the model for another program. card tells in Markdown what is known of a model and its\n"
        "run.",
    .examples =
        "  fettle model info model.gguf --context 8192\n"
        "  fettle model synth --like Qwen2.5-1.5B --type Q4_K_M random.gguf\n"
        "  fettle model bench random.gguf --depth 0 --depth 1024 --json\n"
        "  fettle model quantize nano.gguf --type Q6_K --out nano-q6.gguf --text held-out.jsonl\n"
        "  fettle model perplexity nano.gguf --text held-out.jsonl\n"
        "  fettle model perplexity small.gguf --against nano.gguf --text held-out.jsonl\n"
        "  fettle model convert Qwen2.5-0.5B-Instruct qwen.gguf --type Q4_K_M\n"
        "  fettle model convert my-lora lora.gguf --base qwen.gguf\n"
        "  fettle model card nano-q6.gguf --run 3f2a --out nano.md\n"
        "  fettle model imatrix nano.gguf --text train.jsonl --out nano.imatrix\n"
        "  fettle model quantize nano.gguf --type Q2_K --importance nano.imatrix --out small.gguf\n"
        "  fettle model average stage-1.gguf stage-2.gguf --out mean.gguf\n"
        "  fettle model export nano-q6.gguf --ollama --out nano-ollama\n",
    .options = options,
    .run = run,
};
