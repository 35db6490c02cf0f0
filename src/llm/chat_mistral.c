// Mistral 7B Instruct: v0.1 and v0.2, and v0.3 with tools.
#include "llm/chat_private.h"
#include "llm/json_text.h"

enum { CALL_ID_BYTES = 9 };

static const struct chat_call_style calls = {"[TOOL_CALLS] [", "]", "arguments", true};

static enum err_code render_mistral(struct chat_writer *w)
{
    const struct chat_template *c = w->c;
    size_t first;
    const struct chat_message *lead = chat_lead(w->chat, &first);
    enum err_code code = chat_check_turns(w, first);
    if (code)
        return code;
    chat_bos(w);
    for (size_t i = first; i < w->chat->count; i++) {
        const struct chat_message *m = &w->chat->messages[i];
        if (m->role == CHAT_USER) {
            chat_z(w, c->user_open);
            if (lead && lead->content.n && i == first) {
                chat_add(w, lead->content);
                chat_z(w, "\n\n");
            }
            chat_add(w, m->content);
            chat_z(w, c->user_close);
        } else {
            chat_z(w, c->answer_open);
            chat_add(w, m->content);
            chat_eos(w);
            chat_z(w, c->answer_close);
        }
    }
    return ERR_OK;
}

static void adapt_mistral(struct chat_template *c, struct str jinja)
{
    c->user_open = chat_holds(jinja, "' [INST] '") ? " [INST] " : "[INST] ";
    c->user_close = " [/INST]";
    c->answer_open = chat_holds(jinja, "' ' + message['content'] + eos_token") ? " " : "";
    c->answer_close = chat_holds(jinja, "message['content'] + eos_token + ' '") ? " " : "";
}

// The function's own strings are written as they are, unescaped: so does the template.
static enum err_code add_tool(struct chat_writer *w, size_t i)
{
    struct arena *arena = arena_open(0);
    struct json_node *tool = NULL;
    enum err_code code = arena ? json_read(arena, w->chat->tools[i], "tool", &tool, w->err)
                               : err_set(w->err, ERR_NO_MEMORY, "out of memory for a prompt");
    const struct json_node *function = json_get(tool, "function");
    if (!code && (!function || function->type != JSON_OBJECT))
        code = err_set(w->err, ERR_INPUT, "tool %zu: expected an object with a \"function\"", i);
    if (!code) {
        chat_z(w, "{\"type\": \"function\", \"function\": {");
        for (const struct json_node *n = function->first; n; n = n->next) {
            if (str_is(n->key, "return"))
                continue;
            if (w->text.p[w->text.n - 1] != '{')
                chat_z(w, ", ");
            buf_printf(&w->text, "\"%.*s\": ", STR_ARG(n->key));
            if (n->type == JSON_STRING)
                buf_printf(&w->text, "\"%.*s\"", STR_ARG(n->text));
            else
                json_text_node(&w->text, n, 0);
        }
        chat_z(w, "}}");
    }
    arena_close(&arena);
    return code;
}

static enum err_code add_tools(struct chat_writer *w)
{
    chat_control(w, "[AVAILABLE_TOOLS]");
    chat_z(w, " [");
    for (size_t i = 0; i < w->chat->tool_count; i++) {
        enum err_code code = add_tool(w, i);
        if (code)
            return code;
        chat_z(w, i + 1 < w->chat->tool_count ? ", " : "]");
    }
    chat_control(w, "[/AVAILABLE_TOOLS]");
    return ERR_OK;
}

static enum err_code check_id(struct chat_writer *w, struct str id, size_t i)
{
    return id.n == CALL_ID_BYTES
               ? ERR_OK
               : err_set(w->err, ERR_INPUT,
                         "message %zu: the chat template '%s' wants ids of calls of %d characters",
                         i, chat_template_name(w->c), CALL_ID_BYTES);
}

static enum err_code add_calls(struct chat_writer *w, const struct chat_message *m, size_t i)
{
    chat_control(w, "[TOOL_CALLS]");
    chat_z(w, " [");
    for (size_t k = 0; k < m->call_count; k++) {
        const struct chat_call *call = &m->calls[k];
        chat_z(w, "{\"name\": ");
        json_text_string(&w->text, call->name);
        chat_z(w, ", \"arguments\": ");
        enum err_code code = chat_arguments(w, call);
        if (!code)
            code = check_id(w, call->id, i);
        if (code)
            return code;
        chat_z(w, ", \"id\": \"");
        chat_add(w, call->id);
        chat_z(w, k + 1 < m->call_count ? "\"}, " : "\"}]");
    }
    chat_eos(w);
    return ERR_OK;
}

static enum err_code add_result(struct chat_writer *w, const struct chat_message *m, size_t i)
{
    enum err_code code = check_id(w, m->call_id, i);
    if (code)
        return code;
    chat_control(w, "[TOOL_RESULTS]");
    chat_z(w, " {\"content\": ");
    chat_add(w, m->content);
    chat_z(w, ", \"call_id\": \"");
    chat_add(w, m->call_id);
    chat_z(w, "\"}");
    chat_control(w, "[/TOOL_RESULTS]");
    return ERR_OK;
}

// Tools stand before the last question; the system message only in a question at the very end.
static enum err_code add_question(struct chat_writer *w, const struct chat_message *lead, size_t i)
{
    const struct chat *chat = w->chat;
    bool last_question = true;
    for (size_t k = i + 1; k < chat->count; k++)
        last_question &= chat->messages[k].role != CHAT_USER;
    enum err_code code = chat->tool_count && last_question ? add_tools(w) : ERR_OK;
    chat_control(w, "[INST]");
    chat_z(w, " ");
    if (lead && i + 1 == chat->count) {
        chat_add(w, lead->content);
        chat_z(w, "\n\n");
    }
    chat_add(w, chat->messages[i].content);
    chat_control(w, "[/INST]");
    return code;
}

static enum err_code render_mistral3(struct chat_writer *w)
{
    size_t first;
    const struct chat_message *lead = chat_lead(w->chat, &first);
    enum err_code code = chat_check_turns(w, first);
    chat_bos(w);
    for (size_t i = first; i < w->chat->count && !code; i++) {
        const struct chat_message *m = &w->chat->messages[i];
        if (m->role == CHAT_USER) {
            code = add_question(w, lead, i);
        } else if (m->call_count) {
            code = add_calls(w, m, i);
        } else if (m->role == CHAT_TOOL) {
            code = add_result(w, m, i);
        } else {
            chat_z(w, " ");
            chat_add(w, chat_strip(m->content));
            chat_eos(w);
        }
    }
    return code;
}

const struct chat_family chat_mistral3 = {
    .name = "mistral-v0.3",
    .has = {"'[INST] ' + message['content'] + '[/INST]'", "'[AVAILABLE_TOOLS] ['",
            "'[TOOL_CALLS] ['", "'[TOOL_RESULTS] {'content': ' + content|string",
            "message == user_messages[-1]"},
    .lacks = {"[SYSTEM_PROMPT]"},
    .calls = &calls,
    .render = render_mistral3,
};

const struct chat_family chat_mistral = {
    .name = "mistral",
    .has = {"[INST] ' + message['content'] + ' [/INST]'", "bos_token",
            "message['content'] + eos_token"},
    .lacks = {"<<SYS>>", "tools", "[SYSTEM_PROMPT]"},
    .render = render_mistral,
    .adapt = adapt_mistral,
};
