// What the engine's files share: a session's cache, and a step in progress.
#ifndef FETTLE_LLM_ENGINE_PRIVATE_H
#define FETTLE_LLM_ENGINE_PRIVATE_H

#include <stdatomic.h>

#include "llm/arch.h"
#include "llm/engine.h"

struct session {
    struct engine *engine;
    uint32_t length, context;
    const float *rope_factors; // divisors of the frequencies; NULL: none
    uint16_t *cache;           // [L][H_kv][keys, values][context, rounded up to 16][D] halves
    size_t cache_bytes;
};

struct engine {
    struct team *team;
    struct model *model;
    struct tokenizer *tokenizer;
    // The step in progress: T tokens.
    size_t T, wanted;
    struct {
        struct session *session;
        int32_t token;
        uint32_t position;
    } at[ENGINE_BATCH];
    uint32_t wants[ENGINE_LOGITS]; // tokens whose logits are wanted
    float *x;                      // [T][C] the residual stream
    float *added;                  // [T][C] what the last matrix adds to it
    float *qkv;                    // [T][(H + 2 H_kv) D]
    float *hidden;                 // [T][2 hidden]
    float *rope;                   // [T][rope_dims / 2][cosine, sine]
    float *logits;                 // [wanted][V]
    float *scores;                 // [thread][H / H_kv][context]
    size_t scores_each;            // floats of a thread
    size_t scores_bytes;
    struct vectors width, heads, inner; // inputs of C, H*D, hidden columns
    atomic_bool not_finite;
};

// The keys (which = 0) or values (1) of one KV head.
static inline uint16_t *session_cache(const struct session *s, uint32_t layer, uint32_t head,
                                      int which)
{
    const struct model_shape *m = &s->engine->model->shape;
    size_t each = ((size_t)s->context + 15) / 16 * 16 * m->D;
    return s->cache + (((size_t)layer * m->H_kv + head) * 2 + (size_t)which) * each;
}

// One step on all threads of the team: fills e->logits.
void forward(void *engine, unsigned thread);

#endif
