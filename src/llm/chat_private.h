// What the families of chat templates share: the writer of a prompt.
#ifndef FETTLE_LLM_CHAT_PRIVATE_H
#define FETTLE_LLM_CHAT_PRIVATE_H

#include "llm/chat_template.h"

// Where a control token's name stands in the text.
struct chat_mark {
    size_t begin, end;
};

// A prompt being written.
struct chat_writer {
    const struct chat_template *c;
    const struct chat *chat;
    struct buf text;
    struct chat_mark *marks;
    size_t mark_count, mark_cap;
    struct err *err;
};

// One family: one entry in chat_template.c. Marks are sought in the template with its double quotes
// as single ones and its \n as line breaks.
struct chat_family {
    const char *name;
    const char *has[6];   // all of these stand in the template
    const char *lacks[4]; // and none of these
    const char *arch;     // stands for files of this architecture without a template; NULL: none,
    const char *control;  // if the vocabulary has this control token
    const struct chat_call_style *calls; // NULL: no tools
    enum err_code (*render)(struct chat_writer *w);
    // Reads from the template (as marks see it) what differs within the family; may be NULL.
    void (*adapt)(struct chat_template *c, struct str jinja);
};

struct chat_template {
    const struct chat_family *family;
    const struct tokenizer *tokenizer;
    struct buf bos, eos;       // names of the tokens
    struct buf default_system; // message of a conversation without one
    bool has_default_system;
    bool writes_bos;     // first of all
    bool writes_eos;     // last of all, unless the answer begins
    bool always_answers; // whatever is asked
    bool asks_clock;     // for the day of rendering
    bool has_system;     // a system message has a place of its own
    bool skips_empty;    // system messages
    bool opens_answer;   // the assistant's header follows each user message
    const char *user_open, *user_close, *answer_open, *answer_close; // Mistral's
};

extern const struct chat_family chat_qwen3, chat_qwen25, chat_chatml, chat_llama31, chat_llama3,
    chat_mistral3, chat_mistral, chat_phi3, chat_zephyr, chat_gemma;

// True when the template holds the words.
bool chat_holds(struct str jinja, const char *words);

void chat_control(struct chat_writer *w, const char *name); // a control token of the template
void chat_bos(struct chat_writer *w);
void chat_eos(struct chat_writer *w);
void chat_z(struct chat_writer *w, const char *text);
void chat_add(struct chat_writer *w, struct str text);

const char *chat_role_name(enum chat_role role); // "system", "user", "assistant", "tool"

// The system message in front of the others (NULL: none); *first is the index of the next message.
const struct chat_message *chat_lead(const struct chat *chat, size_t *first);

// ERR_INPUT unless the messages from `first` are of user and assistant in turn; those of tools and
// with calls do not count.
enum err_code chat_check_turns(struct chat_writer *w, size_t first);

// Without blanks at both ends, as Python's strip() sees them.
struct str chat_strip(struct str s);

// Adds JSON as json_text.h writes it from a text, which must be an object; `what` and `i` name it
// in errors.
enum err_code chat_json(struct chat_writer *w, struct str json, int indent, const char *what,
                        size_t i);

// A call's arguments; empty text stands for {}.
enum err_code chat_arguments(struct chat_writer *w, const struct chat_call *call);

#endif
