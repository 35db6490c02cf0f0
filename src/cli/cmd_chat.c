// fettle chat: a conversation with a language model at the terminal.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/chat_line.h"
#include "cli/talk.h"

enum { MESSAGES_MAX = 4096 };

static struct {
    const char *system;
    bool thinking;
} opt;

static const struct option table[] = {
    {"system|s", "TEXT", "What the model is told before the conversation", OPTION_TEXT,
     &opt.system},
    {"think", NULL, "Let a model think first that can (Qwen3)", OPTION_FLAG, &opt.thinking},
    TALK_OPTIONS,
    OPTIONS_END};

static const struct option *options(void)
{
    return table;
}

// The messages; their texts are owned.
struct conversation {
    struct talk *talk;
    struct chat_message messages[MESSAGES_MAX];
    size_t count;
    bool is_terminal;
    struct chat_line *line; // of a terminal
    unsigned interrupts;    // Ctrl-C in a row, without a line between
};

static bool add_message(struct conversation *c, enum chat_role role, struct str text)
{
    char *copy = c->count < MESSAGES_MAX ? malloc(text.n + 1) : NULL;
    if (!copy)
        return false;
    str_copy(copy, text.n + 1, text);
    c->messages[c->count++] = (struct chat_message){.role = role, .content = {copy, text.n}};
    return true;
}

static void forget(struct conversation *c, size_t keep)
{
    while (c->count > keep)
        free((void *)(uintptr_t)c->messages[--c->count].content.p);
}

static size_t first_message(void)
{
    return opt.system ? 1 : 0;
}

// ---- what begins with a slash ----

static void help(void)
{
    fprintf(stderr,
            "/clear       begin anew\n"
            "/save FILE   write the conversation to a file\n"
            "/help        this\n"
            "/quit        end (as Ctrl-D); Ctrl-C ends an answer, a second one the conversation\n"
            "Arrow keys edit the line and bring earlier ones back; Ctrl-R searches them.\n");
}

static void save(const struct conversation *c, const char *path)
{
    static const char *const roles[] = {"system", "user", "assistant", "tool"};
    struct buf out = {0};
    struct err err;
    for (size_t i = 0; i < c->count; i++) {
        buf_printf(&out, "%s:\n", roles[c->messages[i].role]);
        buf_add_str(&out, c->messages[i].content);
        buf_add_z(&out, "\n\n");
    }
    enum err_code code = out.failed ? err_set(&err, ERR_NO_MEMORY, "out of memory")
                                    : file_replace(path, out.p ? out.p : "", out.n, &err);
    fprintf(stderr, "%s%s\n", code ? "not saved: " : "saved as ", code ? err.text : path);
    buf_free(&out);
}

// False: the conversation is over.
static bool obey(struct conversation *c, const char *line)
{
    if (strcmp(line, "/quit") == 0 || strcmp(line, "/exit") == 0)
        return false;
    if (strcmp(line, "/clear") == 0)
        forget(c, first_message());
    else if (strncmp(line, "/save ", 6) == 0 && line[6])
        save(c, line + 6);
    else
        help();
    return true;
}

// ---- answers ----

static void tell_speed(const struct conversation *c, const struct talk_answer *a)
{
    if (!c->is_terminal)
        return;
    const struct answer_stats *s = &a->stats;
    fprintf(stderr, "[%u tokens%s, %.1f tok/s, first after %.0f ms]\n", s->tokens,
            a->interrupted               ? ", interrupted"
            : a->finish == ANSWER_LENGTH ? ", cut: the context or --tokens is used up"
                                         : "",
            s->decode_us > 0 && s->tokens > 1 ? (s->tokens - 1) * 1e6 / (double)s->decode_us : 0.0,
            (double)s->first_token_us / 1e3);
}

// A question that fails is forgotten, so that the conversation can go on.
static enum err_code ask(struct conversation *c, struct str question, struct err *err)
{
    size_t before = c->count;
    struct tokens tokens = {0};
    struct talk_answer a = {0};
    if (!add_message(c, CHAT_USER, question))
        return err_set(err, ERR_NO_MEMORY, "no room for another message: /clear begins anew");
    struct chat chat = {
        .messages = c->messages, .count = c->count, .answer = true, .no_thinking = !opt.thinking};
    enum err_code code = chat_template_encode(c->talk->chat, &chat, &tokens, err);
    if (!code)
        code = talk_ask(c->talk, &tokens, true, &a, err);
    if (!code) {
        struct buf end = {0};
        buf_add_z(&end, c->is_terminal ? "\n" : "\n\n");
        code = cli_print(&end, err);
        buf_free(&end);
    }
    if (!code && !add_message(c, CHAT_ASSISTANT, buf_str(&a.text)))
        code = err_set(err, ERR_NO_MEMORY, "no room for another message: /clear begins anew");
    c->interrupts = a.interrupted;
    if (code)
        forget(c, before);
    else
        tell_speed(c, &a);
    tokens_free(&tokens);
    buf_free(&a.text);
    return code;
}

// The next line of a pipe or a file.
static bool read_piped(struct buf *line)
{
    char *text = NULL;
    size_t cap = 0;
    ssize_t n = getline(&text, &cap, stdin);
    buf_reset(line);
    if (n >= 0)
        buf_add(line, text, strcspn(text, "\r\n"));
    free(text);
    return n >= 0;
}

// The next line without its end; false at the end of the input.
static bool read_line(struct conversation *c, struct buf *line)
{
    while (c->is_terminal) {
        enum chat_line_end end = chat_line_read(c->line, line);
        bool again = end == CHAT_LINE_INTERRUPTED && ++c->interrupts < 2;
        if (end == CHAT_LINE_TYPED) {
            c->interrupts = 0;
            return true;
        }
        talk_interrupted(); // forgotten before the words that invite another
        fprintf(stderr, again ? "\n(once more, Ctrl-D or /quit ends)\n" : "\n");
        if (!again)
            return false;
    }
    return read_piped(line);
}

static enum err_code converse(struct conversation *c, struct err *err)
{
    struct buf line = {0};
    enum err_code code = ERR_OK;
    if (opt.system && !add_message(c, CHAT_SYSTEM, str_of(opt.system)))
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    while (!code && read_line(c, &line)) {
        if (line.failed)
            code = err_set(err, ERR_NO_MEMORY, "out of memory for a line");
        if (code || line.n == 0)
            continue;
        if (line.p[0] == '/') {
            if (!obey(c, line.p))
                break;
            continue;
        }
        code = ask(c, buf_str(&line), err);
        if (code && c->is_terminal && code != ERR_IO) {
            fprintf(stderr, "%s\n", err->text);
            code = ERR_OK;
        }
    }
    buf_free(&line);
    forget(c, 0);
    return code;
}

static enum err_code run(const struct option_list *operands, struct err *err)
{
    struct talk talk = {0};
    if (operands->count)
        return err_set(err, ERR_USAGE, "%s: the model is given with -m", operands->items[0]);
    enum err_code code = talk_open(&talk, err);
    if (!code && !talk.chat)
        code =
            err_set(err, talk.chat_error.code, "%s: %s", talk_options.model, talk.chat_error.text);
    struct conversation *c = code ? NULL : calloc(1, sizeof *c);
    if (!code && !c)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for the conversation");
    if (!code) {
        c->talk = &talk;
        c->is_terminal = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
        if (c->is_terminal)
            fprintf(stderr, "%s, %u tokens of context; /help tells what there is\n",
                    talk_options.model, serving_context(talk.serving));
        talk_catch_interrupt();
        c->line = c->is_terminal ? chat_line_open() : NULL;
        code = c->is_terminal && !c->line ? err_set(err, ERR_NO_MEMORY, "out of memory for lines")
                                          : converse(c, err);
        chat_line_close(&c->line);
    }
    free(c);
    talk_close(&talk);
    return code;
}

const struct command command_chat = {
    .name = "chat",
    .operands = "",
    .summary = "Talk with a language model",
    .text = "Each line is a message; the answer comes as it is written. The model remembers the\n"
            "conversation. Ctrl-C ends an answer, a second one or Ctrl-D the conversation; /help, "
            "/clear, /save FILE.\n"
            "Arrow keys edit a line and bring earlier ones back, Ctrl-R searches them.\n"
            "Without a terminal each line of the input is answered, with an empty line behind.",
    .examples = "  fettle chat -m model.gguf\n"
                "  fettle chat -m model.gguf --system 'You are a pump expert.' --temperature 0\n"
                "  echo 'What is cavitation?' | fettle chat -m model.gguf\n",
    .options = options,
    .run = run,
};
