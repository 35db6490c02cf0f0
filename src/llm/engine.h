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
#include "llm/model.h"
#include "llm/tokenizer.h"

struct engine;
struct session;

enum { ENGINE_BATCH = 512, ENGINE_LOGITS = 64 }; // tokens, and logits wanted, of one step at most

enum err_code engine_open(const char *path, unsigned threads, struct engine **out, struct err *err);
void engine_close(struct engine **e); // after its sessions

const struct model *engine_model(const struct engine *e);
const struct tokenizer *engine_tokenizer(const struct engine *e);

// `context` positions at most (0: what the model was trained for). ERR_LIMIT says both numbers when
// the model has fewer. Memory is taken as positions are used.
enum err_code session_open(struct engine *e, uint32_t context, struct session **out,
                           struct err *err);
void session_close(struct session **s);
uint32_t session_length(const struct session *s);          // positions in use
uint32_t session_context(const struct session *s);         // positions there are
void session_truncate(struct session *s, uint32_t length); // forgets what is past `length`

// Bytes that a session of `context` positions takes when it is full.
size_t session_bytes(const struct engine *e, uint32_t context);

struct step_token {
    int32_t token;
    struct session *session; // its next position
    bool logits;             // are wanted
};

// Computes n <= ENGINE_BATCH tokens; a session's tokens stand in order. On success sessions have
// grown and *logits points to a row of shape.V floats for every token that wanted them, in order,
// valid until the next step. On failure no session has changed: ERR_LIMIT for a full context or too
// many tokens, ERR_INPUT for a token that is none, ERR_CORRUPT when the weights give no finite
// numbers (the positions are forgotten then).
enum err_code engine_step(struct engine *e, const struct step_token *tokens, size_t n,
                          const float **logits, struct err *err);

// Feeds n > 0 tokens in as many steps as it takes; *logits are those of the last.
enum err_code engine_feed(struct engine *e, struct session *s, const int32_t *ids, size_t n,
                          const float **logits, struct err *err);

#endif
