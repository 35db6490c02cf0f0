// Families of plain turns, without tools: Phi-3, Zephyr (TinyLlama too), Gemma.
#include <string.h>

#include "llm/chat_private.h"

// The system message in the first message of the user, where the family has no place for it.
static void add_led(struct chat_writer *w, const struct chat_message *lead)
{
    if (lead && lead->content.n) {
        chat_add(w, lead->content);
        chat_z(w, "\n\n");
    }
}

static void add_phi3_turn(struct chat_writer *w, const char *control,
                          const struct chat_message *lead, struct str content)
{
    chat_control(w, control);
    chat_z(w, "\n");
    add_led(w, lead);
    chat_add(w, content);
    chat_control(w, "<|end|>");
    chat_z(w, "\n");
}

// The template of April 2024 has no system message and opens the answer with each question.
static enum err_code render_phi3_opening(struct chat_writer *w)
{
    size_t first;
    const struct chat_message *lead = chat_lead(w->chat, &first);
    for (size_t i = first; i < w->chat->count; i++) {
        const struct chat_message *m = &w->chat->messages[i];
        if (m->role == CHAT_USER) {
            add_phi3_turn(w, "<|user|>", lead, m->content);
            lead = NULL;
            chat_control(w, "<|assistant|>");
            chat_z(w, "\n");
        } else if (m->role == CHAT_ASSISTANT) {
            chat_add(w, m->content);
            chat_control(w, "<|end|>");
            chat_z(w, "\n");
        } else {
            return err_set(w->err, ERR_INPUT,
                           "message %zu: the chat template '%s' has no system messages but the "
                           "first",
                           i, chat_template_name(w->c));
        }
    }
    return ERR_OK;
}

static enum err_code render_phi3(struct chat_writer *w)
{
    static const char *const controls[] = {"<|system|>", "<|user|>", "<|assistant|>"};
    if (w->c->writes_bos)
        chat_bos(w);
    if (w->c->opens_answer)
        return render_phi3_opening(w);
    for (size_t i = 0; i < w->chat->count; i++) {
        const struct chat_message *m = &w->chat->messages[i];
        if (m->role != CHAT_SYSTEM || m->content.n || !w->c->skips_empty)
            add_phi3_turn(w, controls[m->role], NULL, m->content);
    }
    if (w->chat->answer) {
        chat_control(w, "<|assistant|>");
        chat_z(w, "\n");
    } else if (w->c->writes_eos) {
        chat_eos(w);
    }
    return ERR_OK;
}

static void adapt_phi3(struct chat_template *c, struct str jinja)
{
    c->writes_bos = chat_holds(jinja, "bos_token");
    c->writes_eos = chat_holds(jinja, "eos_token");
    c->opens_answer = chat_holds(jinja, "'<|end|>' + '\n' + '<|assistant|>' + '\n'");
    c->skips_empty = chat_holds(jinja, "== 'system' and message['content']");
}

static enum err_code render_zephyr(struct chat_writer *w)
{
    static const char *const controls[] = {"<|system|>", "<|user|>", "<|assistant|>"};
    for (size_t i = 0; i < w->chat->count; i++) {
        const struct chat_message *m = &w->chat->messages[i];
        chat_control(w, controls[m->role]);
        chat_z(w, "\n");
        chat_add(w, m->content);
        chat_eos(w);
        chat_z(w, "\n");
    }
    if (w->chat->answer) {
        chat_control(w, "<|assistant|>");
        chat_z(w, "\n");
    }
    return ERR_OK;
}

static enum err_code render_gemma(struct chat_writer *w)
{
    size_t first;
    const struct chat_message *lead = chat_lead(w->chat, &first);
    enum err_code code = chat_check_turns(w, first);
    if (code)
        return code;
    if (w->c->writes_bos)
        chat_bos(w);
    for (size_t i = first; i < w->chat->count; i++) {
        const struct chat_message *m = &w->chat->messages[i];
        chat_control(w, "<start_of_turn>");
        chat_z(w, m->role == CHAT_USER ? "user\n" : "model\n");
        add_led(w, i == first ? lead : NULL);
        chat_add(w, chat_strip(m->content));
        chat_control(w, "<end_of_turn>");
        chat_z(w, "\n");
    }
    if (w->chat->answer) {
        chat_control(w, "<start_of_turn>");
        chat_z(w, "model\n");
    }
    return ERR_OK;
}

static void adapt_gemma(struct chat_template *c, struct str jinja)
{
    c->writes_bos = jinja.n == 0 || chat_holds(jinja, "bos_token");
}

const struct chat_family chat_phi3 = {
    .name = "phi3",
    .has = {"message['content'] + '<|end|>", "<|assistant|>"},
    .lacks = {"tool", "<|im_start|>", "<think>"},
    .arch = "phi3",
    .control = "<|end|>",
    .render = render_phi3,
    .adapt = adapt_phi3,
};

const struct chat_family chat_zephyr = {
    .name = "zephyr",
    .has = {"'<|user|>\n' + message['content'] + eos_token",
            "'<|system|>\n' + message['content'] + eos_token", "'<|assistant|>\n'",
            "loop.last and add_generation_prompt"},
    .lacks = {"tools"},
    .render = render_zephyr,
};

const struct chat_family chat_gemma = {
    .name = "gemma",
    .has = {"'<start_of_turn>' + role + '\n' + ", "<end_of_turn>\n", "'model'", "| trim"},
    .lacks = {"tools", "<think>"},
    .arch = "gemma2",
    .control = "<start_of_turn>",
    .render = render_gemma,
    .adapt = adapt_gemma,
};
