// Files of importance: llama.cpp's GGUF layout, and the older one.
//
// GGUF: of each tensor NAME the tensors NAME.in_sum2 (sums of squares, [cols]) and NAME.counts (the
// number of vectors summed). Older: int32 count of entries; of each, int32 length of the name, the
// name, int32 calls, int32 numbers, as many floats (mean of squares times calls); little endian.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "llm/gguf.h"
#include "llm/gguf_write.h"
#include "train/importance_private.h"

enum { CHUNK = 512 }; // tokens; what llama.cpp counts in

#define SUMS_END STR_LIT(".in_sum2")

// A tensor of floats; NULL without it, or when it is none.
static const float *floats_of(const struct gguf *g, const char *name, size_t *n)
{
    const struct gguf_tensor *t = gguf_find_tensor(g, name);
    if (!t || t->format->type != QUANT_F32 || (uintptr_t)t->data % sizeof(float))
        return NULL;
    *n = (size_t)t->count;
    return (const float *)(const void *)t->data;
}

static enum err_code read_entry(const struct gguf *g, const struct gguf_tensor *t,
                                struct importance *m, struct err *err)
{
    char name[GGUF_NAME_MAX + 1];
    struct str tensor = {t->name.p, t->name.n - SUMS_END.n};
    size_t cols = 0, counted = 0;
    snprintf(name, sizeof name, "%.*s", STR_ARG(t->name));
    const float *sums = floats_of(g, name, &cols);
    snprintf(name, sizeof name, "%.*s.counts", STR_ARG(tensor));
    const float *counts = floats_of(g, name, &counted);
    if (!sums || !counts || counted != 1 || !(counts[0] >= 1))
        return err_set(err, ERR_INPUT,
                       "%s: '%.*s' needs sums and one count as floats (experts are not supported)",
                       gguf_name(g), STR_ARG(tensor));
    if ((double)counts[0] > (double)m->tokens)
        m->tokens = (uint64_t)counts[0];
    return importance_add(m, gguf_name(g), tensor, sums, cols, (double)counts[0], err);
}

static enum err_code read_gguf(const char *path, struct importance *m, struct err *err)
{
    struct gguf *g;
    enum err_code code = gguf_open(path, &g, err);
    if (code)
        return code;
    for (size_t i = 0; i < gguf_tensor_count(g) && !code; i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        if (str_ends(t->name, SUMS_END))
            code = read_entry(g, t, m, err);
    }
    gguf_close(&g);
    return code;
}

struct reader {
    const char *path;
    const unsigned char *p, *start, *end;
    struct err *err;
    enum err_code code;
};

static const unsigned char *take(struct reader *r, size_t n, const char *what)
{
    const unsigned char *p = r->p;
    if (!r->code && n > (size_t)(r->end - p))
        r->code = err_set(r->err, ERR_INPUT, "%s: byte %zu: the file ends within %s", r->path,
                          (size_t)(p - r->start), what);
    if (!r->code)
        r->p += n;
    return p;
}

static int32_t take_number(struct reader *r, int32_t least, int32_t most, const char *what)
{
    int32_t v = least;
    size_t at = (size_t)(r->p - r->start);
    const unsigned char *p = take(r, sizeof v, what);
    if (r->code)
        return least;
    memcpy(&v, p, sizeof v);
    if (v < least || v > most)
        r->code = err_set(r->err, ERR_INPUT,
                          "%s: byte %zu: %s is %d, expected %d to %d: this is no importance file",
                          r->path, at, what, v, least, most);
    return r->code ? least : v;
}

static void read_old_entry(struct reader *r, struct importance *m)
{
    int32_t length = take_number(r, 1, GGUF_NAME_MAX, "the length of a name");
    struct str name = {(const char *)take(r, (size_t)length, "a name"), (size_t)length};
    int32_t calls = take_number(r, 0, INT32_MAX, "a number of calls");
    int32_t n = take_number(r, 1, 1 << 24, "a number of values");
    const unsigned char *p = take(r, (size_t)n * sizeof(float), "values");
    float *values = r->code ? NULL : malloc((size_t)n * sizeof *values);
    if (!r->code && !values)
        r->code = err_set(r->err, ERR_NO_MEMORY, "%s: out of memory", r->path);
    if (r->code)
        return;
    memcpy(values, p, (size_t)n * sizeof *values);
    r->code = importance_add(m, r->path, name, values, (size_t)n, calls > 0 ? calls : 1, r->err);
    free(values);
}

static enum err_code read_old(const char *path, const struct file_map *file, struct importance *m,
                              struct err *err)
{
    struct reader r = {path, file->p, file->p, file->p + file->n, err, ERR_OK};
    int32_t entries = take_number(&r, 1, GGUF_TENSORS_MAX, "the number of entries");
    for (int32_t i = 0; i < entries && !r.code; i++)
        read_old_entry(&r, m);
    return r.code;
}

enum err_code importance_read(const char *path, struct importance **out, struct err *err)
{
    struct file_map file = {0};
    struct importance *m = *out = NULL;
    enum err_code code = file_map_open(path, &file, err);
    if (code)
        return code;
    if (!(m = calloc(1, sizeof *m)))
        code = err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
    else if (file.n >= 4 && memcmp(file.p, "GGUF", 4) == 0)
        code = read_gguf(path, m, err);
    else
        code = read_old(path, &file, m, err);
    file_map_close(&file);
    if (!code && m->entries.n == 0)
        code = err_set(err, ERR_INPUT, "%s: no importance is in this file", path);
    if (code)
        importance_free(&m);
    *out = m;
    return code;
}

static void declare(struct gguf_writer *w, const struct map_entry *e, const char *end,
                    uint64_t cols)
{
    char name[GGUF_NAME_MAX + 16];
    snprintf(name, sizeof name, "%s%s", e->key, end);
    gguf_write_tensor(w, name, quant_format_of(QUANT_F32), (uint64_t[]){cols, 1}, 2);
}

enum err_code importance_write(const struct importance *m, const char *corpus, const char *path,
                               struct err *err)
{
    struct gguf_writer *w;
    struct str dataset = str_of(corpus);
    float count = m->tokens ? (float)m->tokens : 1;
    enum err_code code = gguf_write_open(path, &w, err);
    if (code)
        return code;
    gguf_write_string(w, "general.type", STR_LIT("imatrix"));
    gguf_write_strings(w, "imatrix.datasets", &dataset, 1);
    gguf_write_u32(w, "imatrix.chunk_count", (uint32_t)((m->tokens + CHUNK - 1) / CHUNK));
    gguf_write_u32(w, "imatrix.chunk_size", CHUNK);
    for (size_t i = 0; i < m->entries.n; i++) {
        const struct map_entry *e = &m->entries.entries[i];
        const struct importance_entry *v = (const void *)(uintptr_t)e->value;
        declare(w, e, ".in_sum2", v->cols);
        declare(w, e, ".counts", 1);
    }
    for (size_t i = 0; i < m->entries.n; i++) {
        const struct importance_entry *v = (const void *)(uintptr_t)m->entries.entries[i].value;
        for (size_t k = 0; k < v->cols; k++) {
            float sum = v->mean[k] * count;
            gguf_write_data(w, &sum, sizeof sum);
        }
        gguf_write_data(w, &count, sizeof count);
    }
    return gguf_write_finish(&w, err);
}
