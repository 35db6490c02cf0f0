// What chat and complete share: a model of their own, its options, an answer that streams.
#ifndef FETTLE_CLI_TALK_H
#define FETTLE_CLI_TALK_H

#include "cli/command.h"
#include "llm/chat_template.h"
#include "llm/serving.h"

struct talk_options {
    const char *model, *adapter, *cpu, *cache, *grammar, *schema;
    int64_t threads, context, tokens, seed, top_k;
    double temperature, top_p, min_p, repetition_penalty;
    struct option_list stops;
    bool no_lookup;
};
extern struct talk_options talk_options;

#define TALK_OPTIONS                                                                               \
    {"model|m", "FILE", "The model, a GGUF file", OPTION_TEXT, &talk_options.model},               \
        {"adapter", "FILE[:SCALE]", "A LoRA adapter in GGUF form for the model", OPTION_TEXT,      \
         &talk_options.adapter},                                                                   \
        {"threads|t", "N", "Threads (default: one for each processor)", OPTION_INT,                \
         &talk_options.threads},                                                                   \
        {"context|c", "N", "Tokens of the conversation at most (default 4096; 0: the model's)",    \
         OPTION_INT, &talk_options.context},                                                       \
        {"cache", "TYPE", "Keys and values as f16 (default) or q8_0", OPTION_TEXT,                 \
         &talk_options.cache},                                                                     \
        {"cpu", "LEVEL",                                                                           \
         "plain, avx2 or avx512-vnni; on ARM plain or neon-dotprod (default: the best)",           \
         OPTION_TEXT, &talk_options.cpu},                                                          \
        {"data", "DIR",                                                                            \
         "Where there is such a folder, the model is packed once, into packed/ of it, and loads "  \
         "at once from then on (default ./fettle-data)",                                           \
         OPTION_TEXT, &common_options.data_dir},                                                   \
        {"tokens|n", "N", "Tokens of an answer at most (default: what the context takes)",         \
         OPTION_INT, &talk_options.tokens},                                                        \
        {"seed", "N", "Same seed, same answers (default 0)", OPTION_INT, &talk_options.seed},      \
        {"temperature", "X", "0: the most likely token (default 0.7)", OPTION_REAL,                \
         &talk_options.temperature},                                                               \
        {"top-k", "N", "Only the N most likely tokens (default 40; 0: off)", OPTION_INT,           \
         &talk_options.top_k},                                                                     \
        {"top-p", "X", "Only tokens that hold so much probability (default 0.95)", OPTION_REAL,    \
         &talk_options.top_p},                                                                     \
        {"min-p", "X", "Only tokens so likely, measured by the first (default 0.05)", OPTION_REAL, \
         &talk_options.min_p},                                                                     \
        {"repetition-penalty", "X", "Against repeated tokens (default 1: off)", OPTION_REAL,       \
         &talk_options.repetition_penalty},                                                        \
        {"stop", "TEXT", "Ends an answer; may be repeated", OPTION_LIST, &talk_options.stops},     \
        {"no-lookup", NULL, "Do not guess tokens from the text (slower, the same answers)",        \
         OPTION_FLAG, &talk_options.no_lookup},                                                    \
        {"grammar", "FILE", "The answer follows this GBNF grammar", OPTION_TEXT,                   \
         &talk_options.grammar},                                                                   \
    {                                                                                              \
        "json-schema", "FILE", "The answer is JSON that follows this schema", OPTION_TEXT,         \
            &talk_options.schema                                                                   \
    }

struct talk {
    struct serving *serving;
    struct chat_template *chat; // NULL: unknown, `chat_error` says why
    struct err chat_error;
};

// Loads --model by the options. ERR_USAGE names a wrong option.
enum err_code talk_open(struct talk *t, struct err *err);
void talk_close(struct talk *t);

struct talk_answer {
    struct buf text;
    enum answer_finish finish;
    bool interrupted; // by Ctrl-C: the text is what came until then
    struct answer_stats stats;
};

// Answers `prompt`; the text goes to standard output as it comes when `print` is set.
enum err_code talk_ask(struct talk *t, const struct tokens *prompt, bool print,
                       struct talk_answer *out, struct err *err);

// Makes Ctrl-C end the answer that is being written and nothing else. True when it came since the
// last call.
void talk_catch_interrupt(void);
bool talk_interrupted(void);

// Blocks until standard input, a terminal, has a line. False: Ctrl-C came before it, also one that
// came before the call; talk_interrupted forgets it.
bool talk_wait_for_line(void);

#endif
