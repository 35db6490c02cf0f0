// Tells a model's calls of tools from the text around them, as the text comes in.
#ifndef FETTLE_SERVER_OPENAI_CALLS_H
#define FETTLE_SERVER_OPENAI_CALLS_H

#include "app/models.h"

enum { OPENAI_CALLS_MAX = 64 };

struct openai_call {
    char id[32];
    char *name, *arguments; // owned; the arguments are a JSON object
};

// Zero-initialise, then set `style`.
struct openai_calls {
    const struct chat_call_style *style; // NULL: everything is text
    bool forced;  // the answer begins within a call: its opening stood in the prompt
    bool decided; // of a family without an opening: whether the answer is a call
    bool inside;
    struct buf held; // not decided yet, or a call that is not complete
    struct openai_call list[OPENAI_CALLS_MAX];
    size_t count;
};

// Takes the next text; appends to `text` what is no call. Calls that became complete are in `list`.
void openai_calls_feed(struct openai_calls *c, struct str more, struct buf *text);

// At the end: what was held is a call, or text after all.
void openai_calls_finish(struct openai_calls *c, struct buf *text);

void openai_calls_free(struct openai_calls *c);

#endif
