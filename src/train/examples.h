// A corpus as tokens: every document with what is to be learned of it.
#ifndef FETTLE_TRAIN_EXAMPLES_H
#define FETTLE_TRAIN_EXAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "llm/chat_template.h"
#include "llm/tokenizer.h"

struct examples {
    int32_t *tokens;
    bool *learn;      // the token is a target
    uint64_t *starts; // count + 1: where documents begin in both
    size_t count, cap;
    uint64_t n, tokens_cap;
    uint64_t targets; // tokens to learn
    uint64_t skipped; // chats that are longer than the context
};

struct examples_plan {
    const char *paths; // separated by commas
    uint32_t context;  // tokens of a document at most, plus one: the last is only a target
    bool answers_only; // of a chat learn the answer alone, else the prompt, too
    const struct chat_template *chat; // how a chat is written; NULL: as below
};

// A chat becomes
//     <|im_start|>user\nPROMPT<|im_end|>\n<|im_start|>assistant\nANSWER<|im_end|>
// or what plan->chat makes of it, up to the control token that ends the answer; and a text its
// tokens and <|endoftext|> (where the tokenizer has none, its own end), cut into pieces that
// overlap by one token. A chat that is too long is left out and counted. ERR_INPUT when the
// tokenizer lacks these tokens, or nothing is left to learn.
enum err_code examples_read(const struct examples_plan *plan, const struct tokenizer *t,
                            struct examples *out, struct err *err);
void examples_free(struct examples *e);

// How the model of a file wants chats written; NULL when its file does not say and its architecture
// is none that does. ERR_UNSUPPORTED names a template that is unknown.
enum err_code examples_chat_open(const struct gguf *g, const struct tokenizer *t,
                                 struct chat_template **out, struct err *err);

// The prompt of a chat, up to where the answer begins.
enum err_code examples_prompt(const struct tokenizer *t, struct str prompt, struct tokens *out,
                              struct err *err);

#endif
