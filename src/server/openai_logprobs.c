// The log probabilities of an answer's tokens, in the form of chats and in the older one.
#include "server/openai_reply.h"

static void write_token(struct json_out *j, const struct openai_head *h, int32_t token, float value)
{
    struct buf piece = {0};
    tokenizer_piece(h->tokenizer, token, true, &piece);
    json_key(j, "token");
    json_str(j, buf_str(&piece));
    json_key_real(j, "logprob", (double)value);
    json_key(j, "bytes");
    json_array(j);
    for (size_t i = 0; i < piece.n; i++)
        json_int(j, (unsigned char)piece.p[i]);
    json_end(j);
    buf_free(&piece);
}

static void write_chat_logprobs(struct json_out *j, const struct openai_head *h,
                                const struct openai_choice *c)
{
    json_object(j);
    json_key(j, "content");
    json_array(j);
    for (size_t i = 0; i < c->token_count; i++) {
        const struct answer_token *t = &c->tokens[i];
        json_object(j);
        write_token(j, h, t->token, t->logprob);
        json_key(j, "top_logprobs");
        json_array(j);
        for (uint32_t k = 0; k < t->top_count; k++) {
            json_object(j);
            write_token(j, h, t->top[k].token, t->top[k].value);
            json_end(j);
        }
        json_end(j);
        json_end(j);
    }
    json_end(j);
    json_key(j, "refusal");
    json_null(j);
    json_end(j);
}

static void write_piece_text(struct json_out *j, const struct openai_head *h, int32_t token,
                             bool as_key)
{
    struct buf piece = {0};
    tokenizer_piece(h->tokenizer, token, true, &piece);
    if (as_key)
        json_key(j, piece.p ? piece.p : "");
    else
        json_str(j, buf_str(&piece));
    buf_free(&piece);
}

// The older form: lists beside each other.
static void write_plain_logprobs(struct json_out *j, const struct openai_head *h,
                                 const struct openai_choice *c)
{
    json_object(j);
    json_key(j, "tokens");
    json_array(j);
    for (size_t i = 0; i < c->token_count; i++)
        write_piece_text(j, h, c->tokens[i].token, false);
    json_end(j);
    json_key(j, "token_logprobs");
    json_array(j);
    for (size_t i = 0; i < c->token_count; i++)
        json_real(j, (double)c->tokens[i].logprob);
    json_end(j);
    json_key(j, "top_logprobs");
    json_array(j);
    for (size_t i = 0; i < c->token_count; i++) {
        json_object(j);
        for (uint32_t k = 0; k < c->tokens[i].top_count; k++) {
            write_piece_text(j, h, c->tokens[i].top[k].token, true);
            json_real(j, (double)c->tokens[i].top[k].value);
        }
        json_end(j);
    }
    json_end(j);
    json_end(j);
}

void openai_write_logprobs(struct json_out *j, const struct openai_head *h,
                           const struct openai_choice *c)
{
    json_key(j, "logprobs");
    if (!h->logprobs)
        json_null(j);
    else if (h->is_chat)
        write_chat_logprobs(j, h, c);
    else
        write_plain_logprobs(j, h, c);
}
