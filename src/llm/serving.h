// Serves one model to many requesters at once: a bounded queue and one worker that owns the engine.
//
// The worker batches continuously: each step computes one token of every answer that is being
// written and, in the room that is left, a piece of the prompts that are being read, shared evenly,
// so that a long prompt stalls nobody. Where nothing is being read, tokens are guessed from the
// text and checked in the same step (lookup.h). What an answer says depends on its request alone,
// never on what else is served.
//
// An answer is an append-only record that its requester takes from at its own pace; the worker
// never waits for it. Its size is bounded by the tokens that the request allows.
#ifndef FETTLE_LLM_SERVING_H
#define FETTLE_LLM_SERVING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "llm/adapter_choice.h"
#include "llm/engine.h"
#include "llm/grammar/grammar.h"
#include "llm/logprobs.h"
#include "llm/sampler.h"
#include "llm/stop.h"

struct serving;
struct answer;

enum {
    SERVING_SESSIONS_MAX = 64,
    SERVING_CHOICES_MAX = 64,
    SERVING_TOP_MAX = 20,
    SERVING_ADAPTERS_MAX = 16
};

struct serving_settings {
    unsigned threads;
    uint32_t context;  // positions of a conversation; more than the model has: the model's
    uint32_t sessions; // answers that are written at once, up to SERVING_SESSIONS_MAX
    uint32_t queue;    // answers that may wait beyond these
    enum cache_type cache;
    int nice;          // of the worker: how much it stands back behind other threads, 0 to 19
    size_t keep_bytes; // of keys and values kept for prompts that begin alike; see engine_keep
    bool no_lookup;    // never guess tokens from the text
    const struct adapter_choice *adapters; // loaded with the model; read by serving_open alone
    size_t adapter_count;                  // SERVING_ADAPTERS_MAX at most
    struct packed_folder packed;           // see engine_open_with
};

// Loads the model and its adapters and starts the worker. Errors as engine_open, adapter_open and
// session_open.
enum err_code serving_open(const char *path, const struct serving_settings *settings,
                           struct serving **out, struct err *err);

// Ends the answers that go on with ERR_CANCELLED and the worker with them. Every answer must have
// been released, or be released before another thread may run on: close comes last.
void serving_close(struct serving **s);

// Ends the answers that go on; submitting gives ERR_CANCELLED from then on. For requesters that
// must let go before serving_close.
void serving_stop(struct serving *s);

// Read-only while serving; never to be stepped by the caller.
const struct model *serving_model(const struct serving *s);
const struct tokenizer *serving_tokenizer(const struct serving *s);
uint32_t serving_context(const struct serving *s);

// The adapters that requests may choose, numbered from 1 in the order of the settings.
size_t serving_adapters(const struct serving *s);
const char *serving_adapter_name(const struct serving *s, size_t number);
float serving_adapter_scale(const struct serving *s, size_t number);

// ---- forms that answers must have ----

struct form;

enum { SERVING_FORMS_KEPT = 16 };

// A JSON Schema or a grammar in GBNF, compiled; the last SERVING_FORMS_KEPT are kept with what was
// found out for them, so that the same text costs nothing again. Errors as grammar_from_schema and
// grammar_from_gbnf, which `where` is for. Every form must be released before serving_close; a
// request holds its own.
enum err_code serving_form_schema(struct serving *s, struct str schema, struct form **out,
                                  struct err *err);
enum err_code serving_form_gbnf(struct serving *s, struct str text, const char *where,
                                struct form **out, struct err *err);
void form_release(struct form **f);

// ---- asking ----

struct serving_request {
    const int32_t *prompt; // copied; at least one token
    size_t prompt_count;
    // Prompts beyond it, copied: each has as many choices. Choices are numbered through: those of
    // the first prompt, then those of others[0].
    const struct tokens *others;
    size_t other_count;
    uint32_t max_tokens; // of each choice; 0: as many as the context takes
    uint32_t adapter;    // its number; 0: none
    uint32_t choices;    // independent answers to a prompt: choice i draws with seed + i
    struct sampler_settings sampler;
    const struct str *stops; // copied
    size_t stop_count;
    struct form *form;   // what the text must follow; NULL: nothing
    bool logprobs;       // of each token, with the `top` most likely ones beside it
    uint32_t top;        // SERVING_TOP_MAX at most
    bool keep_end;       // go on past the token that ends an answer
    bool special;        // show control tokens by their names
    bool no_lookup;      // do not guess tokens from the text: see lookup.h
    int64_t deadline_us; // clock_mono_us by which the answer must be over; 0: none
    // Called by the worker under its lock: both must be quick, must not block and must not call
    // this interface.
    void (*notify)(void *arg); // something is there to take, after a take that found nothing
    bool (*wanted)(void *arg); // asked some times a second: false cancels; NULL: always wanted
    void *arg;
    bool whole; // notify only when everything is over
};

// ERR_LIMIT when prompt (and max_tokens) do not fit the context: says both numbers. ERR_USAGE names
// a wrong setting. ERR_BUSY: the queue is full.
enum err_code serving_submit(struct serving *s, const struct serving_request *request,
                             struct answer **out, struct err *err);

// True for an encoder: serving_embed is what it is for, and serving_submit gives ERR_UNSUPPORTED.
bool serving_embeds(const struct serving *s);

// The embedding of a text: see engine_embed. Waits until the worker has computed it between its
// steps. ERR_BUSY: the queue is full.
enum err_code serving_embed(struct serving *s, const int32_t *ids, size_t n, float *out,
                            struct err *err);

enum answer_finish {
    ANSWER_GOES_ON,
    ANSWER_STOPPED,  // the model ended it, or a stop string came
    ANSWER_LENGTH,   // max_tokens, or the context is full
    ANSWER_DEADLINE, // out of time
    ANSWER_FAILED,   // see answer_error: also when it was cancelled
};

struct answer_token {
    int32_t token;
    float logprob;
    uint32_t top_count;
    struct logprob top[SERVING_TOP_MAX];
};

// What was new in one choice. Zero-initialise before the first take; answer_part_free at the end.
struct answer_part {
    uint32_t choice;
    struct buf text;             // whole characters
    struct answer_token *tokens; // when log probabilities were asked for
    size_t token_count, token_cap;
    enum answer_finish finish;
};

// Takes what is new in some choice. False when nothing is: then `rest` (may be NULL) was called
// under the worker's lock, and `notify` will be called once when there is something again (never,
// when everything has been taken: answer_over).
bool answer_take(struct answer *a, struct answer_part *part, void (*rest)(void *arg));
void answer_part_free(struct answer_part *part);

bool answer_over(struct answer *a); // every choice ended and was taken to its end

// Blocks until everything was computed or `timeout_us` passed. True: computed.
bool answer_wait(struct answer *a, int64_t timeout_us);

// Why a choice failed.
enum err_code answer_error(struct answer *a, struct err *err);

struct answer_stats {
    uint32_t prompt_tokens, cached_tokens; // cached: of the prompts, not computed anew
    uint32_t tokens;                       // made, of all choices
    uint32_t guessed, guessed_right;       // tokens by prompt lookup
    int64_t queued_us, first_token_us;     // since submission
    int64_t prompt_us, decode_us;          // reading the prompt, writing the first choice
};
void answer_stats(struct answer *a, struct answer_stats *out);

// Cancels what goes on and lets go. No callback is running or will run afterwards.
void answer_release(struct answer **a);

// ---- how it goes ----

struct serving_stats {
    uint64_t requests, refused, cancelled, failed; // since start
    uint64_t prompt_tokens, cached_tokens, tokens;
    uint64_t guessed, guessed_right; // tokens by prompt lookup
    uint64_t steps;
    int64_t prompt_us, decode_us;                // time of steps, by what they computed
    double prompt_per_second, decode_per_second; // of the last finished answer
    int64_t first_token_us;                      // of the last answer, since submission
    double first_token_mean_us;                  // since start
    uint32_t active, waiting, sessions, queue;
    size_t weight_bytes;  // memory of the weights
    size_t session_bytes; // of one full session
    size_t cache_bytes;   // of all sessions, and what is kept of earlier ones
};
void serving_stats(struct serving *s, struct serving_stats *out);

#endif
