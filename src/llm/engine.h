// Runs a model: one engine holds the weights and the threads, each session holds one conversation.
//
// One thread owns an engine and its sessions; the engine's own threads work only within
// engine_step. A session's tokens have the same logits, bit for bit, whatever else is in the batch,
// for any number of threads and any CPU level.
#ifndef FETTLE_LLM_ENGINE_H
#define FETTLE_LLM_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "kernels/attention.h"
#include "llm/adapter.h"
#include "llm/model.h"
#include "llm/packed_file.h"
#include "llm/tokenizer.h"

struct engine;
struct session;

enum { ENGINE_BATCH = 512, ENGINE_LOGITS = 64 }; // tokens, and logits wanted, of one step at most

struct engine_options {
    unsigned threads;
    struct packed_folder packed; // .dir NULL: packed weights are in memory alone
};

enum err_code engine_open_with(const char *path, const struct engine_options *options,
                               struct engine **out, struct err *err);
enum err_code engine_open(const char *path, unsigned threads, struct engine **out, struct err *err);
void engine_close(struct engine **e); // after its sessions

const struct model *engine_model(const struct engine *e);
const struct tokenizer *engine_tokenizer(const struct engine *e);

// Moves some `bytes` of weights that a packed file gave into large pages, which are read faster;
// true: there are more. Between steps, when there is time.
bool engine_settle(struct engine *e, size_t bytes);

// Keeps computed keys and values that no session holds any more, `bytes` of them at most (0 to
// start with), so that a later session may take them over: see session_reuse.
void engine_keep(struct engine *e, size_t bytes);

// Bytes of keys and values there are: those of sessions, and those kept.
size_t engine_cache_bytes(const struct engine *e);

// How keys and values are held. CACHE_Q8_0 takes 53 % of the memory and moves probabilities a
// little (docs/engine.md says how much); heads must be of a multiple of 32.
enum cache_type { CACHE_F16 = ATTENTION_F16, CACHE_Q8_0 = ATTENTION_Q8_0 };

struct session_options {
    uint32_t context; // positions at most; 0: what the model was trained for
    enum cache_type cache;
    const struct adapter *adapter; // of the same engine; NULL: none
};

// `options` may be NULL. ERR_LIMIT says both numbers when the model has fewer positions;
// ERR_NO_MEMORY when the machine's memory cannot hold this session beside weights and the sessions
// there are, before anything is taken. Memory is taken in blocks of 64 positions as they are used.
enum err_code session_open(struct engine *e, const struct session_options *options,
                           struct session **out, struct err *err);
void session_close(struct session **s);
struct engine *session_engine(const struct session *s);
uint32_t session_length(const struct session *s);          // positions in use
uint32_t session_context(const struct session *s);         // positions there are
const int32_t *session_tokens(const struct session *s);    // [length]
void session_truncate(struct session *s, uint32_t length); // forgets what is past `length`

// Bytes that a session of `context` positions takes when it is full; SIZE_MAX: more than that.
size_t session_bytes(const struct engine *e, uint32_t context, enum cache_type cache);

// Appends as many of the n tokens as others have computed behind the same text (in this engine,
// with the same options), in whole blocks of 64, always leaving one of the n to be computed.
// Returns how many. The logits that follow are the same bits as if they had been computed anew.
// Does nothing where the session's length is no multiple of 64.
uint32_t session_reuse(struct session *s, const int32_t *ids, size_t n);

struct step_token {
    int32_t token;
    struct session *session; // its next position
    bool logits;             // are wanted
};

// Computes n <= ENGINE_BATCH tokens; a session's tokens stand in order. On success sessions have
// grown and *logits points to a row of shape.V floats for every token that wanted them, in order,
// valid until the next step. On failure no session has changed: ERR_LIMIT for a full context or too
// many tokens, ERR_INPUT for a token that is none, ERR_NO_MEMORY, ERR_CORRUPT when the weights give
// no finite numbers (the positions are forgotten then).
enum err_code engine_step(struct engine *e, const struct step_token *tokens, size_t n,
                          const float **logits, struct err *err);

// Feeds n > 0 tokens in as many steps as it takes; *logits are those of the last.
enum err_code engine_feed(struct engine *e, struct session *s, const int32_t *ids, size_t n,
                          const float **logits, struct err *err);

// Has fn see the inputs of every product of the layers, as they are computed: x is [count] vectors
// of the matrix's columns, `place` that of the first matrix they go to (see model_matrix). It is
// called within engine_step, one call at a time. NULL: no more.
typedef void engine_inputs_fn(void *arg, size_t place, const float *x, size_t count);
void engine_watch(struct engine *e, engine_inputs_fn *fn, void *arg);

// The embedding of a text by an encoder (bert): C floats of length 1. The tokens are those of
// tokenizer_encode with TOKENIZE_ENDS. ERR_UNSUPPORTED for a model that is no encoder, ERR_LIMIT
// for more tokens than its context (or ENGINE_BATCH), ERR_INPUT for none or for a token that is
// none, ERR_CORRUPT when the weights give no finite numbers.
enum err_code engine_embed(struct engine *e, const int32_t *ids, size_t n, float *out,
                           struct err *err);

#endif
