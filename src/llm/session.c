// A conversation: its cache of keys and values, and its length.
#include <stdlib.h>

#include "kernels/memory.h"
#include "llm/engine_private.h"

size_t session_bytes(const struct engine *e, uint32_t context)
{
    const struct model_shape *s = &e->model->shape;
    size_t positions = ((size_t)context + 15) / 16 * 16, bytes;
    if (__builtin_mul_overflow(positions, (size_t)s->L * s->H_kv * s->D * 2 * sizeof(uint16_t),
                               &bytes))
        return SIZE_MAX;
    return bytes;
}

enum err_code session_open(struct engine *e, uint32_t context, struct session **out,
                           struct err *err)
{
    *out = NULL;
    const struct model_shape *shape = &e->model->shape;
    if (context == 0)
        context = shape->context;
    if (context > shape->context)
        return err_set(err, ERR_LIMIT, "a context of %u is wanted, the model has %u", context,
                       shape->context);
    struct session *s = calloc(1, sizeof *s);
    size_t bytes = session_bytes(e, context);
    if (s)
        s->cache = memory_take(bytes);
    if (!s || !s->cache) {
        free(s);
        return err_set(err, ERR_NO_MEMORY, "%zu MiB of memory are needed for a context of %u",
                       bytes >> 20, context);
    }
    s->engine = e;
    s->context = context;
    s->cache_bytes = bytes;
    bool is_long = shape->rope_original && context > shape->rope_original && e->model->rope_long;
    s->rope_factors = is_long ? e->model->rope_long : e->model->rope_short;
    *out = s;
    return ERR_OK;
}

void session_close(struct session **s)
{
    if (!*s)
        return;
    memory_give((*s)->cache, (*s)->cache_bytes);
    free(*s);
    *s = NULL;
}

uint32_t session_length(const struct session *s)
{
    return s->length;
}

uint32_t session_context(const struct session *s)
{
    return s->context;
}

void session_truncate(struct session *s, uint32_t length)
{
    if (length < s->length)
        s->length = length;
}
