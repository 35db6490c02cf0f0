// Chat templates: recognition of a template's family, and a prompt's tokens.
#include "llm/chat_template.h"

#include <stdlib.h>
#include <string.h>

#include "llm/chat_private.h"
#include "llm/tokenizer_private.h"

static const struct chat_family *const families[] = {
    &chat_qwen3,    &chat_qwen25,  &chat_chatml, &chat_llama31, &chat_llama3,
    &chat_mistral3, &chat_mistral, &chat_phi3,   &chat_zephyr,  &chat_gemma};

enum { FAMILIES = sizeof families / sizeof *families, JINJA_MAX = 1 << 18 };

bool chat_holds(struct str jinja, const char *words)
{
    return jinja.n && memmem(jinja.p, jinja.n, words, strlen(words));
}

static bool fits(const struct chat_family *f, struct str jinja)
{
    for (size_t i = 0; i < sizeof f->has / sizeof *f->has && f->has[i]; i++)
        if (!chat_holds(jinja, f->has[i]))
            return false;
    for (size_t i = 0; i < sizeof f->lacks / sizeof *f->lacks && f->lacks[i]; i++)
        if (chat_holds(jinja, f->lacks[i]))
            return false;
    return true;
}

// The template as the families' marks are written: single quotes, line breaks for \n.
static void normalise(struct str jinja, struct buf *out)
{
    for (size_t i = 0; i < jinja.n; i++) {
        bool escape = jinja.p[i] == '\\' && i + 1 < jinja.n;
        if (escape && jinja.p[i + 1] == 'n') {
            buf_add_char(out, '\n');
            i++;
        } else if (jinja.p[i] == '"' || (escape && jinja.p[i + 1] == '"')) {
            buf_add_char(out, '\'');
            i += escape;
        } else {
            buf_add_char(out, jinja.p[i]);
        }
    }
}

static enum err_code unknown(struct err *err, const char *what)
{
    struct buf names = {0};
    for (size_t i = 0; i < FAMILIES; i++)
        buf_printf(&names, "%s%s", i ? ", " : "", families[i]->name);
    enum err_code code = err_set(err, ERR_UNSUPPORTED, "%s is unknown; known are %.*s", what,
                                 STR_ARG(buf_str(&names)));
    buf_free(&names);
    return code;
}

static enum err_code make(const struct chat_family *f, struct str normal, const struct tokenizer *t,
                          struct chat_template **out, struct err *err)
{
    struct chat_template *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(err, ERR_NO_MEMORY, "out of memory for a chat template");
    c->family = f;
    c->tokenizer = t;
    tokenizer_piece(t, tokenizer_bos(t), true, &c->bos);
    tokenizer_piece(t, tokenizer_eos(t), true, &c->eos);
    if (f->adapt)
        f->adapt(c, normal);
    if (c->bos.failed || c->eos.failed || c->default_system.failed) {
        chat_template_close(&c);
        return err_set(err, ERR_NO_MEMORY, "out of memory for a chat template");
    }
    *out = c;
    return ERR_OK;
}

enum err_code chat_template_recognise(struct str jinja, const struct tokenizer *t,
                                      struct chat_template **out, struct err *err)
{
    *out = NULL;
    if (jinja.n > JINJA_MAX)
        return err_set(err, ERR_LIMIT, "the chat template has %zu bytes, at most %d are allowed",
                       jinja.n, JINJA_MAX);
    struct buf normal = {0};
    normalise(jinja, &normal);
    const struct chat_family *found = NULL;
    for (size_t i = 0; i < FAMILIES && !found; i++)
        if (fits(families[i], buf_str(&normal)))
            found = families[i];
    enum err_code code = normal.failed ? err_set(err, ERR_NO_MEMORY, "out of memory for a template")
                         : found       ? make(found, buf_str(&normal), t, out, err)
                                       : unknown(err, "the model's chat template");
    buf_free(&normal);
    return code;
}

enum err_code chat_template_open(const struct gguf *g, const struct tokenizer *t,
                                 struct chat_template **out, struct err *err)
{
    struct str jinja, arch;
    *out = NULL;
    enum err_code code = gguf_string(g, "tokenizer.chat_template", &jinja, err);
    if (code == ERR_OK) {
        code = chat_template_recognise(jinja, t, out, err);
        return code ? err_prefix(err, "%s", gguf_name(g)) : ERR_OK;
    }
    if (code != ERR_NOT_FOUND || (code = gguf_string(g, "general.architecture", &arch, err)))
        return code;
    for (size_t i = 0; i < FAMILIES; i++)
        if (families[i]->arch && str_is(arch, families[i]->arch) &&
            tokenizer_find(t, str_of(families[i]->control)) >= 0)
            return make(families[i], (struct str){"", 0}, t, out, err);
    return unknown(err, "the file has no chat template, and what its architecture uses");
}

void chat_template_close(struct chat_template **c)
{
    if (!*c)
        return;
    buf_free(&(*c)->bos);
    buf_free(&(*c)->eos);
    buf_free(&(*c)->default_system);
    free(*c);
    *c = NULL;
}

const char *chat_template_name(const struct chat_template *c)
{
    return c->family->name;
}

bool chat_template_has_tools(const struct chat_template *c)
{
    return c->family->calls != NULL;
}

bool chat_template_has_date(const struct chat_template *c)
{
    return c->asks_clock;
}

const struct chat_call_style *chat_template_call_style(const struct chat_template *c)
{
    return c->family->calls;
}

static enum err_code check(const struct chat_template *c, const struct chat *chat, struct err *err)
{
    if (chat->count == 0)
        return err_set(err, ERR_INPUT, "a conversation without messages");
    if (c->family->calls)
        return ERR_OK;
    if (chat->tool_count)
        return err_set(err, ERR_UNSUPPORTED, "the chat template '%s' has no tools",
                       c->family->name);
    for (size_t i = 0; i < chat->count; i++)
        if (chat->messages[i].role == CHAT_TOOL || chat->messages[i].call_count)
            return err_set(err, ERR_UNSUPPORTED, "message %zu: the chat template '%s' has no tools",
                           i, c->family->name);
    return ERR_OK;
}

static enum err_code write_prompt(const struct chat_template *c, const struct chat *chat,
                                  struct chat_writer *w, struct err *err)
{
    *w = (struct chat_writer){.c = c, .chat = chat, .err = err};
    enum err_code code = check(c, chat, err);
    if (!code)
        code = c->family->render(w);
    return !code && w->text.failed ? err_set(err, ERR_NO_MEMORY, "out of memory for a prompt")
                                   : code;
}

static void free_writer(struct chat_writer *w)
{
    buf_free(&w->text);
    free(w->marks);
}

enum err_code chat_template_render(const struct chat_template *c, const struct chat *chat,
                                   struct buf *out, struct err *err)
{
    struct chat_writer w;
    enum err_code code = write_prompt(c, chat, &w, err);
    if (!code) {
        buf_add_str(out, buf_str(&w.text));
        if (out->failed)
            code = err_set(err, ERR_NO_MEMORY, "out of memory for a prompt");
    }
    free_writer(&w);
    return code;
}

// Text between two control tokens, all of it plain.
static enum err_code encode_text(const struct tokenizer *t, struct str text, int32_t before,
                                 struct tokens *out, struct err *err)
{
    if (before >= 0 && tokenizer_strips_after(t, before))
        while (text.n && (text.p[0] == ' ' || (text.p[0] >= '\t' && text.p[0] <= '\r'))) {
            text.p++;
            text.n--;
        }
    return text.n ? tokenizer_encode(t, text, 0, out, err) : ERR_OK;
}

enum err_code chat_template_encode(const struct chat_template *c, const struct chat *chat,
                                   struct tokens *out, struct err *err)
{
    const struct tokenizer *t = c->tokenizer;
    struct chat_writer w;
    enum err_code code = write_prompt(c, chat, &w, err);
    size_t at = 0, start = out->n;
    int32_t before = -1;
    if (!code && t->add_bos && tokenizer_bos(t) >= 0)
        tokens_add(out, tokenizer_bos(t));
    for (size_t i = 0; i <= w.mark_count && !code; i++) {
        struct chat_mark m = {w.text.n, w.text.n};
        int32_t id = -1;
        if (i < w.mark_count) {
            m = w.marks[i];
            id = tokenizer_find_special(t, (struct str){w.text.p + m.begin, m.end - m.begin});
            if (id < 0) // in this vocabulary it is plain text
                continue;
        }
        code = encode_text(t, (struct str){w.text.p + at, m.begin - at}, before, out, err);
        bool twice = id >= 0 && id == tokenizer_bos(t) && out->n == start + 1 && t->add_bos;
        if (id >= 0 && !twice)
            tokens_add(out, id);
        at = m.end;
        before = id;
    }
    free_writer(&w);
    if (!code && out->failed)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for a prompt");
    return code;
}
