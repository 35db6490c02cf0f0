// POST /v1/chat/completions and /v1/completions: whole answers and streams.
#include <stdio.h>
#include <stdlib.h>

#include "server/handlers.h"
#include "server/listener.h"
#include "server/openai_form.h"
#include "server/openai_reply.h"
#include "server/openai_request.h"

// One request until its answer is over; owned by the exchange or by its stream.
struct completion {
    struct app *app;
    struct app_model *model;
    struct answer *answer;
    struct openai_head head;
    struct buf *echoes; // of each prompt
    size_t prompt_count;
    struct answer_part part;
    struct openai_choice *choices;
    size_t count;
    struct listener listener;
};

static void completion_free(void *completion)
{
    struct completion *c = completion;
    answer_release(&c->answer);
    app_model_release(c->app, &c->model);
    answer_part_free(&c->part);
    for (size_t i = 0; c->choices && i < c->count; i++)
        openai_choice_free(&c->choices[i]);
    free(c->choices);
    for (size_t i = 0; c->echoes && i < c->prompt_count; i++)
        buf_free(&c->echoes[i]);
    free(c->echoes);
    listener_free(&c->listener);
    free(c);
}

// ---- taking ----

static bool take_part(struct completion *c)
{
    struct openai_choice *choice = &c->choices[c->part.choice];
    openai_calls_feed(&choice->calls, buf_str(&c->part.text), &choice->text);
    choice->finish = c->part.finish;
    if (choice->finish != ANSWER_GOES_ON)
        openai_calls_finish(&choice->calls, &choice->text);
    return openai_choice_add_tokens(choice, &c->part) && !choice->text.failed &&
           !c->part.text.failed;
}

// Why there is no answer; ERR_OK when there is one.
static enum err_code failure(struct completion *c, enum answer_finish finish, struct err *err)
{
    if (finish == ANSWER_DEADLINE)
        return err_set(err, ERR_BUSY, "the answer was not ready in time (llm.time_limit)");
    return finish == ANSWER_FAILED ? answer_error(c->answer, err) : ERR_OK;
}

// ---- whole answers ----

static void finish_whole(struct exchange *x)
{
    struct completion *c = x->work;
    struct err err = {0};
    bool good = true;
    if (!c->answer) // could not be submitted: the error is there
        return;
    while (good && answer_take(c->answer, &c->part, NULL))
        good = take_part(c);
    if (!good)
        err_set(&err, ERR_NO_MEMORY, "out of memory for the answer");
    for (size_t i = 0; i < c->count && !err.code; i++)
        failure(c, c->choices[i].finish, &err);
    if (err.code) {
        reply_err(x, &err, NULL);
        return;
    }
    struct answer_stats stats;
    struct json_out j;
    answer_stats(c->answer, &stats);
    reply_json(x, &j);
    openai_write_answer(&j, &c->head, c->choices, c->count, &stats);
}

static void free_whole(struct exchange *x)
{
    completion_free(x->work);
}

// ---- streams ----

static void end_stream(struct completion *c)
{
    struct answer_stats stats;
    answer_stats(c->answer, &stats);
    if (c->head.include_usage)
        openai_write_usage_piece(&c->listener.out, &c->head, &stats);
    openai_write_done(&c->listener.out);
    c->listener.ended = true;
}

static void end_stream_with_error(struct completion *c, const struct err *err)
{
    buf_reset(&c->listener.out);
    openai_write_error_piece(&c->listener.out, err);
    c->listener.ended = true;
}

// Formats what is new. False: nothing is, and the connection has been suspended.
static bool fill_stream(void *completion)
{
    struct completion *c = completion;
    struct err err;
    buf_reset(&c->listener.out);
    if (!answer_take(c->answer, &c->part, listener_suspend))
        return false;
    struct openai_choice *choice = &c->choices[c->part.choice];
    enum err_code code = take_part(c)
                             ? failure(c, c->part.finish, &err)
                             : err_set(&err, ERR_NO_MEMORY, "out of memory for the answer");
    if (code) {
        end_stream_with_error(c, &err);
        return true;
    }
    openai_write_piece(&c->listener.out, &c->head, choice, c->part.choice);
    if (answer_over(c->answer))
        end_stream(c);
    return true;
}

// ---- beginning ----

// An unknown model is 404, a prompt that is too long 400, a full queue 429, as OpenAI answers.
static void refuse(struct exchange *x, const struct err *err, const char *field)
{
    if (err->code == ERR_NOT_FOUND)
        reply_error(x, 404, "model_not_found", "model", "%s", err->text);
    else if (err->code == ERR_LIMIT)
        reply_error(x, 400, "context_length_exceeded", field, "%s", err->text);
    else if (err->code == ERR_BUSY)
        reply_error(x, 429, "rate_limit_exceeded", NULL, "%s", err->text);
    else if (err->code == ERR_UNSUPPORTED)
        reply_error(x, 400, "unsupported", field, "%s", err->text);
    else
        reply_err(x, err, field);
}

static enum err_code encode_plain(struct completion *c, struct openai_prompt *p, struct buf *echo,
                                  struct err *err)
{
    const struct tokenizer *t = c->head.tokenizer;
    enum err_code code = ERR_OK;
    if (p->tokens.n) {
        tokenizer_decode(t, p->tokens.p, p->tokens.n, false, echo);
    } else {
        buf_add_str(echo, p->text);
        code = tokenizer_encode(t, p->text, TOKENIZE_ENDS, &p->tokens, err);
    }
    if (!code && (p->tokens.failed || echo->failed))
        code = err_set(err, ERR_NO_MEMORY, "out of memory for the prompt");
    return code;
}

static enum err_code encode(struct completion *c, struct openai_request *r, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; !r->is_chat && i < r->prompt_count && !code; i++)
        code = encode_plain(c, &r->prompts[i], &c->echoes[i], err);
    if (!r->is_chat)
        return code;
    struct tokens *tokens = &r->prompts[0].tokens;
    const struct chat_template *template = app_model_chat(c->model, err);
    code = template ? chat_template_encode(template, &r->chat, tokens, err) : err->code;
    if (!code && tokens->failed)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for the prompt");
    return code;
}

static enum err_code submit(struct completion *c, struct openai_request *r, struct err *err)
{
    struct serving_request *s = &r->serving;
    struct serving *serving = app_model_serving(c->model);
    struct tokens others[OPENAI_PROMPTS_MAX];
    s->prompt = r->prompts[0].tokens.p;
    s->prompt_count = r->prompts[0].tokens.n;
    for (size_t i = 1; i < r->prompt_count; i++)
        others[i - 1] = r->prompts[i].tokens;
    s->others = others;
    s->other_count = r->prompt_count - 1;
    s->deadline_us = clock_mono_us() + app_model_time_limit_us(c->model);
    s->wanted = listener_is_there;
    s->notify = r->stream ? listener_resume : listener_continue;
    s->whole = !r->stream;
    s->arg = &c->listener;
    return serving_submit(serving, s, &c->answer, err);
}

static bool prepare(struct exchange *x, struct openai_request *r, struct completion *c)
{
    struct err err;
    enum err_code code = app_model_hold_as(x->app, r->model, &c->model, &r->serving.adapter, &err);
    if (code) {
        refuse(x, &err, "model");
        return false;
    }
    if (!openai_choose_adapter(x, app_model_serving(c->model), r))
        return false;
    openai_head_open(&c->head, r->is_chat, c->model, r->serving.adapter);
    c->head.logprobs = r->serving.logprobs;
    c->head.include_usage = r->include_usage;
    code = encode(c, r, &err);
    if (code) {
        refuse(x, &err, r->is_chat ? "messages" : "prompt");
        return false;
    }
    for (size_t i = 0; r->echo && i < c->count; i++)
        c->choices[i].echo = buf_str(&c->echoes[i / r->serving.choices]);
    return openai_constrain(x, r, c->model, c->choices, c->count);
}

static void begin_stream(struct exchange *x, struct openai_request *r, struct completion *c)
{
    struct err err;
    if (submit(c, r, &err) != ERR_OK) {
        refuse(x, &err, r->is_chat ? "messages" : "prompt");
        completion_free(c);
        return;
    }
    listener_stream(&c->listener, x, c, fill_stream, completion_free);
}

static void begin_whole(struct exchange *x, struct openai_request *r, struct completion *c)
{
    struct err err;
    x->work = c;
    x->free_work = free_whole;
    x->finish = finish_whole;
    exchange_wait(x);
    if (submit(c, r, &err) == ERR_OK)
        return;
    refuse(x, &err, r->is_chat ? "messages" : "prompt");
    exchange_continue(x);
}

static void complete(struct exchange *x, bool is_chat)
{
    struct openai_request r;
    struct completion *c = calloc(1, sizeof *c);
    if (!openai_request_read(x, is_chat, &r) || !c) {
        if (x->reply.status == 0)
            reply_error(x, 503, "no_memory", NULL, "out of memory for the request");
        free(c);
        openai_request_free(&r);
        return;
    }
    c->app = x->app;
    listener_open(&c->listener, x);
    c->prompt_count = r.prompt_count;
    c->count = r.serving.choices * r.prompt_count;
    c->choices = calloc(c->count, sizeof *c->choices);
    c->echoes = calloc(c->prompt_count, sizeof *c->echoes);
    bool ready = c->choices && c->echoes;
    if (!ready)
        reply_error(x, 503, "no_memory", NULL, "out of memory for the request");
    if (!ready || !prepare(x, &r, c))
        completion_free(c);
    else if (r.stream)
        begin_stream(x, &r, c);
    else
        begin_whole(x, &r, c);
    openai_request_free(&r);
}

void handle_chat_completions(struct exchange *x)
{
    complete(x, true);
}

void handle_completions(struct exchange *x)
{
    complete(x, false);
}
