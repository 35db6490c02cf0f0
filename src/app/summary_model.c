// A summary by a language model: asked, checked, asked once more under a grammar.
#include <string.h>
#include <strings.h>

#include "app/models.h"
#include "app/summary.h"
#include "diagnose/evidence_grammar.h"
#include "diagnose/summary_answer.h"

enum { TOKENS_MAX = 256 };

// For models that did not learn it from the data factory.
static const char instructions[] =
    "You write summaries for the operator of an industrial plant. From the facts of the window, "
    "write two to four plain sentences: the worst anomaly first with its asset, parameter and "
    "value and the limit or the expected range, then what else is open, new or ended, and what to "
    "look at. Use only numbers, names and times from the facts, as they are written there. If "
    "there are no anomalies, say \"No anomalies\".";

static bool is_trained(const struct app_model *m)
{
    return strncmp(app_model_name(m), "fettle-", strlen("fettle-")) == 0;
}

static enum err_code encode(const struct app_model *m, const char *facts, struct tokens *out,
                            struct err *err)
{
    const struct chat_template *chat = app_model_chat(m, err);
    struct buf user = {0};
    if (!chat)
        return err->code;
    buf_printf(&user, "%s\n\n%s", SUMMARY_INSTRUCTION, facts);
    const struct chat_message messages[] = {
        {.role = CHAT_SYSTEM, .content = str_of(instructions)},
        {.role = CHAT_USER, .content = buf_str(&user)},
    };
    size_t skip = is_trained(m);
    const struct chat c = {
        .messages = messages + skip, .count = 2 - skip, .answer = true, .no_thinking = true};
    enum err_code code = user.failed ? err_set(err, ERR_NO_MEMORY, "out of memory for a prompt")
                                     : chat_template_encode(chat, &c, out, err);
    buf_free(&user);
    return code;
}

// Waits for the answer; its text when it came to its end.
static enum err_code take_answer(struct answer *answer, struct buf *text, struct err *err)
{
    struct answer_part part = {0};
    enum answer_finish finish = ANSWER_GOES_ON;
    enum err_code code = ERR_OK;
    while (!answer_wait(answer, US_PER_SECOND))
        ;
    while (answer_take(answer, &part, NULL)) {
        buf_add_str(text, buf_str(&part.text));
        finish = part.finish;
        buf_reset(&part.text);
    }
    if (finish == ANSWER_DEADLINE)
        code = err_set(err, ERR_BUSY, "the model was not ready in time (summary.time_limit)");
    else if (finish == ANSWER_LENGTH)
        code = err_set(err, ERR_INPUT, "the model's text had no end within %d tokens", TOKENS_MAX);
    else if (finish == ANSWER_FAILED)
        code = answer_error(answer, err);
    else if (text->failed)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for a summary");
    answer_part_free(&part);
    return code;
}

static enum err_code make_form(struct serving *s, struct str lines, struct form **out,
                               struct err *err)
{
    struct buf gbnf = {0};
    evidence_grammar_write(&lines, 1, NULL, EVIDENCE_ANY_WORDS, &gbnf);
    enum err_code code = gbnf.failed ? err_set(err, ERR_NO_MEMORY, "out of memory for a grammar")
                                     : serving_form_gbnf(s, buf_str(&gbnf), "evidence", out, err);
    buf_free(&gbnf);
    return code;
}

struct attempt {
    struct app_model *model;
    const struct tokens *prompt;
    struct str lines;
    int64_t deadline_us;
    bool bound; // to what the lines have, by a grammar
};

static enum err_code write_once(const struct attempt *t, struct buf *text, struct err *err)
{
    struct answer *answer;
    struct form *form = NULL;
    struct serving *s = app_model_serving(t->model);
    enum err_code code = t->bound ? make_form(s, t->lines, &form, err) : ERR_OK;
    if (code != ERR_OK)
        return code;
    struct serving_request r = {.prompt = t->prompt->p,
                                .prompt_count = t->prompt->n,
                                .max_tokens = TOKENS_MAX,
                                .choices = 1,
                                .sampler = SAMPLER_GREEDY,
                                .form = form,
                                .deadline_us = t->deadline_us,
                                .whole = true};
    code = serving_submit(s, &r, &answer, err);
    form_release(&form);
    if (code != ERR_OK)
        return code;
    code = take_answer(answer, text, err);
    answer_release(&answer);
    return code;
}

// Tries twice; ERR_INPUT tells what was wrong with the second text.
static enum err_code write_checked(struct app_model *m, const struct summary_facts *facts,
                                   struct str lines, int64_t deadline_us, struct buf *text,
                                   struct err *err)
{
    struct tokens prompt = {0};
    enum err_code code = encode(m, lines.p, &prompt, err);
    for (int i = 0; i < 2; i++) {
        const struct attempt attempt = {m, &prompt, lines, deadline_us, i > 0};
        if (code != ERR_OK && (i == 0 || code != ERR_INPUT))
            break;
        buf_reset(text);
        code = write_once(&attempt, text, err);
        if (code == ERR_OK)
            code = summary_answer_check(facts, lines, str_trim(buf_str(text)), err);
        if (code == ERR_OK)
            break;
    }
    tokens_free(&prompt);
    return code;
}

enum err_code summary_model_write(struct app *a, const struct summary_facts *facts,
                                  struct summary *out, struct err *err)
{
    const struct settings *s = app_settings_hold(a);
    int64_t deadline = clock_mono_us() + settings_int(s, "summary.time_limit");
    char wanted[4096];
    str_copy(wanted, sizeof wanted, str_of(settings_text(s, "summary.model")));
    app_settings_release(a, s);
    if (strcasecmp(wanted, "none") == 0)
        return err_set(err, ERR_NOT_FOUND, "summary.model is none");
    struct app_model *m;
    enum err_code code = app_model_obtain(a, wanted, &m, err);
    if (code != ERR_OK)
        return code == ERR_NOT_FOUND && wanted[0] ? err_set(err, ERR_INPUT, "%s", err->text) : code;
    struct buf lines = {0}, text = {0};
    summary_facts_write(facts, &lines);
    code = lines.failed ? err_set(err, ERR_NO_MEMORY, "out of memory for a summary")
                        : write_checked(m, facts, buf_str(&lines), deadline, &text, err);
    if (code == ERR_OK) {
        str_copy(out->generated_by, sizeof out->generated_by, STR_LIT("llm_summarizer"));
        str_copy(out->model, sizeof out->model, str_of(app_model_name(m)));
        str_copy(out->text, sizeof out->text, str_trim(buf_str(&text)));
    }
    app_model_release(a, &m);
    buf_free(&lines);
    buf_free(&text);
    return code;
}
