// How a model is asked for a diagnosis: a question and what it reads, as the tokens of a chat.
//
// A model that learnt from the data factory gets the question, a blank line and the facts, as in
// its training. Any other model is told first what a diagnosis is and how to write it.
#ifndef FETTLE_DIAGNOSE_PROMPT_H
#define FETTLE_DIAGNOSE_PROMPT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "llm/chat_template.h"

// True if the model's file says that it learnt from the data factory (its general.name begins with
// "fettle-").
bool prompt_is_trained(const struct gguf *g);

struct prompt {
    struct str question;
    struct str reading; // the lines of facts_write, or a log as it is; may be empty
    bool trained;       // the model needs no instructions
};

// Appends the tokens up to where the answer begins. Errors as chat_template_encode.
enum err_code prompt_encode(const struct prompt *p, const struct chat_template *chat,
                            struct tokens *out, struct err *err);

#endif
