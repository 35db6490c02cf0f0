// The JSON of the OpenAI API's answers: whole ones, pieces of a stream, and their errors.
#ifndef FETTLE_SERVER_OPENAI_REPLY_H
#define FETTLE_SERVER_OPENAI_REPLY_H

#include "app/models.h"
#include "base/json_out.h"
#include "server/openai_calls.h"

// What all pieces of one answer have in common.
struct openai_head {
    char id[48];
    bool is_chat;
    int64_t created_s;
    char model[APP_MODEL_NAME_BYTES + ADAPTER_NAME_BYTES]; // with its adapter
    const struct tokenizer *tokenizer;
    bool logprobs, include_usage;
};

// `adapter` as in serving_request.
void openai_head_open(struct openai_head *h, bool is_chat, const struct app_model *model,
                      uint32_t adapter);

// One choice as far as it has come.
struct openai_choice {
    struct str echo; // put before the text of a plain completion
    struct buf text; // whole answers: all; streams: what is new
    struct answer_token *tokens;
    size_t token_count, token_cap;
    struct openai_calls calls;
    size_t calls_told;
    bool begun;
    enum answer_finish finish;
};

void openai_choice_free(struct openai_choice *c);

// Appends a part's tokens. False when memory is out.
bool openai_choice_add_tokens(struct openai_choice *c, const struct answer_part *part);

// The member "logprobs": null when they were not asked for.
void openai_write_logprobs(struct json_out *j, const struct openai_head *h,
                           const struct openai_choice *c);

// A whole answer.
void openai_write_answer(struct json_out *j, const struct openai_head *h,
                         const struct openai_choice *choices, size_t count,
                         const struct answer_stats *stats);

// Appends "data: {...}" with what is new in a choice, in one or more pieces.
void openai_write_piece(struct buf *out, const struct openai_head *h, struct openai_choice *c,
                        size_t number);
void openai_write_usage_piece(struct buf *out, const struct openai_head *h,
                              const struct answer_stats *stats);
void openai_write_error_piece(struct buf *out, const struct err *err);
void openai_write_done(struct buf *out);

// The members `type` and `param` that OpenAI's clients read beside code and message.
const char *openai_error_type(int status);

#endif
