// A GGUF file that is open: opening, closing, and finding what was read from it.
#include "llm/gguf.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "llm/gguf_private.h"

const char *gguf_type_name(enum gguf_type type)
{
    static const char *const names[GGUF_TYPE_COUNT] = {
#define X(NAME, id, bytes, name) [id] = name,
        GGUF_TYPES(X)
#undef X
    };
    return (unsigned)type < GGUF_TYPE_COUNT ? names[type] : "?";
}

static enum err_code read_or_close(struct gguf *g, struct gguf **out, struct err *err)
{
    enum err_code code = gguf_read(g, err);
    if (code)
        gguf_close(&g);
    *out = g;
    return code;
}

static struct gguf *new_gguf(const char *name, struct err *err)
{
    struct gguf *g = calloc(1, sizeof *g);
    if (g && !(g->name = strdup(name))) {
        free(g);
        g = NULL;
    }
    if (!g)
        err_set(err, ERR_NO_MEMORY, "%s: out of memory", name);
    return g;
}

enum err_code gguf_open(const char *path, struct gguf **out, struct err *err)
{
    *out = NULL;
    struct gguf *g = new_gguf(path, err);
    if (!g)
        return ERR_NO_MEMORY;
    enum err_code code = file_map_open(path, &g->map, err);
    if (code) {
        gguf_close(&g);
        return code;
    }
    g->bytes = g->map.p;
    g->n = g->map.n;
    return read_or_close(g, out, err);
}

enum err_code gguf_open_bytes(const void *bytes, size_t n, const char *name, struct gguf **out,
                              struct err *err)
{
    *out = NULL;
    struct gguf *g = new_gguf(name, err);
    if (!g)
        return ERR_NO_MEMORY;
    g->bytes = bytes;
    g->n = n;
    return read_or_close(g, out, err);
}

void gguf_close(struct gguf **g)
{
    if (!*g)
        return;
    file_map_close(&(*g)->map);
    map_free(&(*g)->key_index);
    map_free(&(*g)->tensor_index);
    free((*g)->keys);
    free((*g)->tensors);
    free((*g)->name);
    free(*g);
    *g = NULL;
}

const char *gguf_name(const struct gguf *g)
{
    return g->name;
}

uint32_t gguf_version(const struct gguf *g)
{
    return g->version;
}

size_t gguf_file_bytes(const struct gguf *g)
{
    return g->n;
}

bool gguf_stamp(const struct gguf *g, struct gguf_stamp *out)
{
    *out = (struct gguf_stamp){g->map.n, g->map.modified_ns, g->map.changed_ns};
    return g->map.p;
}

void gguf_forget(const struct gguf *g, const struct gguf_tensor *t)
{
    if (!g->map.p)
        return;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)t->data + page - 1) / page * page;
    uintptr_t to = ((uintptr_t)t->data + t->bytes) / page * page;
    if (from < to)
        madvise((void *)from, to - from, MADV_DONTNEED); // advice: nothing depends on it
}

size_t gguf_key_count(const struct gguf *g)
{
    return g->key_index.n;
}

const struct gguf_value *gguf_key_at(const struct gguf *g, size_t i)
{
    return &g->keys[i];
}

const struct gguf_value *gguf_find(const struct gguf *g, const char *key)
{
    const uint64_t *i = map_find(&g->key_index, str_of(key));
    return i ? &g->keys[*i] : NULL;
}

size_t gguf_tensor_count(const struct gguf *g)
{
    return g->tensor_index.n;
}

const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t i)
{
    return &g->tensors[i];
}

const struct gguf_tensor *gguf_find_tensor(const struct gguf *g, const char *name)
{
    const uint64_t *i = map_find(&g->tensor_index, str_of(name));
    return i ? &g->tensors[*i] : NULL;
}
