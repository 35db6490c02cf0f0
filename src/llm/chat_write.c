// Writes a prompt's pieces: text, control tokens, JSON.
#include <stdlib.h>
#include <string.h>

#include "llm/chat_private.h"
#include "llm/json_text.h"

void chat_control(struct chat_writer *w, const char *name)
{
    if (w->mark_count == w->mark_cap) {
        size_t cap = w->mark_cap ? 2 * w->mark_cap : 32;
        struct chat_mark *marks = realloc(w->marks, cap * sizeof *marks);
        if (!marks) {
            w->text.failed = true;
            return;
        }
        w->marks = marks;
        w->mark_cap = cap;
    }
    size_t begin = w->text.n;
    buf_add_z(&w->text, name);
    w->marks[w->mark_count++] = (struct chat_mark){begin, w->text.n};
}

void chat_bos(struct chat_writer *w)
{
    if (w->c->bos.n)
        chat_control(w, w->c->bos.p);
}

void chat_eos(struct chat_writer *w)
{
    if (w->c->eos.n)
        chat_control(w, w->c->eos.p);
}

void chat_z(struct chat_writer *w, const char *text)
{
    buf_add_z(&w->text, text);
}

void chat_add(struct chat_writer *w, struct str text)
{
    buf_add_str(&w->text, text);
}

const char *chat_role_name(enum chat_role role)
{
    static const char *const names[] = {"system", "user", "assistant", "tool"};
    return names[role];
}

const struct chat_message *chat_lead(const struct chat *chat, size_t *first)
{
    bool there = chat->count && chat->messages[0].role == CHAT_SYSTEM;
    *first = there;
    return there ? &chat->messages[0] : NULL;
}

enum err_code chat_check_turns(struct chat_writer *w, size_t first)
{
    size_t turn = 0;
    for (size_t i = first; i < w->chat->count; i++) {
        const struct chat_message *m = &w->chat->messages[i];
        if (m->role == CHAT_TOOL || m->call_count)
            continue;
        enum chat_role wanted = turn % 2 ? CHAT_ASSISTANT : CHAT_USER;
        if (m->role != wanted)
            return err_set(w->err, ERR_INPUT,
                           "message %zu is of role %s, but the chat template '%s' wants %s there: "
                           "user and assistant in turn",
                           i, chat_role_name(m->role), chat_template_name(w->c),
                           chat_role_name(wanted));
        turn++;
    }
    return ERR_OK;
}

// Bytes of the blank that s begins or ends with; 0: none.
static size_t blank(struct str s, bool at_end)
{
    // U+0085, U+00A0; U+1680, U+2000 to 200A, U+2028, U+2029, U+202F, U+205F, U+3000
    static const char *const wide[] = {
        "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
        "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
        "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};
    if (s.n == 0)
        return 0;
    char c = at_end ? s.p[s.n - 1] : s.p[0];
    if (c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f))
        return 1;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (at_end ? str_ends(s, str_of(wide[i])) : str_starts(s, str_of(wide[i])))
            return strlen(wide[i]);
    return 0;
}

struct str chat_strip(struct str s)
{
    for (size_t n; (n = blank(s, false)) > 0;) {
        s.p += n;
        s.n -= n;
    }
    for (size_t n; (n = blank(s, true)) > 0;)
        s.n -= n;
    return s;
}

enum err_code chat_json(struct chat_writer *w, struct str json, int indent, const char *what,
                        size_t i)
{
    char where[64];
    struct buf name = {0};
    buf_printf(&name, "%s %zu", what, i);
    str_copy(where, sizeof where, buf_str(&name));
    buf_free(&name);
    struct arena *arena = arena_open(0);
    if (!arena)
        return err_set(w->err, ERR_NO_MEMORY, "out of memory for a prompt");
    struct json_node *node;
    enum err_code code = json_read(arena, json, where, &node, w->err);
    if (!code && node->type != JSON_OBJECT)
        code = err_set(w->err, ERR_INPUT, "%s: expected a JSON object", where);
    if (!code)
        json_text_node(&w->text, node, indent);
    arena_close(&arena);
    return code;
}

enum err_code chat_arguments(struct chat_writer *w, const struct chat_call *call)
{
    if (str_trim(call->arguments).n == 0) {
        chat_z(w, "{}");
        return ERR_OK;
    }
    enum err_code code = chat_json(w, call->arguments, 0, "arguments of call", 0);
    return code ? err_prefix(w->err, "tool '%.*s'", STR_ARG(call->name)) : ERR_OK;
}
