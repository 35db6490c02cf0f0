// A folder that Ollama makes a model of: the GGUF file and a Modelfile beside it.
//
// The Go template is read off the engine's own: conversations with marks for their contents are
// rendered, and what stands between the marks is what the template must write there.
#include "train/export_ollama.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "llm/chat_template.h"

enum { PATH_BYTES = 4096, STOPS_MAX = 16 };

#define MARK(text)                                                                                 \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    }
static const struct str system_mark = MARK("[[system]]"), user_mark = MARK("[[user]]"),
                        answer_mark = MARK("[[answer]]"), again_mark = MARK("[[again]]");

// What the engine writes around the contents of a conversation.
struct turns {
    struct buf plain, led;         // rendered: user, answer, again; the same with a system message
    struct str before, after_user; // before the first user's message; after the last one
    struct str before_answer;      // what follows after_user when the answer is there already
    struct str after_answer;       // between the answer and the next user's message
    struct str before_system, after_system; // around the system's message; then a user's
    bool in_last;                           // the system's message stands in the user's last
};

static struct str between(struct str text, const struct str *from, const struct str *to)
{
    const char *p = text.p, *end = text.p + text.n;
    if (from) {
        p = memmem(text.p, text.n, from->p, from->n);
        p = p ? p + from->n : end;
    }
    const char *q = to ? memmem(p, (size_t)(end - p), to->p, to->n) : end;
    return (struct str){p, (size_t)((q ? q : end) - p)};
}

static void skip(struct str *s, struct str prefix)
{
    if (prefix.n && str_starts(*s, prefix)) {
        s->p += prefix.n;
        s->n -= prefix.n;
    }
}

static enum err_code read_turns(const struct chat_template *c, const struct tokenizer *t,
                                struct turns *out, struct err *err)
{
    const struct chat_message talk[] = {{.role = CHAT_SYSTEM, .content = system_mark},
                                        {.role = CHAT_USER, .content = user_mark},
                                        {.role = CHAT_ASSISTANT, .content = answer_mark},
                                        {.role = CHAT_USER, .content = again_mark}};
    // The day stands in Llama 3.1's own template.
    struct str day = STR_LIT("26 Jul 2024");
    enum err_code code;
    struct chat plain_talk = {.messages = talk + 1, .count = 3, .answer = true, .date = day};
    struct chat led_talk = {.messages = talk, .count = 4, .answer = true, .date = day};
    if ((code = chat_template_render(c, &plain_talk, &out->plain, err)) ||
        (code = chat_template_render(c, &led_talk, &out->led, err)))
        return code;
    struct buf bos = {0};
    tokenizer_piece(t, tokenizer_bos(t), true, &bos);
    struct str plain = buf_str(&out->plain), system = buf_str(&out->led);
    skip(&plain, buf_str(&bos)); // Ollama puts it there by itself
    skip(&system, buf_str(&bos));
    buf_free(&bos);
    out->before = between(plain, NULL, &user_mark);
    out->after_user = between(plain, &again_mark, NULL);
    out->before_answer = between(plain, &user_mark, &answer_mark);
    out->after_answer = between(plain, &answer_mark, &again_mark);
    out->before_system = between(system, NULL, &system_mark);
    out->after_system = between(system, &system_mark, &user_mark);
    struct str early = between(system, NULL, &answer_mark);
    out->in_last = !memmem(early.p, early.n, system_mark.p, system_mark.n);
    if (out->in_last)
        out->after_system = between(system, &system_mark, &again_mark);
    if (!str_starts(out->before_answer, out->after_user) ||
        !str_eq(between(system, &again_mark, NULL), out->after_user))
        return err_set(err, ERR_UNSUPPORTED,
                       "the turns of the chat template '%s' cannot be said in a Go template",
                       chat_template_name(c));
    skip(&out->before_answer, out->after_user);
    return ERR_OK;
}

static void add(struct buf *out, struct str text)
{
    buf_add_str(out, text);
}

// A conversation always begins with a system message, the template's own if there is no other.
static bool always_has_system(const struct turns *t)
{
    return t->before_system.n && t->before.n >= t->before_system.n + t->after_system.n &&
           str_starts(t->before, t->before_system) && str_ends(t->before, t->after_system) &&
           str_eq(t->after_system, t->after_answer);
}

static void write_with_system(const struct turns *t, struct buf *out)
{
    add(out, t->before_system);
    buf_add_z(out, "{{ .System }}{{ range .Messages }}{{ if eq .Role \"user\" }}");
    add(out, t->after_system);
    buf_add_z(out, "{{ .Content }}");
    add(out, t->after_user);
    buf_add_z(out, "{{ else if eq .Role \"assistant\" }}");
    add(out, t->before_answer);
    buf_add_z(out, "{{ .Content }}{{ end }}{{ end }}");
}

static struct str without_end(struct str s, struct str end)
{
    return (struct str){s.p, s.n - end.n};
}

static void write_turns(const struct turns *t, struct buf *out)
{
    bool own =
        !t->in_last && !str_eq(t->before_system, t->before) && str_ends(t->after_system, t->before);
    buf_add_z(out, own ? "{{ range .Messages }}" : "{{ range $i, $_ := .Messages }}");
    if (own) {
        buf_add_z(out, "{{ if eq .Role \"system\" }}");
        add(out, t->before_system);
        buf_add_z(out, "{{ .Content }}");
        add(out, without_end(t->after_system, t->before));
        buf_add_z(out, "{{ else if eq .Role \"user\" }}");
        add(out, t->before);
    } else { // the system's message stands in one of the user's
        buf_add_z(out, "{{ if eq .Role \"user\" }}");
        add(out, t->before);
        buf_add_z(out, t->in_last ? "{{ if and $.System (eq (len (slice $.Messages $i)) 1) }}"
                                  : "{{ if and $.System (le $i 1) }}");
        buf_add_z(out, "{{ $.System }}");
        add(out, t->after_system);
        buf_add_z(out, "{{ end }}");
    }
    buf_add_z(out, "{{ .Content }}");
    add(out, t->after_user);
    buf_add_z(out, "{{ else if eq .Role \"assistant\" }}");
    add(out, t->before_answer);
    buf_add_z(out, "{{ .Content }}");
    add(out, without_end(t->after_answer, t->before));
    buf_add_z(out, "{{ end }}{{ end }}");
}

// A value of a Modelfile has no escapes: three quotes can hold all but three quotes.
static enum err_code write_value(const char *command, const char *what, struct str value,
                                 struct buf *out, struct err *err)
{
    if (memmem(value.p, value.n, "\"\"\"", 3) || (value.n && value.p[value.n - 1] == '"'))
        return err_set(err, ERR_UNSUPPORTED,
                       "%s cannot stand in a Modelfile: three quotation marks, or one at its end",
                       what);
    buf_printf(out, "%s \"\"\"", command);
    buf_add_str(out, value);
    buf_add_z(out, "\"\"\"\n");
    return ERR_OK;
}

static enum err_code write_template(const struct turns *t, const char *system, struct buf *out,
                                    struct err *err)
{
    struct buf template = {0};
    struct str own = {"", 0};
    enum err_code code = ERR_OK;
    if (always_has_system(t)) {
        write_with_system(t, &template);
        own = (struct str){t->before.p + t->before_system.n,
                           t->before.n - t->before_system.n - t->after_system.n};
    } else if (str_ends(t->after_answer, t->before)) {
        write_turns(t, &template);
    } else {
        code = err_set(err, ERR_UNSUPPORTED, "the turns of the chat template cannot be told apart");
    }
    if (!code)
        code = write_value("TEMPLATE", "the chat template", buf_str(&template), out, err);
    buf_free(&template);
    if (system)
        own = str_of(system);
    if (!code && own.n)
        code = write_value("SYSTEM", "the system message", own, out, err);
    return code;
}

enum err_code export_ollama_template(const struct chat_template *c, const struct tokenizer *t,
                                     const char *system, struct buf *out, struct err *err)
{
    struct turns turns = {0};
    enum err_code code = read_turns(c, t, &turns, err);
    if (!code)
        code = write_template(&turns, system, out, err);
    buf_free(&turns.plain);
    buf_free(&turns.led);
    return code;
}

static void write_stops(const struct tokenizer *t, struct buf *out)
{
    int written = 0;
    for (int32_t id = 0; (uint32_t)id < tokenizer_count(t) && written < STOPS_MAX; id++) {
        struct buf name = {0};
        if (tokenizer_ends(t, id))
            tokenizer_piece(t, id, true, &name);
        if (name.n && !memchr(name.p, '"', name.n) && !memchr(name.p, '\n', name.n)) {
            buf_printf(out, "PARAMETER stop \"%.*s\"\n", STR_ARG(buf_str(&name)));
            written++;
        }
        buf_free(&name);
    }
}

static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

// A name after FROM or ADAPTER, which a Modelfile ends at the line.
static enum err_code write_file(const char *what, const char *path, struct buf *out,
                                struct err *err)
{
    const char *name = last_name(path);
    if (!*name || strpbrk(name, "\"\n\r"))
        return err_set(err, ERR_USAGE, "%s: such a name cannot stand in a Modelfile", path);
    buf_printf(out, strchr(name, ' ') ? "%s \"./%s\"\n" : "%s ./%s\n", what, name);
    return ERR_OK;
}

// A file without a template may still have one by its architecture.
static enum err_code write_chat(const struct export_ollama *e, const struct gguf *g,
                                const struct tokenizer *t, struct buf *out, struct err *err)
{
    struct chat_template *c = NULL;
    enum err_code code = chat_template_open(g, t, &c, err);
    if (code == ERR_UNSUPPORTED && !gguf_find(g, "tokenizer.chat_template")) {
        buf_add_z(out, "TEMPLATE \"\"\"{{ .Prompt }}\"\"\"\n");
        return e->system ? write_value("SYSTEM", "the system message", str_of(e->system), out, err)
                         : ERR_OK;
    }
    if (!code)
        code = export_ollama_template(c, t, e->system, out, err);
    chat_template_close(&c);
    return code;
}

static enum err_code write_all(const struct export_ollama *e, const struct gguf *g,
                               const struct tokenizer *t, struct buf *out, struct err *err)
{
    struct str arch = {"", 0}, licence;
    char key[GGUF_KEY_MAX];
    uint32_t context = EXPORT_OLLAMA_CONTEXT;
    (void)gguf_string(g, "general.architecture", &arch, NULL);
    snprintf(key, sizeof key, "%.*s.context_length", arch.n > 64 ? 64 : (int)arch.n, arch.p);
    (void)gguf_u32(g, key, &context, NULL);
    if (e->context)
        context = e->context;
    else if (context > EXPORT_OLLAMA_CONTEXT)
        context = EXPORT_OLLAMA_CONTEXT;
    enum err_code code = write_file("FROM", e->model, out, err);
    if (!code && e->adapter)
        code = write_file("ADAPTER", e->adapter, out, err);
    if (!code)
        code = write_chat(e, g, t, out, err);
    buf_printf(out, "PARAMETER num_ctx %u\n", context);
    write_stops(t, out);
    if (!code && gguf_string(g, "general.license", &licence, NULL) == ERR_OK && licence.n)
        code = write_value("LICENSE", "the licence", licence, out, err);
    return code || !out->failed ? code : err_set(err, ERR_NO_MEMORY, "out of memory");
}

enum err_code export_ollama_modelfile(const struct export_ollama *e, struct buf *out,
                                      struct err *err)
{
    struct gguf *g;
    struct tokenizer *t = NULL;
    enum err_code code = gguf_open(e->model, &g, err);
    if (!code && !(code = tokenizer_open(g, &t, err)))
        code = write_all(e, g, t, out, err);
    tokenizer_close(&t);
    gguf_close(&g);
    return code;
}

static enum err_code copy_bytes(int from, int to, const char *path, struct err *err)
{
    ssize_t n;
    while ((n = copy_file_range(from, NULL, to, NULL, 1 << 30, 0)) > 0)
        ;
    if (n < 0 || fsync(to) != 0)
        return err_errno(err, errno, "cannot write %s", path);
    return ERR_OK;
}

// A second name of the same file where the disk allows it, else a copy.
static enum err_code place(const char *from, const char *dir, struct err *err)
{
    char to[PATH_BYTES], part[PATH_BYTES + 8];
    if (snprintf(to, sizeof to, "%s/%s", dir, last_name(from)) >= (int)sizeof to)
        return err_set(err, ERR_LIMIT, "%s: path too long", dir);
    snprintf(part, sizeof part, "%s.part", to);
    unlink(part);
    enum err_code code = ERR_OK;
    if (link(from, part) != 0) {
        int in = open(from, O_RDONLY | O_CLOEXEC);
        int out = in < 0 ? -1 : open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        code = out < 0 ? err_errno(err, errno, "cannot copy %s to %s", from, part)
                       : copy_bytes(in, out, part, err);
        if (in >= 0)
            close(in);
        if (out >= 0)
            close(out);
    }
    if (!code && rename(part, to) != 0)
        code = err_errno(err, errno, "cannot write %s", to);
    unlink(part); // also when both names were those of one file already
    return code;
}

enum err_code export_ollama(const struct export_ollama *e, struct err *err)
{
    struct buf text = {0};
    struct gguf *adapter = NULL;
    char path[PATH_BYTES];
    enum err_code code = export_ollama_modelfile(e, &text, err);
    if (!code && e->adapter)
        code = gguf_open(e->adapter, &adapter, err);
    gguf_close(&adapter);
    if (!code && snprintf(path, sizeof path, "%s/Modelfile", e->dir) >= (int)sizeof path)
        code = err_set(err, ERR_LIMIT, "%s: path too long", e->dir);
    if (!code)
        code = file_make_dirs(e->dir, err);
    if (!code)
        code = place(e->model, e->dir, err);
    if (!code && e->adapter)
        code = place(e->adapter, e->dir, err);
    if (!code)
        code = file_replace(path, text.p, text.n, err);
    buf_free(&text);
    return code;
}
