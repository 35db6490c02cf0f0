// What the engine's files share: a session's cache, and a step in progress.
#ifndef FETTLE_LLM_ENGINE_PRIVATE_H
#define FETTLE_LLM_ENGINE_PRIVATE_H

#include <stdatomic.h>
#include <string.h>

#include "llm/adapter.h"
#include "llm/arch.h"
#include "llm/cache.h"
#include "llm/engine.h"

struct session {
    struct engine *engine;
    uint32_t length, context;
    enum cache_type type;
    uint64_t kind;                 // of its cache blocks
    const float *rope_factors;     // divisors of the frequencies; NULL: none
    int32_t *tokens;               // [length]
    const struct adapter *adapter; // NULL: none
    // [block_count] that are there, of the context's; positions of the first `published` are full.
    struct cache_block **blocks;
    const unsigned char **data; // of each block
    uint32_t block_count, published;
    size_t promised; // bytes of the whole context
};

struct engine {
    struct team *team;
    struct model *model;
    struct tokenizer *tokenizer;
    struct cache cache;
    size_t promised;         // bytes of the open sessions' contexts
    uint64_t adapters;       // that were ever opened
    engine_inputs_fn *watch; // NULL: none
    void *watch_arg;
    // The step in progress: T tokens.
    size_t T, wanted;
    bool adapted; // some token's session has an adapter
    bool apart;   // no two tokens are of one session
    struct {
        struct session *session;
        int32_t token;
        uint32_t position;
    } at[ENGINE_BATCH];
    uint32_t wants[ENGINE_LOGITS];      // tokens whose logits are wanted
    float *x;                           // [T][C] the residual stream
    float *added;                       // [T][C] what the last matrix adds to it
    float *qkv;                         // [T][(H + 2 H_kv) D]
    float *hidden;                      // [T][2 hidden]
    float *rope;                        // [T][rope_dims / 2][cosine, sine]
    float *logits;                      // [wanted][V]
    float *low;                         // [3][T][ADAPTER_RANK_MAX] what adapters reduce an input to
    size_t parts;                       // of the longest text, see ATTENTION_PART
    bool parted;                        // parts are attended to at the same time
    float *sums;                        // [thread * PARTED_ITEMS][parts][attention_sums]
    size_t sums_parts, sums_bytes;      // that there is room for
    struct vectors width, heads, inner; // inputs of C, H*D, hidden columns
    atomic_bool not_finite;
    // The text being encoded: blocks of one layer's keys and values.
    const int32_t *text;
    unsigned char *encoded; // [block][H][attention_block_bytes]
    const unsigned char *encoded_blocks[ENGINE_BATCH / ATTENTION_BLOCK];
};

// Where a KV head lies in a block of the session.
static inline size_t session_head_at(const struct session *s, uint32_t layer, uint32_t head)
{
    const struct model_shape *m = &s->engine->model->shape;
    return ((size_t)layer * m->H_kv + head) *
           attention_block_bytes((enum attention_type)s->type, m->D);
}

// By their bits, many at a time: sums of floats would have to wait for each other.
static inline bool all_finite(const float *x, size_t n)
{
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return !bad;
}

// With fewer items (a token's KV heads) for each thread than this, texts are attended to in parts.
enum { PARTED_ITEMS = 4 };

// Where an item's sums go: floats of all parts of a text.
static inline size_t engine_sums_each(const struct engine *e)
{
    const struct model_shape *s = &e->model->shape;
    return e->parts * attention_sums(s->H / s->H_kv, s->D);
}

// Working memory for attention over `positions` at most.
enum err_code engine_take_sums(struct engine *e, size_t positions, struct err *err);

// Takes position s->length for a token: its block is there and the session's own afterwards.
enum err_code session_grow(struct session *s, int32_t token, struct err *err);

// Shares what is full.
void session_publish(struct session *s);

// A product of matrices side by side (see model_matrix) with vectors, as it came out.
struct product {
    size_t place, parts;
    const uint32_t *from;   // first row of each part; NULL: one part
    size_t rows;            // of all parts
    size_t count;           // vectors
    const uint32_t *tokens; // of each vector; NULL: vector i is token i
    const float *x;         // [count][columns]
    float *y;               // [count][rows]
};

// Adds what the adapters of the tokens' sessions make of the same inputs.
void adapt(struct engine *e, const struct product *p);

// Within a step: y[t * rows + row] of a matrix, or of several side by side, with all vectors.
void forward_multiply(struct engine *e, const struct matrix *m, const struct vectors *v, float *y);
void forward_multiply_joined(struct engine *e, const struct joined *j, const struct vectors *v,
                             float *y);

// One step on all threads of the team: fills e->logits.
void forward(void *engine, unsigned thread);

#endif
