// Writes a diagnosis with a model, sentence by sentence, and checks every claim before it is shown.
//
// A sentence is shown when the evidence supports its numbers, identifiers and times. At the first
// one that it does not, the answer is written anew from there, once, under a grammar that allows
// only what the evidence has; what is unsupported even then is shown and told.
//
// The same request gives the same diagnosis, whatever else the model serves. One thread at a time
// uses an explanation; the model's worker computes meanwhile.
#ifndef FETTLE_DIAGNOSE_EXPLAIN_H
#define FETTLE_DIAGNOSE_EXPLAIN_H

#include "diagnose/claims.h"
#include "diagnose/draws.h"
#include "llm/chat_template.h"
#include "llm/serving.h"

enum { EXPLAIN_QUESTION_BYTES = 4096, EXPLAIN_TOKENS_MAX = 4096 };

// Borrowed, as long as explanations go on.
struct explain_model {
    struct serving *serving;
    const struct chat_template *chat;
};

// Threads for the model of this file: those of a small one would wait for each other more than they
// compute.
unsigned explain_threads(const char *model_path);

struct explain_request {
    struct str question;
    struct str reading; // what the model reads: facts_write's lines, or a log as it is
    const struct facts
        *facts;          // what claims are checked against, beside question and reading; or NULL
    bool unchecked;      // show the model's first answer as it comes; claims are told only
    uint32_t max_tokens; // 0: 256
    float temperature;   // 0: the most likely words
    uint64_t seed;
    int64_t deadline_us; // as struct serving_request has it, like the next three
    void (*notify)(void *arg);
    bool (*wanted)(void *arg);
    void *arg;
    bool whole; // notify only when an attempt is over
    // Further answers to draw when the answer is over, DRAWS_MAX at most. There are none of a model
    // that is told how to answer, of an answer that was cut, or when the model's queue is full.
    uint32_t draws;
};

struct explanation;

// Copies nothing of `facts`, which must stay; the texts are copied. ERR_LIMIT: question and reading
// do not fit the model's context; ERR_BUSY: its queue is full; ERR_USAGE names what is out of
// bounds.
enum err_code explain_begin(const struct explain_model *m, const struct explain_request *r,
                            struct explanation **out, struct err *err);
void explain_free(struct explanation **e); // cancels what goes on

enum explain_state {
    EXPLAIN_WAITS, // nothing new; `rest` was called, `notify` will be, as answer_take does
    EXPLAIN_GOES_ON,
    EXPLAIN_OVER,
};

// Takes what has come and appends what may be shown of it to `shown` (may be NULL). Fails when the
// model does: ERR_BUSY out of time, ERR_CANCELLED, ERR_NO_MEMORY.
enum err_code explain_step(struct explanation *e, struct buf *shown, void (*rest)(void *),
                           enum explain_state *state, struct err *err);

// Goes on to the end, waiting.
enum err_code explain_finish(struct explanation *e, struct err *err);

// Blocks until an attempt has been computed or `timeout_us` passed.
void explain_wait(struct explanation *e, int64_t timeout_us);

struct explained {
    struct str text;                 // all below live as long as the explanation
    const struct claim *claims;      // of the text, each checked
    size_t claim_count, unsupported; // of more claims than CLAIMS_MAX the rest are unsupported
    struct str drawn[DRAWS_MAX];     // what else the model might have said
    size_t drawn_count;
    bool regenerated;                    // a part was written anew under the grammar
    bool cut;                            // max_tokens came before the end
    uint32_t prompt_tokens, made_tokens; // of all attempts
    int64_t first_token_us;              // since explain_begin
    int64_t prompt_us, decode_us;        // of all attempts
};

// When it is over.
void explain_result(const struct explanation *e, struct explained *out);

#endif
