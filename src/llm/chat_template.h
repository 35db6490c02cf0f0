// Turns a conversation into the text, and the tokens, that a model was trained to answer.
//
// A model's file carries its template as a Jinja program (`tokenizer.chat_template`). fettle runs
// no Jinja: it recognises the families below by their expressions and writes what the program
// writes, byte for byte. A template that is none of them is refused by name, never guessed at.
//
// Two liberties where a template would refuse or drop a message: a system message of a family that
// has none is put before the first user message with a blank line between; and the tokens begin
// with BOS where the tokenizer asks for one, also if the template has none.
//
// A template is read-only once open: any number of threads may render with it.
#ifndef FETTLE_LLM_CHAT_TEMPLATE_H
#define FETTLE_LLM_CHAT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "llm/gguf.h"
#include "llm/tokenizer.h"

enum chat_role { CHAT_SYSTEM, CHAT_USER, CHAT_ASSISTANT, CHAT_TOOL };

// A call of a tool that the assistant made.
struct chat_call {
    struct str id; // of 9 characters with Mistral v0.3
    struct str name;
    struct str arguments; // a JSON object
};

struct chat_message {
    enum chat_role role;
    struct str content;
    const struct chat_call *calls; // of an assistant's message
    size_t call_count;
    struct str call_id; // of a tool's message: the call it answers
};

struct chat {
    const struct chat_message *messages;
    size_t count;
    const struct str *tools; // each {"type": "function", "function": {...}} as JSON
    size_t tool_count;
    bool answer;      // end with the beginning of the assistant's next message
    bool no_thinking; // where the template has a switch for it (Qwen3)
    struct str date;  // "26 Jul 2024", where the template names the day; empty: that very day
};

// How the assistant writes its calls of tools: `open` (with each call, or once before an array),
// a JSON object with "name" and the key `arguments`, `close`.
struct chat_call_style {
    const char *open, *close;
    const char *arguments;
    bool array; // the calls stand in one JSON array
};

struct chat_template;

// The template of a model's file, or by its architecture where it has none. ERR_UNSUPPORTED says
// that it is unknown, and the families known. The file may be closed afterwards.
enum err_code chat_template_open(const struct gguf *g, const struct tokenizer *t,
                                 struct chat_template **out, struct err *err);

// The same from the text of a template.
enum err_code chat_template_recognise(struct str jinja, const struct tokenizer *t,
                                      struct chat_template **out, struct err *err);
void chat_template_close(struct chat_template **c);

const char *chat_template_name(const struct chat_template *c); // "qwen2.5", "llama3.1", ...
bool chat_template_has_tools(const struct chat_template *c);
bool chat_template_has_date(const struct chat_template *c); // names the day of rendering

// NULL when the family has no tools.
const struct chat_call_style *chat_template_call_style(const struct chat_template *c);

// Appends the text. ERR_INPUT names the message that the family does not allow (order of roles, a
// call's arguments that are no JSON); ERR_UNSUPPORTED: tools for a family that has none.
enum err_code chat_template_render(const struct chat_template *c, const struct chat *chat,
                                   struct buf *out, struct err *err);

// Appends the tokens of that text, with the template's own control tokens as such. Nothing that
// stands in messages, tools or arguments becomes a control token.
enum err_code chat_template_encode(const struct chat_template *c, const struct chat *chat,
                                   struct tokens *out, struct err *err);

#endif
