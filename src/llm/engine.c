// The engine: opens model and threads, checks a step's tokens, runs it.
#include <stdlib.h>

#include "kernels/memory.h"
#include "llm/engine_private.h"
#include "llm/settle.h"

enum { APART_MAX = 32, LOW_BYTES = 3 * ENGINE_BATCH * ADAPTER_RANK_MAX * sizeof(float) };

// Keys and values of one layer over a whole text.
static size_t encoded_bytes(const struct engine *e)
{
    const struct model_shape *s = &e->model->shape;
    return ENGINE_BATCH / ATTENTION_BLOCK * s->H * attention_block_bytes(ATTENTION_F16, s->D);
}

static bool take_encoder_buffers(struct engine *e)
{
    size_t each = encoded_bytes(e) / (ENGINE_BATCH / ATTENTION_BLOCK);
    e->encoded = memory_take(encoded_bytes(e));
    for (size_t b = 0; e->encoded && b < ENGINE_BATCH / ATTENTION_BLOCK; b++)
        e->encoded_blocks[b] = e->encoded + b * each;
    return e->encoded;
}

// A step's buffers: all or none.
static bool take_buffers(struct engine *e, struct err *err)
{
    const struct model_shape *s = &e->model->shape;
    size_t B = ENGINE_BATCH;
    e->x = memory_take(B * s->C * sizeof *e->x);
    e->added = memory_take(B * s->C * sizeof *e->added);
    e->qkv = memory_take(B * e->model->layers[0].qkv.rows * sizeof *e->qkv);
    e->hidden = memory_take(B * 2 * s->hidden * sizeof *e->hidden);
    e->rope = memory_take(B * s->rope_dims * sizeof *e->rope);
    e->logits = memory_take((size_t)ENGINE_LOGITS * s->V * sizeof *e->logits);
    e->low = memory_take(LOW_BYTES);
    return (!e->model->arch->encoder || take_encoder_buffers(e)) && e->x && e->added && e->qkv &&
           e->hidden && e->rope && e->logits && e->low && !vectors_open(&e->width, B, s->C, err) &&
           !vectors_open(&e->heads, B, (size_t)s->H * s->D, err) &&
           !vectors_open(&e->inner, B, s->hidden, err);
}

enum err_code engine_open(const char *path, unsigned threads, struct engine **out, struct err *err)
{
    return engine_open_with(path, &(struct engine_options){.threads = threads}, out, err);
}

enum err_code engine_open_with(const char *path, const struct engine_options *options,
                               struct engine **out, struct err *err)
{
    *out = NULL;
    struct engine *e = calloc(1, sizeof *e);
    if (!e)
        return err_set(err, ERR_NO_MEMORY, "out of memory for %s", path);
    enum err_code code = team_open(options->threads, &e->team, err);
    if (!code)
        code = model_open(path, options->packed.dir ? &options->packed : NULL, e->team, &e->model,
                          err);
    if (!code)
        code = tokenizer_open(e->model->file, &e->tokenizer, err);
    if (!code && tokenizer_count(e->tokenizer) != e->model->shape.V)
        code = err_set(err, ERR_INPUT, "%s: %u tokens, but 'token_embd.weight' has %u rows", path,
                       tokenizer_count(e->tokenizer), e->model->shape.V);
    if (!code && !take_buffers(e, err))
        code = err_set(err, ERR_NO_MEMORY, "%s: out of memory for the buffers of a step", path);
    if (code)
        engine_close(&e);
    *out = e;
    return code;
}

void engine_close(struct engine **out)
{
    struct engine *e = *out;
    if (!e)
        return;
    if (e->model && e->model->layers) {
        const struct model_shape *s = &e->model->shape;
        size_t B = ENGINE_BATCH;
        memory_give(e->x, B * s->C * sizeof *e->x);
        memory_give(e->added, B * s->C * sizeof *e->added);
        memory_give(e->qkv, B * e->model->layers[0].qkv.rows * sizeof *e->qkv);
        memory_give(e->hidden, B * 2 * s->hidden * sizeof *e->hidden);
        memory_give(e->rope, B * s->rope_dims * sizeof *e->rope);
        memory_give(e->logits, (size_t)ENGINE_LOGITS * s->V * sizeof *e->logits);
        memory_give(e->low, LOW_BYTES);
        memory_give(e->encoded, encoded_bytes(e));
    }
    memory_give(e->sums, e->sums_bytes);
    cache_free(&e->cache);
    vectors_close(&e->width);
    vectors_close(&e->heads);
    vectors_close(&e->inner);
    tokenizer_close(&e->tokenizer);
    model_close(&e->model);
    team_close(&e->team);
    free(e);
    *out = NULL;
}

const struct model *engine_model(const struct engine *e)
{
    return e->model;
}

const struct tokenizer *engine_tokenizer(const struct engine *e)
{
    return e->tokenizer;
}

void engine_watch(struct engine *e, engine_inputs_fn *fn, void *arg)
{
    e->watch = fn;
    e->watch_arg = arg;
}

bool engine_settle(struct engine *e, size_t bytes)
{
    return settle_weights(e->model, e->team, bytes);
}

void engine_keep(struct engine *e, size_t bytes)
{
    cache_keep(&e->cache, bytes);
}

size_t engine_cache_bytes(const struct engine *e)
{
    return e->cache.bytes;
}

enum err_code engine_take_sums(struct engine *e, size_t positions, struct err *err)
{
    const struct model_shape *s = &e->model->shape;
    e->parts = attention_parts(positions);
    if (e->parts <= e->sums_parts)
        return ERR_OK;
    size_t parts = (e->parts + 3) / 4 * 4;
    size_t each = parts * attention_sums(s->H / s->H_kv, s->D) * sizeof *e->sums;
    size_t bytes = each * team_size(e->team) * PARTED_ITEMS;
    float *sums = memory_take(bytes);
    if (!sums)
        return err_set(err, ERR_NO_MEMORY, "out of memory for %zu positions", positions);
    memory_give(e->sums, e->sums_bytes);
    e->sums = sums;
    e->sums_parts = parts;
    e->sums_bytes = bytes;
    return ERR_OK;
}

// Gives each token its position; sessions grow. On failure the caller takes that back.
static enum err_code place_tokens(struct engine *e, const struct step_token *tokens, size_t n,
                                  struct err *err)
{
    e->wanted = 0;
    e->adapted = false;
    for (e->T = 0; e->T < n; e->T++) {
        const struct step_token *token = &tokens[e->T];
        struct session *s = token->session;
        if (token->token < 0 || (uint32_t)token->token >= e->model->shape.V)
            return err_set(err, ERR_INPUT, "token %d is none of the model's %u", token->token,
                           e->model->shape.V);
        if (token->logits && e->wanted == ENGINE_LOGITS)
            return err_set(err, ERR_LIMIT, "logits of more than %d tokens are wanted in one step",
                           ENGINE_LOGITS);
        enum err_code code = session_grow(s, token->token, err);
        if (code)
            return code;
        if (token->logits)
            e->wants[e->wanted++] = (uint32_t)e->T;
        e->at[e->T].session = s;
        e->at[e->T].token = token->token;
        e->at[e->T].position = s->length - 1;
        e->adapted = e->adapted || s->adapter;
    }
    return ERR_OK;
}

// Few tokens, each of its own session: none has to wait for another's keys and values.
static bool all_apart(const struct engine *e)
{
    if (e->T > APART_MAX)
        return false;
    for (size_t t = 1; t < e->T; t++)
        for (size_t before = 0; before < t; before++)
            if (e->at[before].session == e->at[t].session)
                return false;
    return true;
}

static void forget_tokens(struct engine *e)
{
    while (e->T > 0) {
        struct session *s = e->at[--e->T].session;
        session_truncate(s, s->length - 1);
    }
}

enum err_code engine_step(struct engine *e, const struct step_token *tokens, size_t n,
                          const float **logits, struct err *err)
{
    *logits = NULL;
    if (e->model->arch->encoder)
        return err_set(err, ERR_UNSUPPORTED, "%s: a model of embeddings writes no text",
                       gguf_name(e->model->file));
    if (n == 0 || n > ENGINE_BATCH)
        return err_set(err, ERR_LIMIT, "a step of %zu tokens, 1 to %d are possible", n,
                       ENGINE_BATCH);
    enum err_code code = place_tokens(e, tokens, n, err);
    size_t longest = 0;
    for (size_t t = 0; t < e->T; t++)
        longest = e->at[t].position >= longest ? e->at[t].position + 1 : longest;
    if (!code)
        code = engine_take_sums(e, longest, err);
    if (!code) {
        const struct model_shape *s = &e->model->shape;
        e->parted = e->parts > 1 && n * s->H_kv < PARTED_ITEMS * team_size(e->team);
        e->apart = all_apart(e);
        vectors_shape(&e->width, n, s->C);
        vectors_shape(&e->heads, n, (size_t)s->H * s->D);
        vectors_shape(&e->inner, n, s->hidden);
        atomic_store(&e->not_finite, false);
        team_run(e->team, forward, e);
        if (atomic_load(&e->not_finite) || (e->adapted && !all_finite(e->logits, e->wanted * s->V)))
            code = err_set(err, ERR_CORRUPT, "%s: the weights give numbers that are not finite",
                           gguf_name(e->model->file));
    }
    if (code) {
        forget_tokens(e);
        return code;
    }
    for (size_t t = 0; t < e->T; t++)
        session_publish(e->at[t].session);
    *logits = e->logits;
    return ERR_OK;
}

enum err_code engine_feed(struct engine *e, struct session *s, const int32_t *ids, size_t n,
                          const float **logits, struct err *err)
{
    *logits = NULL;
    uint32_t before = s->length;
    if (n == 0 || n > s->context - s->length)
        return err_set(err, n ? ERR_LIMIT : ERR_USAGE,
                       "%zu tokens do not fit: %u of the context's %u positions are in use", n,
                       s->length, s->context);
    for (size_t done = 0; done < n;) {
        struct step_token tokens[ENGINE_BATCH];
        size_t now = n - done < ENGINE_BATCH ? n - done : ENGINE_BATCH;
        for (size_t i = 0; i < now; i++)
            tokens[i] = (struct step_token){ids[done + i], s, done + i + 1 == n};
        enum err_code code = engine_step(e, tokens, now, logits, err);
        if (code) {
            session_truncate(s, before);
            return code;
        }
        done += now;
    }
    return ERR_OK;
}
