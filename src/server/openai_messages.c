// Reads the messages and the tools of a chat request.
#include <stdio.h>
#include <string.h>

#include "server/openai_request.h"

// "messages[3].content"; in a static buffer of the thread.
static const char *place(size_t i, const char *member)
{
    static _Thread_local char text[96];
    snprintf(text, sizeof text, "messages[%zu].%s", i, member);
    return text;
}

// A text, or a list of {"type": "text", "text": ...}, which are joined.
static bool read_content(struct exchange *x, struct openai_request *r, const struct json_node *n,
                         size_t at, struct str *out)
{
    *out = (struct str){"", 0};
    if (!n)
        return true;
    if (n->type == JSON_STRING) {
        *out = n->text;
        return true;
    }
    if (n->type != JSON_ARRAY)
        return openai_wrong(x, place(at, "content"), "a text or a list of parts expected");
    size_t bytes = 0, used = 0;
    for (const struct json_node *p = n->first; p; p = p->next) {
        const struct json_node *text = json_get(p, "text");
        if (strcmp(json_get_text(p, "type"), "text") != 0 || !text || text->type != JSON_STRING)
            return openai_wrong(x, place(at, "content"), "parts of type text expected");
        bytes += text->text.n;
    }
    char *joined = arena_new(r->arena, bytes + 1, 1);
    if (!joined)
        return openai_wrong(x, place(at, "content"), "out of memory");
    for (const struct json_node *p = n->first; p; p = p->next) {
        struct str text = json_get(p, "text")->text;
        memcpy(joined + used, text.p, text.n);
        used += text.n;
    }
    *out = (struct str){joined, used};
    return true;
}

static bool read_calls(struct exchange *x, struct openai_request *r, const struct json_node *list,
                       size_t at, struct chat_message *m)
{
    if (!list)
        return true;
    if (list->type != JSON_ARRAY)
        return openai_wrong(x, place(at, "tool_calls"), "a list expected");
    struct chat_call *calls = arena_new(r->arena, list->count + 1, sizeof *calls);
    if (!calls)
        return openai_wrong(x, place(at, "tool_calls"), "out of memory");
    size_t count = 0;
    for (const struct json_node *n = list->first; n; n = n->next) {
        const struct json_node *function = json_get(n, "function");
        const struct json_node *arguments = json_get(function, "arguments");
        if (!json_get_text(function, "name")[0] || !arguments || arguments->type != JSON_STRING)
            return openai_wrong(x, place(at, "tool_calls"),
                                "function.name and function.arguments (a text) expected");
        calls[count++] = (struct chat_call){str_of(json_get_text(n, "id")),
                                            json_get(function, "name")->text, arguments->text};
    }
    m->calls = calls;
    m->call_count = count;
    return true;
}

static bool read_role(const char *name, enum chat_role *out)
{
    static const struct {
        const char *name;
        enum chat_role role;
    } roles[] = {{"system", CHAT_SYSTEM}, {"developer", CHAT_SYSTEM},
                 {"user", CHAT_USER},     {"assistant", CHAT_ASSISTANT},
                 {"tool", CHAT_TOOL},     {"function", CHAT_TOOL}};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strcmp(roles[i].name, name) == 0) {
            *out = roles[i].role;
            return true;
        }
    return false;
}

static bool read_message(struct exchange *x, struct openai_request *r, const struct json_node *n,
                         size_t at, struct chat_message *m)
{
    if (n->type != JSON_OBJECT || !read_role(json_get_text(n, "role"), &m->role))
        return openai_wrong(x, place(at, "role"),
                            "system, developer, user, assistant or tool expected");
    const struct json_node *content = openai_member(n, "content");
    const struct json_node *calls =
        m->role == CHAT_ASSISTANT ? openai_member(n, "tool_calls") : NULL;
    if (!content && !calls)
        return openai_wrong(x, place(at, "content"), "a text expected");
    m->call_id = str_of(json_get_text(n, "tool_call_id"));
    return read_content(x, r, content, at, &m->content) && read_calls(x, r, calls, at, m);
}

bool openai_read_messages(struct exchange *x, struct openai_request *r)
{
    const struct json_node *list = openai_member(r->root, "messages");
    if (!list || list->type != JSON_ARRAY || list->count == 0)
        return openai_wrong(x, "messages", "a list of messages expected");
    if (list->count > OPENAI_MESSAGES_MAX)
        return openai_wrong(x, "messages", "%zu of them, at most %d are taken", list->count,
                            OPENAI_MESSAGES_MAX);
    struct chat_message *messages = arena_new(r->arena, list->count, sizeof *messages);
    if (!messages)
        return openai_wrong(x, "messages", "out of memory");
    size_t count = 0;
    for (const struct json_node *n = list->first; n; n = n->next, count++)
        if (!read_message(x, r, n, count, &messages[count]))
            return false;
    r->chat.messages = messages;
    r->chat.count = count;
    r->chat.answer = true;
    return true;
}

// "none", "auto", "required", or {"type": "function", "function": {"name": ...}}.
static bool read_tool_choice(struct exchange *x, struct openai_request *r)
{
    const struct json_node *n = openai_member(r->root, "tool_choice");
    r->tool_choice = r->tools ? TOOLS_AUTO : TOOLS_NONE;
    if (!n)
        return true;
    const char *word = n->type == JSON_STRING ? n->text.p : "";
    r->tool_name = n->type == JSON_OBJECT ? json_get_text(json_get(n, "function"), "name") : NULL;
    if (strcmp(word, "none") == 0)
        r->tool_choice = TOOLS_NONE;
    else if (strcmp(word, "required") == 0 || (r->tool_name && r->tool_name[0]))
        r->tool_choice = TOOLS_REQUIRED;
    else if (strcmp(word, "auto") != 0)
        return openai_wrong(x, "tool_choice", "none, auto, required or a function expected");
    if (r->tool_choice == TOOLS_REQUIRED && !r->tools)
        return openai_wrong(x, "tool_choice", "there are no tools");
    for (const struct json_node *t = r->tools && r->tool_name ? r->tools->first : NULL; t;
         t = t->next)
        if (strcmp(json_get_text(json_get(t, "function"), "name"), r->tool_name) == 0)
            return true;
    return !r->tool_name || openai_wrong(x, "tool_choice", "no tool is named %.64s", r->tool_name);
}

bool openai_read_tools(struct exchange *x, struct openai_request *r)
{
    const struct json_node *list = openai_member(r->root, "tools");
    if (list && (list->type != JSON_ARRAY || list->count > OPENAI_TOOLS_MAX))
        return openai_wrong(x, "tools", "a list of at most %d tools expected", OPENAI_TOOLS_MAX);
    struct str *texts = arena_new(r->arena, list ? list->count + 1 : 1, sizeof *texts);
    size_t count = 0;
    for (const struct json_node *n = list ? list->first : NULL; n; n = n->next) {
        const struct json_node *function = json_get(n, "function");
        if (strcmp(json_get_text(n, "type"), "function") != 0 ||
            !json_get_text(function, "name")[0])
            return openai_wrong(x, "tools", "type \"function\" with function.name expected");
        struct buf text = {0};
        struct json_out j;
        json_open(&j, &text);
        json_write(&j, n);
        char *copy = text.failed || !texts ? NULL : arena_copy(r->arena, buf_str(&text));
        if (copy)
            texts[count++] = (struct str){copy, text.n};
        buf_free(&text);
        if (!copy)
            return openai_wrong(x, "tools", "out of memory");
    }
    r->tools = count ? list : NULL;
    if (!read_tool_choice(x, r))
        return false;
    if (r->tool_choice != TOOLS_NONE) {
        r->chat.tools = texts;
        r->chat.tool_count = count;
    }
    return true;
}
