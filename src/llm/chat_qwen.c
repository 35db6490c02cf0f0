// ChatML and what Qwen made of it: Qwen 2.5 and Qwen 3 with tools, plain ChatML (SmolLM2, Qwen 2).
#include <string.h>

#include "llm/chat_private.h"

static const struct chat_call_style calls = {"<tool_call>\n", "\n</tool_call>", "arguments", false};

static void open_turn(struct chat_writer *w, const char *role)
{
    chat_control(w, "<|im_start|>");
    chat_z(w, role);
}

static void close_turn(struct chat_writer *w)
{
    chat_control(w, "<|im_end|>");
    chat_z(w, "\n");
}

static void add_turn(struct chat_writer *w, const char *role, struct str content)
{
    open_turn(w, role);
    chat_z(w, "\n");
    chat_add(w, content);
    close_turn(w);
}

static enum err_code add_tools(struct chat_writer *w)
{
    chat_z(w, "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
              "You are provided with function signatures within <tools></tools> XML tags:\n"
              "<tools>");
    for (size_t i = 0; i < w->chat->tool_count; i++) {
        chat_z(w, "\n");
        enum err_code code = chat_json(w, w->chat->tools[i], 0, "tool", i);
        if (code)
            return code;
    }
    chat_z(w, "\n</tools>\n\nFor each function call, return a json object with function name and "
              "arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n"
              "{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call>");
    close_turn(w);
    return ERR_OK;
}

static enum err_code add_call(struct chat_writer *w, const struct chat_call *call)
{
    chat_z(w, "<tool_call>\n{\"name\": \"");
    chat_add(w, call->name);
    chat_z(w, "\", \"arguments\": ");
    enum err_code code = chat_arguments(w, call);
    chat_z(w, "}\n</tool_call>");
    return code;
}

// Answers of tools that follow each other share one turn of the user.
static void add_tool_answer(struct chat_writer *w, size_t i)
{
    const struct chat *c = w->chat;
    if (i == 0 || c->messages[i - 1].role != CHAT_TOOL)
        open_turn(w, "user");
    chat_z(w, "\n<tool_response>\n");
    chat_add(w, c->messages[i].content);
    chat_z(w, "\n</tool_response>");
    if (i + 1 == c->count || c->messages[i + 1].role != CHAT_TOOL)
        close_turn(w);
}

static enum err_code add_calls_25(struct chat_writer *w, const struct chat_message *m)
{
    open_turn(w, "assistant");
    if (m->content.n) {
        chat_z(w, "\n");
        chat_add(w, m->content);
    }
    for (size_t k = 0; k < m->call_count; k++) {
        chat_z(w, "\n");
        enum err_code code = add_call(w, &m->calls[k]);
        if (code)
            return code;
    }
    close_turn(w);
    return ERR_OK;
}

static enum err_code render_qwen25(struct chat_writer *w)
{
    static const char system[] =
        "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.";
    size_t first;
    const struct chat_message *lead = chat_lead(w->chat, &first);
    struct str text = lead ? lead->content : str_of(system);
    enum err_code code = ERR_OK;
    if (w->chat->tool_count) {
        open_turn(w, "system\n");
        chat_add(w, text);
        chat_z(w, "\n\n");
        code = add_tools(w);
    } else {
        add_turn(w, "system", text);
    }
    for (size_t i = first; i < w->chat->count && !code; i++) {
        const struct chat_message *m = &w->chat->messages[i];
        if (m->role == CHAT_TOOL)
            add_tool_answer(w, i);
        else if (m->call_count)
            code = add_calls_25(w, m);
        else
            add_turn(w, chat_role_name(m->role), m->content);
    }
    if (w->chat->answer)
        open_turn(w, "assistant\n");
    return code;
}

static struct str strip_breaks(struct str s, bool left, bool right)
{
    while (left && s.n && s.p[0] == '\n') {
        s.p++;
        s.n--;
    }
    while (right && s.n && s.p[s.n - 1] == '\n')
        s.n--;
    return s;
}

// What follows the last `mark`, or everything.
static struct str after_last(struct str s, const char *mark)
{
    size_t n = strlen(mark);
    const char *p = s.p, *end = s.p + s.n;
    for (const char *at; (at = memmem(p, (size_t)(end - p), mark, n)) != NULL;)
        p = at + n;
    return (struct str){p, (size_t)(end - p)};
}

// The last message of the user that is no answer of a tool; the last of all if there is none.
static size_t last_question(const struct chat *c)
{
    for (size_t i = c->count; i-- > 0;) {
        const struct chat_message *m = &c->messages[i];
        if (m->role == CHAT_USER && !(str_starts(m->content, STR_LIT("<tool_response>")) &&
                                      str_ends(m->content, STR_LIT("</tool_response>"))))
            return i;
    }
    return c->count - 1;
}

// Reasoning stays in the prompt only behind the last question.
static enum err_code add_assistant_3(struct chat_writer *w, size_t i, size_t question)
{
    static const char end[] = "</think>";
    const struct chat_message *m = &w->chat->messages[i];
    struct str content = m->content, reasoning = {NULL, 0};
    const char *at = content.n ? memmem(content.p, content.n, end, strlen(end)) : NULL;
    if (at) {
        reasoning = strip_breaks((struct str){content.p, (size_t)(at - content.p)}, false, true);
        reasoning = strip_breaks(after_last(reasoning, "<think>"), true, true);
        content = strip_breaks(after_last(content, end), true, false);
    }
    open_turn(w, "assistant\n");
    if (i > question && (i + 1 == w->chat->count || reasoning.n)) {
        chat_z(w, "<think>\n");
        chat_add(w, reasoning);
        chat_z(w, "\n</think>\n\n");
        chat_add(w, strip_breaks(content, true, false));
    } else {
        chat_add(w, content);
    }
    for (size_t k = 0; k < m->call_count; k++) {
        if (content.n || k)
            chat_z(w, "\n");
        enum err_code code = add_call(w, &m->calls[k]);
        if (code)
            return code;
    }
    close_turn(w);
    return ERR_OK;
}

static enum err_code render_qwen3(struct chat_writer *w)
{
    size_t first, question = last_question(w->chat);
    const struct chat_message *lead = chat_lead(w->chat, &first);
    enum err_code code = ERR_OK;
    if (w->chat->tool_count) {
        open_turn(w, "system\n");
        if (lead) {
            chat_add(w, lead->content);
            chat_z(w, "\n\n");
        }
        code = add_tools(w);
    } else if (lead) {
        add_turn(w, "system", lead->content);
    }
    for (size_t i = first; i < w->chat->count && !code; i++) {
        const struct chat_message *m = &w->chat->messages[i];
        if (m->role == CHAT_TOOL)
            add_tool_answer(w, i);
        else if (m->role == CHAT_ASSISTANT)
            code = add_assistant_3(w, i, question);
        else
            add_turn(w, chat_role_name(m->role), m->content);
    }
    if (w->chat->answer) {
        open_turn(w, "assistant\n");
        if (w->chat->no_thinking)
            chat_z(w, "<think>\n\n</think>\n\n");
    }
    return code;
}

static enum err_code render_chatml(struct chat_writer *w)
{
    size_t first;
    if (!chat_lead(w->chat, &first) && w->c->has_default_system)
        add_turn(w, "system", buf_str(&w->c->default_system));
    for (size_t i = 0; i < w->chat->count; i++)
        add_turn(w, chat_role_name(w->chat->messages[i].role), w->chat->messages[i].content);
    if (w->chat->answer || w->c->always_answers)
        open_turn(w, "assistant\n");
    return ERR_OK;
}

static void adapt_chatml(struct chat_template *c, struct str jinja)
{
    static const char begin[] = "'<|im_start|>system\n", end[] = "<|im_end|>";
    const char *from = memmem(jinja.p, jinja.n, begin, strlen(begin));
    if (from) {
        from += strlen(begin);
        const char *to = memmem(from, (size_t)(jinja.p + jinja.n - from), end, strlen(end));
        c->has_default_system = to != NULL;
        if (to)
            buf_add(&c->default_system, from, (size_t)(to - from));
    }
    c->always_answers = !chat_holds(jinja, "add_generation_prompt");
}

const struct chat_family chat_qwen3 = {
    .name = "qwen3",
    .has = {"'<|im_start|>'", "<tool_response>", "multi_step_tool", "reasoning_content",
            "enable_thinking is false"},
    .lacks = {"You are Qwen", "'<think>\n' }}"},
    .arch = "qwen3",
    .control = "<|im_start|>",
    .calls = &calls,
    .render = render_qwen3,
};

const struct chat_family chat_qwen25 = {
    .name = "qwen2.5",
    .has = {"'<|im_start|>'", "<tool_response>", "tool_call.arguments | tojson",
            "'<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful "
            "assistant.<|im_end|>\n'"},
    .lacks = {"multi_step_tool", "<think>"},
    .arch = "qwen2",
    .control = "<|im_start|>",
    .calls = &calls,
    .render = render_qwen25,
};

const struct chat_family chat_chatml = {
    .name = "chatml",
    .has = {"'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>"},
    .lacks = {"tools", "raise_exception", "<think>"},
    .arch = "llama",
    .control = "<|im_start|>",
    .render = render_chatml,
    .adapt = adapt_chatml,
};
