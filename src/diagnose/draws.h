// Further answers of a model to the prompt of an answer, drawn by chance: how sure it was.
//
// A model's answers to one prompt differ in words even where they agree in what they say, so that
// the probability of one wording says little. The share of drawn answers that say the same is the
// model's own probability of saying it, whatever the words (self-consistency: Wang and others,
// "Self-Consistency Improves Chain of Thought Reasoning in Language Models", 2022).
#ifndef FETTLE_DIAGNOSE_DRAWS_H
#define FETTLE_DIAGNOSE_DRAWS_H

#include "llm/serving.h"

enum { DRAWS_MAX = 8 };

struct draws {
    struct answer *answer; // while it goes on
    struct answer_part part;
    struct buf texts[DRAWS_MAX];
    uint32_t count; // answers asked for
};

// Asks for up to `count` answers (fewer where the queue is shorter) of at most `max_tokens` each,
// or as many as the context takes. `r` has the prompt, seed, deadline and callbacks. Errors as
// serving_submit.
enum err_code draws_begin(struct draws *d, struct serving *s, const struct serving_request *r,
                          uint32_t count, uint32_t max_tokens, struct err *err);

// Takes what has come. `*over` is set when all of it has; else, when nothing was there, `*waits`,
// and `rest` was called as answer_take does. ERR_BUSY: out of time; else as answer_error.
enum err_code draws_take(struct draws *d, void (*rest)(void *), bool *waits, bool *over,
                         struct err *err);

void draws_free(struct draws *d); // cancels what goes on

#endif
