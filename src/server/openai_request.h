// What a completion request of the OpenAI API asks for, read from its JSON body.
#ifndef FETTLE_SERVER_OPENAI_REQUEST_H
#define FETTLE_SERVER_OPENAI_REQUEST_H

#include "app/models.h"
#include "base/json_doc.h"
#include "server/exchange.h"

enum {
    OPENAI_MESSAGES_MAX = 4096,
    OPENAI_TOOLS_MAX = 128,
    OPENAI_BIASES_MAX = 1024,
    OPENAI_PROMPTS_MAX = SERVING_CHOICES_MAX
};

enum tool_choice { TOOLS_NONE, TOOLS_AUTO, TOOLS_REQUIRED };

// A text, or tokens.
struct openai_prompt {
    struct str text;
    struct tokens tokens;
};

// Texts and lists belong to `arena`.
struct openai_request {
    bool is_chat; // else a plain completion
    struct arena *arena;
    const struct json_node *root;
    const char *model;              // "" when it names none
    struct serving_request serving; // without the prompt's tokens
    bool stream, include_usage, echo;
    struct openai_prompt *prompts; // [prompt_count]; a chat has one, whose tokens are still to come
    size_t prompt_count;
    // Of a chat.
    struct chat chat;
    enum tool_choice tool_choice;
    const struct json_node *tools;  // the list; NULL for none
    const char *tool_name;          // the one that must be called; NULL: any
    const struct json_node *schema; // of response_format
    bool json_object;               // any JSON object
};

// Reads x->body. False: a 400 that names the member was left. Free in either case.
bool openai_request_read(struct exchange *x, bool is_chat, struct openai_request *out);
void openai_request_free(struct openai_request *r);

// Takes the member "lora" into account, [{"id": 0, "scale": 1}]. False: a 400 was left.
bool openai_choose_adapter(struct exchange *x, const struct serving *s, struct openai_request *r);

// ---- what openai_request.c and openai_messages.c share ----

// Leaves a 400 about `field` and returns false.
bool openai_wrong(struct exchange *x, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// A member that is there and not null; NULL otherwise.
const struct json_node *openai_member(const struct json_node *object, const char *name);

bool openai_read_messages(struct exchange *x, struct openai_request *r);
bool openai_read_tools(struct exchange *x, struct openai_request *r);

#endif
