// Writes answers, and their pieces as server-sent events.
#include "server/openai_reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

void openai_head_open(struct openai_head *h, bool is_chat, const struct app_model *model,
                      uint32_t adapter)
{
    const struct serving *s = app_model_serving(model);
    unsigned char bytes[12];
    char hex[2 * sizeof bytes + 1];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes);
    h->is_chat = is_chat;
    h->created_s = clock_wall_us() / US_PER_SECOND;
    snprintf(h->model, sizeof h->model, "%s%s%s", app_model_name(model), adapter ? ":" : "",
             adapter ? serving_adapter_name(s, adapter) : "");
    h->tokenizer = serving_tokenizer(s);
    snprintf(h->id, sizeof h->id, "%s-%s", is_chat ? "chatcmpl" : "cmpl", hex);
}

void openai_choice_free(struct openai_choice *c)
{
    buf_free(&c->text);
    free(c->tokens);
    openai_calls_free(&c->calls);
}

bool openai_choice_add_tokens(struct openai_choice *c, const struct answer_part *part)
{
    size_t count = c->token_count + part->token_count;
    if (count > c->token_cap) {
        size_t cap = count * 2;
        struct answer_token *more = realloc(c->tokens, cap * sizeof *more);
        if (!more)
            return false;
        c->tokens = more;
        c->token_cap = cap;
    }
    if (part->token_count)
        memcpy(c->tokens + c->token_count, part->tokens, part->token_count * sizeof *c->tokens);
    c->token_count = count;
    return true;
}

const char *openai_error_type(int status)
{
    return status == 401   ? "authentication_error"
           : status == 403 ? "permission_error"
           : status == 429 ? "rate_limit_error"
           : status >= 500 ? "server_error"
                           : "invalid_request_error";
}

static const char *finish_reason(const struct openai_choice *c)
{
    if (c->finish == ANSWER_GOES_ON)
        return NULL;
    if (c->calls.count)
        return "tool_calls";
    return c->finish == ANSWER_LENGTH ? "length" : "stop";
}

// ---- what all answers have ----

static void write_head(struct json_out *j, const struct openai_head *h, const char *object)
{
    json_object(j);
    json_key_text(j, "id", h->id);
    json_key_text(j, "object", object);
    json_key_int(j, "created", h->created_s);
    json_key_text(j, "model", h->model);
    json_key_text(j, "system_fingerprint", "fettle-" FETTLE_VERSION);
}

static void write_usage(struct json_out *j, const struct answer_stats *s)
{
    json_key(j, "usage");
    json_object(j);
    json_key_int(j, "prompt_tokens", s->prompt_tokens);
    json_key_int(j, "completion_tokens", s->tokens);
    json_key_int(j, "total_tokens", (int64_t)s->prompt_tokens + s->tokens);
    json_key(j, "prompt_tokens_details");
    json_object(j);
    json_key_int(j, "cached_tokens", s->cached_tokens);
    json_end(j);
    json_end(j);
}

static double per_second(uint32_t count, int64_t us)
{
    return us > 0 ? (double)count * 1e6 / (double)us : 0;
}

static void write_timings(struct json_out *j, const struct answer_stats *s, size_t choices)
{
    uint32_t steps = s->tokens / (uint32_t)choices;
    json_key(j, "timings");
    json_object(j);
    json_key_real(j, "queue_ms", (double)s->queued_us / 1e3);
    json_key_real(j, "first_token_ms", (double)s->first_token_us / 1e3);
    json_key_real(j, "prompt_ms", (double)s->prompt_us / 1e3);
    json_key_real(j, "prompt_per_second",
                  per_second(s->prompt_tokens - s->cached_tokens, s->prompt_us));
    json_key_real(j, "predicted_ms", (double)s->decode_us / 1e3);
    json_key_real(j, "predicted_per_second", per_second(steps ? steps - 1 : 0, s->decode_us));
    json_key_int(j, "draft_n", s->guessed);
    json_key_int(j, "draft_n_accepted", s->guessed_right);
    json_end(j);
}

static void write_call(struct json_out *j, const struct openai_call *call, int64_t index)
{
    json_object(j);
    if (index >= 0)
        json_key_int(j, "index", index);
    json_key_text(j, "id", call->id);
    json_key_text(j, "type", "function");
    json_key(j, "function");
    json_object(j);
    json_key_text(j, "name", call->name);
    json_key_text(j, "arguments", call->arguments);
    json_end(j);
    json_end(j);
}

// ---- whole answers ----

static void write_message(struct json_out *j, const struct openai_choice *c)
{
    json_key(j, "message");
    json_object(j);
    json_key_text(j, "role", "assistant");
    json_key(j, "content");
    if (c->calls.count && str_trim(buf_str(&c->text)).n == 0)
        json_null(j);
    else
        json_str(j, buf_str(&c->text));
    json_key(j, "refusal");
    json_null(j);
    if (c->calls.count) {
        json_key(j, "tool_calls");
        json_array(j);
        for (size_t i = 0; i < c->calls.count; i++)
            write_call(j, &c->calls.list[i], -1);
        json_end(j);
    }
    json_end(j);
}

static void write_text(struct json_out *j, const struct openai_choice *c)
{
    struct buf text = {0};
    buf_add_str(&text, c->echo);
    buf_add_str(&text, buf_str(&c->text));
    json_key(j, "text");
    json_str(j, buf_str(&text));
    buf_free(&text);
}

void openai_write_answer(struct json_out *j, const struct openai_head *h,
                         const struct openai_choice *choices, size_t count,
                         const struct answer_stats *stats)
{
    write_head(j, h, h->is_chat ? "chat.completion" : "text_completion");
    json_key(j, "choices");
    json_array(j);
    for (size_t i = 0; i < count; i++) {
        json_object(j);
        json_key_int(j, "index", (int64_t)i);
        if (h->is_chat)
            write_message(j, &choices[i]);
        else
            write_text(j, &choices[i]);
        openai_write_logprobs(j, h, &choices[i]);
        json_key_text(j, "finish_reason", finish_reason(&choices[i]));
        json_end(j);
    }
    json_end(j);
    write_usage(j, stats);
    write_timings(j, stats, count);
    json_end(j);
}

// ---- streams ----

static void open_piece(struct json_out *j, struct buf *out, const struct openai_head *h,
                       size_t number)
{
    buf_add_z(out, "data: ");
    json_open(j, out);
    write_head(j, h, h->is_chat ? "chat.completion.chunk" : "text_completion");
    json_key(j, "choices");
    json_array(j);
    json_object(j);
    json_key_int(j, "index", (int64_t)number);
}

static void close_piece(struct json_out *j, const struct openai_head *h, const char *finish)
{
    json_key_text(j, "finish_reason", finish);
    json_end(j);
    json_end(j);
    if (h->include_usage) {
        json_key(j, "usage");
        json_null(j);
    }
    json_end(j);
    buf_add_z(j->to, "\n\n");
}

static void write_text_piece(struct buf *out, const struct openai_head *h, struct openai_choice *c,
                             size_t number)
{
    struct json_out j;
    open_piece(&j, out, h, number);
    if (h->is_chat) {
        json_key(&j, "delta");
        json_object(&j);
        json_key(&j, "content");
        json_str(&j, buf_str(&c->text));
        json_end(&j);
    } else {
        json_key(&j, "text");
        json_str(&j, buf_str(&c->text));
    }
    openai_write_logprobs(&j, h, c);
    close_piece(&j, h, NULL);
    buf_reset(&c->text);
    c->token_count = 0;
}

static void write_call_pieces(struct buf *out, const struct openai_head *h, struct openai_choice *c,
                              size_t number)
{
    for (; c->calls_told < c->calls.count; c->calls_told++) {
        struct json_out j;
        open_piece(&j, out, h, number);
        json_key(&j, "delta");
        json_object(&j);
        json_key(&j, "tool_calls");
        json_array(&j);
        write_call(&j, &c->calls.list[c->calls_told], (int64_t)c->calls_told);
        json_end(&j);
        json_end(&j);
        close_piece(&j, h, NULL);
    }
}

static void write_first_piece(struct buf *out, const struct openai_head *h, struct openai_choice *c,
                              size_t number)
{
    struct json_out j;
    if (h->is_chat) {
        open_piece(&j, out, h, number);
        json_key(&j, "delta");
        json_object(&j);
        json_key_text(&j, "role", "assistant");
        json_key_text(&j, "content", "");
        json_end(&j);
        close_piece(&j, h, NULL);
    } else if (c->echo.n) {
        open_piece(&j, out, h, number);
        json_key(&j, "text");
        json_str(&j, c->echo);
        close_piece(&j, h, NULL);
    }
    c->begun = true;
}

void openai_write_piece(struct buf *out, const struct openai_head *h, struct openai_choice *c,
                        size_t number)
{
    if (!c->begun)
        write_first_piece(out, h, c, number);
    if (c->text.n || c->token_count)
        write_text_piece(out, h, c, number);
    write_call_pieces(out, h, c, number);
    if (c->finish == ANSWER_GOES_ON)
        return;
    struct json_out j;
    open_piece(&j, out, h, number);
    if (h->is_chat) {
        json_key(&j, "delta");
        json_object(&j);
        json_end(&j);
    } else {
        json_key_text(&j, "text", "");
    }
    close_piece(&j, h, finish_reason(c));
}

void openai_write_usage_piece(struct buf *out, const struct openai_head *h,
                              const struct answer_stats *stats)
{
    struct json_out j;
    buf_add_z(out, "data: ");
    json_open(&j, out);
    write_head(&j, h, h->is_chat ? "chat.completion.chunk" : "text_completion");
    json_key(&j, "choices");
    json_array(&j);
    json_end(&j);
    write_usage(&j, stats);
    json_end(&j);
    buf_add_z(out, "\n\n");
}

void openai_write_error_piece(struct buf *out, const struct err *err)
{
    struct json_out j;
    buf_add_z(out, "data: ");
    json_open(&j, out);
    json_object(&j);
    json_key(&j, "error");
    json_object(&j);
    json_key_text(&j, "code", err_name(err->code));
    json_key_text(&j, "message", err->text);
    json_key_text(&j, "type", openai_error_type(err_http_status(err->code)));
    json_end(&j);
    json_end(&j);
    buf_add_z(out, "\n\n");
}

void openai_write_done(struct buf *out)
{
    buf_add_z(out, "data: [DONE]\n\n");
}
