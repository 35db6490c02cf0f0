// A conversation: its tokens, and its blocks of cached keys and values.
#include <stdlib.h>
#include <string.h>

#include "kernels/memory.h"
#include "llm/adapter_private.h"
#include "llm/engine_private.h"

enum { BLOCK = ATTENTION_BLOCK };

static size_t block_bytes(const struct engine *e, enum cache_type type)
{
    const struct model_shape *s = &e->model->shape;
    size_t head = attention_block_bytes((enum attention_type)type, s->D);
    return memory_room((size_t)s->L * s->H_kv * head);
}

size_t session_bytes(const struct engine *e, uint32_t context, enum cache_type cache)
{
    size_t blocks = ((size_t)context + BLOCK - 1) / BLOCK, bytes;
    return __builtin_mul_overflow(blocks, block_bytes(e, cache), &bytes) ? SIZE_MAX : bytes;
}

// Whether the machine can hold the session beside weights and sessions.
static enum err_code check_memory(const struct engine *e, uint32_t context, enum cache_type type,
                                  struct err *err)
{
    size_t total = memory_total(), bytes = session_bytes(e, context, type);
    size_t taken = e->model->packed_bytes + e->promised + e->cache.keep_bytes;
    if (taken <= total && bytes <= total - taken)
        return ERR_OK;
    return err_set(
        err, ERR_NO_MEMORY,
        "%zu MiB of memory are needed for a context of %u, of %zu MiB there are %zu left",
        bytes >> 20, context, total >> 20, taken <= total ? (total - taken) >> 20 : 0);
}

// What the numbers in a cache block depend on besides the text.
static uint64_t kind_of(const struct session *s)
{
    bool is_long = s->rope_factors && s->rope_factors == s->engine->model->rope_long;
    return (uint64_t)s->type | (uint64_t)is_long << 8 | (s->adapter ? s->adapter->number : 0) << 16;
}

enum err_code session_open(struct engine *e, const struct session_options *options,
                           struct session **out, struct err *err)
{
    *out = NULL;
    const struct model_shape *shape = &e->model->shape;
    struct session_options o = options ? *options : (struct session_options){0};
    if (o.context == 0)
        o.context = shape->context;
    if (o.context > shape->context)
        return err_set(err, ERR_LIMIT, "a context of %u is wanted, the model has %u", o.context,
                       shape->context);
    if (o.cache == CACHE_Q8_0 && shape->D % 32)
        return err_set(err, ERR_UNSUPPORTED,
                       "keys and values in q8_0 need heads of a multiple of "
                       "32, the model has %u",
                       shape->D);
    enum err_code code = check_memory(e, o.context, o.cache, err);
    if (code)
        return code;
    struct session *s = calloc(1, sizeof *s);
    size_t blocks = ((size_t)o.context + BLOCK - 1) / BLOCK;
    if (s) {
        s->engine = e;
        s->context = o.context;
        s->type = o.cache;
        s->adapter = o.adapter;
        s->tokens = memory_take((size_t)o.context * sizeof *s->tokens);
        s->blocks = calloc(blocks, sizeof *s->blocks);
        s->data = calloc(blocks, sizeof *s->data);
    }
    if (!s || !s->tokens || !s->blocks || !s->data) {
        session_close(&s);
        return err_set(err, ERR_NO_MEMORY, "out of memory for a context of %u", o.context);
    }
    bool is_long = shape->rope_original && o.context > shape->rope_original && e->model->rope_long;
    s->rope_factors = is_long ? e->model->rope_long : e->model->rope_short;
    s->kind = kind_of(s);
    e->promised += session_bytes(e, o.context, o.cache);
    s->promised = session_bytes(e, o.context, o.cache);
    *out = s;
    return ERR_OK;
}

void session_close(struct session **out)
{
    struct session *s = *out;
    if (!s)
        return;
    session_truncate(s, 0);
    s->engine->promised -= s->promised;
    memory_give(s->tokens, (size_t)s->context * sizeof *s->tokens);
    free(s->blocks);
    free(s->data);
    free(s);
    *out = NULL;
}

struct engine *session_engine(const struct session *s)
{
    return s->engine;
}

uint32_t session_length(const struct session *s)
{
    return s->length;
}

uint32_t session_context(const struct session *s)
{
    return s->context;
}

const int32_t *session_tokens(const struct session *s)
{
    return s->tokens;
}

// Blocks go from the last on, so that of those kept the first ones go last.
void session_truncate(struct session *s, uint32_t length)
{
    if (length >= s->length)
        return;
    s->length = length;
    while (s->block_count > (length + BLOCK - 1) / BLOCK)
        cache_drop(&s->engine->cache, s->blocks[--s->block_count]);
    if (s->published > length / BLOCK)
        s->published = length / BLOCK;
}

static void hold(struct session *s, uint32_t i, struct cache_block *b)
{
    s->blocks[i] = b;
    s->data[i] = b->data;
}

static uint64_t number_before(const struct session *s, uint32_t block)
{
    return block ? s->blocks[block - 1]->number : 0;
}

enum err_code session_grow(struct session *s, int32_t token, struct err *err)
{
    struct cache *c = &s->engine->cache;
    if (s->length == s->context)
        return err_set(err, ERR_LIMIT, "the context of %u positions is full", s->context);
    uint32_t i = s->length / BLOCK;
    struct cache_block *b = i == s->block_count ? cache_take(c, block_bytes(s->engine, s->type))
                                                : cache_own(c, s->blocks[i]);
    if (!b)
        return err_set(err, ERR_NO_MEMORY, "out of memory at position %u", s->length);
    hold(s, i, b);
    s->block_count = i + 1;
    s->tokens[s->length++] = token;
    return ERR_OK;
}

void session_publish(struct session *s)
{
    for (; s->published < s->length / BLOCK; s->published++) {
        uint32_t i = s->published;
        hold(s, i,
             cache_publish(&s->engine->cache, s->blocks[i], s->kind, number_before(s, i),
                           s->tokens + (size_t)i * BLOCK));
    }
}

uint32_t session_reuse(struct session *s, const int32_t *ids, size_t n)
{
    uint32_t taken = 0;
    if (s->length % BLOCK)
        return 0;
    while (taken + BLOCK < n && s->context - s->length >= BLOCK) {
        uint32_t i = s->length / BLOCK;
        struct cache_block *b =
            cache_find(&s->engine->cache, s->kind, number_before(s, i), ids + taken);
        if (!b)
            break;
        hold(s, i, b);
        memcpy(s->tokens + s->length, ids + taken, sizeof b->tokens);
        s->length += BLOCK;
        s->block_count = ++s->published;
        taken += BLOCK;
    }
    return taken;
}
