// A corpus as tokens.
#include "train/examples.h"

#include <stdlib.h>
#include <string.h>

#include "train/corpus.h"
#include "train/tokenizer_train.h"

struct reading {
    const struct examples_plan *plan;
    const struct tokenizer *t;
    struct examples *to;
    struct tokens tokens;
    int32_t end_of_text, message_start, message_end; // -1: none
};

static bool grow(struct examples *e, uint64_t more)
{
    if (e->n + more > e->tokens_cap) {
        uint64_t cap = 2 * (e->n + more) + 1024;
        int32_t *tokens = realloc(e->tokens, cap * sizeof *tokens);
        if (tokens)
            e->tokens = tokens;
        bool *learn = tokens ? realloc(e->learn, cap * sizeof *learn) : NULL;
        if (!learn)
            return false;
        e->learn = learn;
        e->tokens_cap = cap;
    }
    if (e->count + 2 > e->cap) {
        size_t cap = 2 * e->cap + 1024;
        uint64_t *starts = realloc(e->starts, cap * sizeof *starts);
        if (!starts)
            return false;
        e->starts = starts;
        e->cap = cap;
    }
    return true;
}

// One document; tokens from `learn_from` on are targets.
static enum err_code add(struct reading *r, const int32_t *tokens, size_t n, size_t learn_from,
                         struct err *err)
{
    struct examples *e = r->to;
    if (!grow(e, n))
        return err_set(err, ERR_NO_MEMORY, "out of memory for %llu tokens",
                       (unsigned long long)(e->n + n));
    e->starts[e->count++] = e->n;
    for (size_t i = 0; i < n; i++) {
        e->tokens[e->n] = tokens[i];
        e->learn[e->n++] = i > 0 && i >= learn_from;
    }
    e->targets += n - (learn_from > 1 ? learn_from : 1);
    e->starts[e->count] = e->n;
    return ERR_OK;
}

static enum err_code add_text(struct reading *r, struct str text, struct err *err)
{
    struct tokens *t = &r->tokens;
    enum err_code code = tokenizer_encode(r->t, text, 0, t, err);
    tokens_add(t, r->end_of_text);
    if (!code && t->failed)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for the tokens of a text");
    for (size_t from = 0; from + 1 < t->n && !code; from += r->plan->context) {
        size_t left = t->n - from, n = left > r->plan->context ? r->plan->context + 1 : left;
        code = add(r, t->p + from, n, 1, err);
    }
    return code;
}

enum err_code examples_prompt(const struct tokenizer *t, struct str prompt, struct tokens *out,
                              struct err *err)
{
    static const struct str before = {TRAIN_MESSAGE_START "user\n",
                                      sizeof TRAIN_MESSAGE_START "user\n" - 1},
                            after = {TRAIN_MESSAGE_END "\n" TRAIN_MESSAGE_START "assistant\n",
                                     sizeof TRAIN_MESSAGE_END "\n" TRAIN_MESSAGE_START
                                                              "assistant\n" -
                                         1};
    enum err_code code = tokenizer_encode(t, before, TOKENIZE_SPECIAL, out, err);
    if (!code)
        code = tokenizer_encode(t, prompt, 0, out, err);
    return code ? code : tokenizer_encode(t, after, TOKENIZE_SPECIAL, out, err);
}

static bool is_control(const struct tokenizer *t, int32_t token)
{
    struct buf plain = {0};
    tokenizer_piece(t, token, false, &plain);
    bool nothing = plain.n == 0;
    buf_free(&plain);
    return nothing;
}

// Prompt and answer by the plan's template; *prompt gets where the answer begins.
static enum err_code write_by_template(struct reading *r, const struct corpus_example *c,
                                       size_t *prompt, struct err *err)
{
    const struct chat_message messages[] = {{.role = CHAT_USER, .content = c->prompt},
                                            {.role = CHAT_ASSISTANT, .content = c->answer}};
    struct chat asked = {.messages = messages, .count = 1, .answer = true};
    struct chat answered = {.messages = messages, .count = 2};
    struct tokens whole = {0}, *t = &r->tokens;
    enum err_code code = chat_template_encode(r->plan->chat, &asked, t, err);
    *prompt = t->n;
    if (!code)
        code = chat_template_encode(r->plan->chat, &answered, &whole, err);
    while (!code && whole.n && !is_control(r->t, whole.p[whole.n - 1]))
        whole.n--; // a line break behind the end, for one
    bool goes_on = whole.n > t->n && memcmp(whole.p, t->p, t->n * sizeof *t->p) == 0;
    for (size_t i = t->n; goes_on && i < whole.n; i++)
        tokens_add(t, whole.p[i]);
    if (!code && !goes_on) { // the prompt's last token and the answer's first would be one
        code = tokenizer_encode(r->t, c->answer, 0, t, err);
        if (whole.n)
            tokens_add(t, whole.p[whole.n - 1]);
    }
    t->failed = t->failed || whole.failed;
    tokens_free(&whole);
    return code;
}

static enum err_code write_chatml(struct reading *r, const struct corpus_example *c, size_t *prompt,
                                  struct err *err)
{
    enum err_code code = examples_prompt(r->t, c->prompt, &r->tokens, err);
    *prompt = r->tokens.n;
    if (!code)
        code = tokenizer_encode(r->t, c->answer, 0, &r->tokens, err);
    tokens_add(&r->tokens, r->message_end);
    return code;
}

static enum err_code add_chat(struct reading *r, const struct corpus_example *c, struct err *err)
{
    struct tokens *t = &r->tokens;
    size_t prompt;
    enum err_code code =
        r->plan->chat ? write_by_template(r, c, &prompt, err) : write_chatml(r, c, &prompt, err);
    if (!code && t->failed)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for the tokens of a chat");
    if (code)
        return code;
    if (t->n > (size_t)r->plan->context + 1) {
        r->to->skipped++;
        return ERR_OK;
    }
    return add(r, t->p, t->n, r->plan->answers_only ? prompt : 1, err);
}

static enum err_code missing_token(const char *name, struct err *err)
{
    return err_set(err, ERR_INPUT, "the tokenizer has no %s", name);
}

static enum err_code add_example(void *arg, const struct corpus_example *c, struct err *err)
{
    struct reading *r = arg;
    r->tokens.n = 0;
    if (!c->chat && r->end_of_text < 0)
        return missing_token(TRAIN_END_OF_TEXT, err);
    bool chatml = c->chat && !r->plan->chat;
    if (chatml && r->message_start < 0)
        return missing_token(TRAIN_MESSAGE_START, err);
    if (chatml && r->message_end < 0)
        return missing_token(TRAIN_MESSAGE_END, err);
    return c->chat ? add_chat(r, c, err) : add_text(r, c->text, err);
}

enum err_code examples_read(const struct examples_plan *plan, const struct tokenizer *t,
                            struct examples *out, struct err *err)
{
    *out = (struct examples){0};
    struct reading r = {.plan = plan,
                        .t = t,
                        .to = out,
                        .end_of_text = tokenizer_find(t, STR_LIT(TRAIN_END_OF_TEXT)),
                        .message_start = tokenizer_find(t, STR_LIT(TRAIN_MESSAGE_START)),
                        .message_end = tokenizer_find(t, STR_LIT(TRAIN_MESSAGE_END))};
    if (r.end_of_text < 0)
        r.end_of_text = tokenizer_eos(t);
    enum err_code code = corpus_read_list(plan->paths, add_example, &r, err);
    if (!code && out->targets == 0 && out->skipped)
        code = err_set(err, ERR_INPUT,
                       "%s: nothing to learn from: all %llu chats are longer than %u tokens",
                       plan->paths, (unsigned long long)out->skipped, plan->context);
    else if (!code && out->targets == 0)
        code = err_set(err, ERR_INPUT, "%s: nothing to learn from: no text is in it", plan->paths);
    tokens_free(&r.tokens);
    if (code)
        examples_free(out);
    return code;
}

enum err_code examples_chat_open(const struct gguf *g, const struct tokenizer *t,
                                 struct chat_template **out, struct err *err)
{
    struct str jinja;
    enum err_code code = chat_template_open(g, t, out, err);
    if (code == ERR_UNSUPPORTED && gguf_string(g, "tokenizer.chat_template", &jinja, NULL))
        return ERR_OK;
    return code;
}

void examples_free(struct examples *e)
{
    free(e->tokens);
    free(e->learn);
    free(e->starts);
    *e = (struct examples){0};
}
