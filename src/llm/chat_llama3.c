// Llama 3, and Llama 3.1 to 3.3 with a day in the system message and tools in JSON.
#include "llm/chat_private.h"
#include "llm/json_text.h"

// The model writes the object alone.
static const struct chat_call_style calls = {"", "", "parameters", false};

static void open_turn(struct chat_writer *w, const char *role)
{
    chat_control(w, "<|start_header_id|>");
    chat_z(w, role);
    chat_control(w, "<|end_header_id|>");
    chat_z(w, "\n\n");
}

static void add_turn(struct chat_writer *w, const char *role, struct str content)
{
    open_turn(w, role);
    chat_add(w, chat_strip(content));
    chat_control(w, "<|eot_id|>");
}

static void add_system(struct chat_writer *w, const struct chat_message *lead)
{
    open_turn(w, "system");
    if (w->chat->tool_count)
        chat_z(w, "Environment: ipython\n");
    chat_z(w, "Cutting Knowledge Date: December 2023\nToday Date: ");
    chat_add(w, w->chat->date.n ? w->chat->date : STR_LIT("26 Jul 2024"));
    chat_z(w, "\n\n");
    if (lead)
        chat_add(w, chat_strip(lead->content));
    chat_control(w, "<|eot_id|>");
}

// The tools stand in the first message, which the template takes for the user's.
static enum err_code add_tools(struct chat_writer *w, size_t first)
{
    if (first == w->chat->count || w->chat->messages[first].role != CHAT_USER)
        return err_set(w->err, ERR_INPUT,
                       "message %zu: tools need a user message there with the chat template '%s'",
                       first, chat_template_name(w->c));
    open_turn(w, "user");
    chat_z(w, "Given the following functions, please respond with a JSON for a function call with "
              "its proper arguments that best answers the given prompt.\n\n"
              "Respond in the format {\"name\": function name, \"parameters\": dictionary of "
              "argument name and its value}.Do not use variables.\n\n");
    for (size_t i = 0; i < w->chat->tool_count; i++) {
        enum err_code code = chat_json(w, w->chat->tools[i], 4, "tool", i);
        if (code)
            return code;
        chat_z(w, "\n\n");
    }
    chat_add(w, chat_strip(w->chat->messages[first].content));
    chat_control(w, "<|eot_id|>");
    return ERR_OK;
}

static enum err_code add_call(struct chat_writer *w, const struct chat_message *m, size_t i)
{
    if (m->call_count != 1)
        return err_set(w->err, ERR_INPUT,
                       "message %zu has %zu calls of tools, the chat template '%s' allows one", i,
                       m->call_count, chat_template_name(w->c));
    open_turn(w, "assistant");
    chat_z(w, "{\"name\": \"");
    chat_add(w, m->calls[0].name);
    chat_z(w, "\", \"parameters\": ");
    enum err_code code = chat_arguments(w, &m->calls[0]);
    chat_z(w, "}");
    chat_control(w, "<|eot_id|>");
    return code;
}

static enum err_code render_llama31(struct chat_writer *w)
{
    size_t first;
    const struct chat_message *lead = chat_lead(w->chat, &first);
    chat_bos(w);
    add_system(w, lead);
    enum err_code code = ERR_OK;
    if (w->chat->tool_count)
        code = add_tools(w, first++);
    for (size_t i = first; i < w->chat->count && !code; i++) {
        const struct chat_message *m = &w->chat->messages[i];
        if (m->call_count) {
            code = add_call(w, m, i);
        } else if (m->role == CHAT_TOOL) {
            open_turn(w, "ipython");
            json_text_string(&w->text, m->content);
            chat_control(w, "<|eot_id|>");
        } else {
            add_turn(w, chat_role_name(m->role), m->content);
        }
    }
    if (w->chat->answer)
        open_turn(w, "assistant");
    return code;
}

static void adapt_llama31(struct chat_template *c, struct str jinja)
{
    c->asks_clock = chat_holds(jinja, "strftime_now");
}

static enum err_code render_llama3(struct chat_writer *w)
{
    chat_bos(w);
    for (size_t i = 0; i < w->chat->count; i++)
        add_turn(w, chat_role_name(w->chat->messages[i].role), w->chat->messages[i].content);
    if (w->chat->answer || w->c->always_answers)
        open_turn(w, "assistant");
    return ERR_OK;
}

static void adapt_llama3(struct chat_template *c, struct str jinja)
{
    c->always_answers = jinja.n && !chat_holds(jinja, "add_generation_prompt");
}

const struct chat_family chat_llama31 = {
    .name = "llama3.1",
    .has = {"<|start_header_id|>", "<|eot_id|>", "Cutting Knowledge Date: December 2023\n",
            "tools_in_user_message",
            "Given the following functions, please respond with a JSON for a function call "},
    .lacks = {"<think>", "detailed thinking"},
    .calls = &calls,
    .render = render_llama31,
    .adapt = adapt_llama31,
};

const struct chat_family chat_llama3 = {
    .name = "llama3",
    .has = {"'<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ "
            "message['content'] | trim + '<|eot_id|>'",
            "bos_token"},
    .lacks = {"tools", "Cutting Knowledge", "<think>"},
    .arch = "llama",
    .control = "<|start_header_id|>",
    .render = render_llama3,
    .adapt = adapt_llama3,
};
