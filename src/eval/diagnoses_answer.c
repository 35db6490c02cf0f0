// Asking a model for the answers to cases, with a window of cases that are answered at once.
#include "eval/diagnoses_answer.h"

#include <stdlib.h>

#include "base/clock.h"
#include "diagnose/diagnosis.h"
#include "diagnose/event_words.h"
#include "eval/case_lines.h"

enum { AT_ONCE = 8, WINDOW = 16 };

// A case that is being answered.
struct asked {
    struct arena *arena;
    struct facts facts;
    struct buf reading;
    struct explanation *explanation;
};

struct asking {
    const struct diagnoses_plan *plan;
    struct explain_model model;
    struct chat_template *chat;
    struct case_lines cases;
    struct asked *window; // [WINDOW], a ring
    uint64_t begun, ended;
    uint64_t bytes; // of the file
};

static enum err_code open_model(struct asking *a, struct err *err)
{
    unsigned threads = a->plan->threads ? a->plan->threads : explain_threads(a->plan->model);
    struct serving_settings settings = {.threads = threads,
                                        .context = 4096,
                                        .sessions = AT_ONCE,
                                        .queue = WINDOW * (1 + DRAWS_MAX),
                                        .cache = CACHE_F16};
    enum err_code code = serving_open(a->plan->model, &settings, &a->model.serving, err);
    if (code == ERR_OK)
        code = chat_template_open(serving_model(a->model.serving)->file,
                                  serving_tokenizer(a->model.serving), &a->chat, err);
    a->model.chat = a->chat;
    return code;
}

// What the model reads: the input as it is, or the facts in it.
static enum err_code prepare(const struct asking *a, const struct json_node *c, struct asked *to,
                             struct err *err)
{
    struct str input = str_of(json_get_text(c, "input"));
    const struct json_node *truth = json_get(c, "truth");
    const char *task = json_get_text(truth, "task");
    bool prepared = strcmp(json_get_text(truth, "form"), "prepared") == 0 ||
                    (task[0] && strcmp(task, "diagnostics") != 0);
    if (prepared && a->plan->raw)
        return err_set(err, ERR_INPUT,
                       "%s:%llu: the input is prepared: a log expected (made with "
                       "--form raw)",
                       a->cases.path, (unsigned long long)a->cases.line);
    enum err_code code = facts_read(input, &to->facts, err);
    if (code != ERR_OK)
        return code;
    facts_join_known(&to->facts);
    facts_read_events(&to->facts, input);
    buf_reset(&to->reading);
    if (prepared || a->plan->raw)
        buf_add_str(&to->reading, input);
    else
        facts_write(&to->facts, &to->reading);
    return to->reading.failed ? err_set(err, ERR_NO_MEMORY, "out of memory for a case") : ERR_OK;
}

// Asks the next case; `*more` is false at the end of the file.
static enum err_code begin(struct asking *a, bool *more, struct err *err)
{
    struct asked *slot = &a->window[a->begun % WINDOW];
    struct json_node *c;
    arena_reset(slot->arena);
    enum err_code code = case_lines_next(&a->cases, slot->arena, &c, err);
    *more = code == ERR_OK && c;
    if (!*more)
        return code;
    code = prepare(a, c, slot, err);
    struct explain_request r = {.question = str_of(json_get_text(c, "instruction")),
                                .reading = buf_str(&slot->reading),
                                .facts = &slot->facts,
                                .unchecked = !a->plan->checked,
                                .max_tokens = a->plan->max_tokens,
                                .whole = true,
                                .draws = a->plan->checked ? DRAWS_MAX : 0};
    if (code == ERR_OK)
        code = explain_begin(&a->model, &r, &slot->explanation, err);
    if (code != ERR_OK && code != ERR_INPUT)
        err_prefix(err, "%s:%llu", a->cases.path, (unsigned long long)a->cases.line);
    a->begun += code == ERR_OK;
    return code;
}

// Waits for the oldest case and writes its answer.
static enum err_code end(struct asking *a, struct buf *lines, struct diagnoses_run *run,
                         struct err *err)
{
    struct asked *slot = &a->window[a->ended++ % WINDOW];
    struct explained e;
    struct diagnosis d;
    struct json_out j;
    enum err_code code = explain_finish(slot->explanation, err);
    if (code == ERR_OK) {
        explain_result(slot->explanation, &e);
        run->cases++;
        run->prompt_tokens += e.prompt_tokens;
        run->tokens += e.made_tokens;
        run->regenerated += e.regenerated;
        run->cut += e.cut;
        json_open(&j, lines);
        json_object(&j);
        json_key(&j, "answer");
        json_str(&j, e.text);
        diagnosis_read(&e, &slot->facts, &d);
        if (a->plan->checked)
            json_key_real(&j, "confidence", d.confidence);
        json_end(&j);
        buf_add_char(lines, '\n');
    }
    explain_free(&slot->explanation);
    if (code == ERR_OK && lines->failed)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for the answers");
    return code;
}

static enum err_code answer_all(struct asking *a, struct buf *lines, struct diagnoses_run *run,
                                struct err *err)
{
    bool more = true;
    enum err_code code = ERR_OK;
    while (code == ERR_OK && (more || a->ended < a->begun)) {
        if (more && a->begun - a->ended < WINDOW) {
            code = begin(a, &more, err);
            continue;
        }
        code = end(a, lines, run, err);
        uint64_t done = a->bytes - a->cases.rest.n;
        if (code == ERR_OK && a->plan->progress && !a->plan->progress(a->plan->arg, done, a->bytes))
            code = err_set(err, ERR_CANCELLED, "interrupted");
    }
    return code;
}

enum err_code diagnoses_answer(const struct diagnoses_plan *plan, struct buf *lines,
                               struct diagnoses_run *run, struct err *err)
{
    struct asking a = {.plan = plan};
    *run = (struct diagnoses_run){0};
    a.window = calloc(WINDOW, sizeof *a.window);
    enum err_code code = a.window ? ERR_OK : err_set(err, ERR_NO_MEMORY, "no memory for the cases");
    for (int i = 0; code == ERR_OK && i < WINDOW; i++)
        if (!(a.window[i].arena = arena_open(CASE_BYTES_MAX)))
            code = err_set(err, ERR_NO_MEMORY, "no memory for the cases");
    if (code == ERR_OK)
        code = case_lines_open(&a.cases, plan->cases, err);
    a.bytes = a.cases.rest.n;
    if (code == ERR_OK)
        code = open_model(&a, err);
    int64_t began_us = clock_mono_us();
    if (code == ERR_OK)
        code = answer_all(&a, lines, run, err);
    run->seconds = (double)(clock_mono_us() - began_us) / 1e6;
    for (int i = 0; a.window && i < WINDOW; i++) {
        explain_free(&a.window[i].explanation);
        arena_close(&a.window[i].arena);
        buf_free(&a.window[i].reading);
    }
    free(a.window);
    serving_close(&a.model.serving);
    chat_template_close(&a.chat);
    case_lines_close(&a.cases);
    return code;
}

void diagnoses_run_text(const struct diagnoses_run *r, struct buf *to)
{
    buf_printf(to, "answered in %.1f s: %.1f cases and %.0f tokens a second", r->seconds,
               (double)r->cases / r->seconds, (double)r->tokens / r->seconds);
    if (r->regenerated)
        buf_printf(to, "; %llu rewritten by the evidence", (unsigned long long)r->regenerated);
    if (r->cut)
        buf_printf(to, "; %llu cut", (unsigned long long)r->cut);
    buf_add_char(to, '\n');
}

void diagnoses_run_json(const struct diagnoses_run *r, struct json_out *to)
{
    json_key_real(to, "seconds", r->seconds);
    json_key_int(to, "prompt_tokens", (int64_t)r->prompt_tokens);
    json_key_int(to, "tokens", (int64_t)r->tokens);
    json_key_int(to, "regenerated", (int64_t)r->regenerated);
    json_key_int(to, "cut", (int64_t)r->cut);
}
