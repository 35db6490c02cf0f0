// Adapters as GGUF files.
#include "train/adapter_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "llm/gguf_write.h"

enum { PIECE_FLOATS = 1 << 18 };

enum err_code adapter_file_write(const struct nn_adapter *a, struct str arch, const char *name,
                                 const char *path, struct err *err)
{
    struct gguf_writer *w;
    enum err_code code = gguf_write_open(path, &w, err);
    if (code)
        return code;
    gguf_write_string(w, "general.architecture", arch);
    gguf_write_string(w, "general.type", STR_LIT("adapter"));
    gguf_write_string(w, "general.name", str_of(name));
    gguf_write_string(w, "adapter.type", STR_LIT("lora"));
    gguf_write_f32(w, "adapter.lora.alpha", a->scale * (float)a->rank);
    const struct quant_format *f = quant_format_of(QUANT_F32);
    for (size_t i = 0; i < a->w.tensor_count; i++) {
        const struct nn_tensor *t = &a->w.tensors[i];
        gguf_write_tensor(w, t->name, f, (uint64_t[]){t->cols, t->rows}, 2);
    }
    for (size_t i = 0; i < a->w.tensor_count; i++) {
        const struct nn_tensor *t = &a->w.tensors[i];
        gguf_write_data(w, a->w.w + t->at, t->rows * t->cols * sizeof(float));
    }
    return gguf_write_finish(&w, err);
}

struct merge {
    struct gguf *base, *adapter;
    struct gguf_writer *out;
    const struct quant_format *format;
    float scale, alpha;
};

// Both matrices of an adapted tensor as floats, in one block that the caller frees.
struct pair {
    float *a, *b;
    size_t rank;
};

static enum err_code read_pair(const struct merge *m, const struct gguf_tensor *t, struct pair *p,
                               struct err *err)
{
    char name[GGUF_NAME_MAX + 1];
    snprintf(name, sizeof name, "%.*s.lora_a",
             GGUF_NAME_MAX - 7 < (int)t->name.n ? GGUF_NAME_MAX - 7 : (int)t->name.n, t->name.p);
    const struct gguf_tensor *a = gguf_find_tensor(m->adapter, name);
    *p = (struct pair){0};
    if (!a)
        return ERR_OK;
    name[strlen(name) - 1] = 'b';
    const struct gguf_tensor *b = gguf_find_tensor(m->adapter, name);
    if (!b || a->ne[0] != t->ne[0] || b->ne[1] != t->ne[1] || a->ne[1] != b->ne[0])
        return err_set(err, ERR_INPUT, "%s: '%.*s' does not fit %s", gguf_name(m->adapter),
                       STR_ARG(a->name), gguf_name(m->base));
    p->a = malloc((size_t)(a->count + b->count) * sizeof *p->a);
    if (!p->a)
        return err_set(err, ERR_NO_MEMORY, "out of memory for '%.*s'", STR_ARG(a->name));
    p->b = p->a + a->count;
    p->rank = (size_t)a->ne[1];
    a->format->dequantize(a->data, p->a, (size_t)a->count);
    b->format->dequantize(b->data, p->b, (size_t)b->count);
    return ERR_OK;
}

static const struct quant_format *format_of(const struct merge *m, const struct gguf_tensor *t)
{
    return t->dims > 1 && m->format && t->ne[0] % m->format->block == 0 ? m->format : t->format;
}

// Rows of a tensor with what the pair adds.
static void add_pair(const struct merge *m, const struct pair *p, size_t cols, size_t first,
                     size_t rows, float *x)
{
    float scale = m->scale * (m->alpha > 0 ? m->alpha / (float)p->rank : 1);
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < p->rank; k++) {
            float factor = scale * p->b[(first + r) * p->rank + k];
            for (size_t i = 0; i < cols; i++)
                x[r * cols + i] += factor * p->a[k * cols + i];
        }
}

static enum err_code merge_tensor(const struct merge *m, const struct gguf_tensor *t,
                                  struct err *err)
{
    const struct quant_format *to = format_of(m, t);
    struct pair p;
    enum err_code code = read_pair(m, t, &p, err);
    if (code)
        return code;
    if (!p.rank && to == t->format) {
        gguf_write_data(m->out, t->data, t->bytes);
        return ERR_OK;
    }
    size_t cols = (size_t)t->ne[0], all = (size_t)(t->count / t->ne[0]);
    size_t rows = cols < PIECE_FLOATS ? PIECE_FLOATS / cols : 1;
    float *x = malloc(rows * cols * sizeof *x);
    unsigned char *blocks = malloc(quant_bytes(to, rows * cols));
    if (!x || !blocks)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for '%.*s'", STR_ARG(t->name));
    for (size_t first = 0; first < all && !code; first += rows) {
        size_t n = all - first < rows ? all - first : rows;
        t->format->dequantize(t->data + quant_bytes(t->format, first * cols), x, n * cols);
        if (p.rank)
            add_pair(m, &p, cols, first, n, x);
        to->quantize(x, blocks, n * cols);
        gguf_write_data(m->out, blocks, quant_bytes(to, n * cols));
    }
    free(x);
    free(blocks);
    free(p.a);
    return code;
}

// Every lora_a of the adapter must have its place in the base.
static enum err_code check_places(const struct merge *m, struct err *err)
{
    struct str type = {"", 0};
    (void)gguf_string(m->adapter, "adapter.type", &type, NULL);
    if (!str_is(type, "lora"))
        return err_set(err, ERR_INPUT, "%s: adapter.type is '%.*s', lora expected",
                       gguf_name(m->adapter), STR_ARG(type));
    for (size_t i = 0; i < gguf_tensor_count(m->adapter); i++) {
        struct str name = gguf_tensor_at(m->adapter, i)->name;
        char base[GGUF_NAME_MAX + 1];
        if (!str_ends(name, STR_LIT(".lora_a")) && !str_ends(name, STR_LIT(".lora_b")))
            return err_set(err, ERR_INPUT, "%s: tensor '%.*s' is no part of an adapter",
                           gguf_name(m->adapter), STR_ARG(name));
        str_copy(base, sizeof base, (struct str){name.p, name.n - 7});
        if (!gguf_find_tensor(m->base, base))
            return err_set(err, ERR_INPUT, "%s: '%.*s' has no place in %s", gguf_name(m->adapter),
                           STR_ARG(name), gguf_name(m->base));
    }
    return ERR_OK;
}

static enum err_code write_merged(struct merge *m, const char *out, struct err *err)
{
    enum err_code code = check_places(m, err);
    if (!code)
        code = gguf_write_open(out, &m->out, err);
    if (code)
        return code;
    for (size_t i = 0; i < gguf_key_count(m->base); i++)
        gguf_write_copy(m->out, gguf_key_at(m->base, i));
    for (size_t i = 0; i < gguf_tensor_count(m->base); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(m->base, i);
        char name[GGUF_NAME_MAX + 1];
        str_copy(name, sizeof name, t->name);
        gguf_write_tensor(m->out, name, format_of(m, t), t->ne, t->dims);
    }
    for (size_t i = 0; i < gguf_tensor_count(m->base) && !code; i++)
        code = merge_tensor(m, gguf_tensor_at(m->base, i), err);
    if (!code)
        return gguf_write_finish(&m->out, err);
    gguf_write_abandon(&m->out);
    return code;
}

enum err_code adapter_merge(const char *base, const char *adapter, float scale, const char *format,
                            const char *out, struct err *err)
{
    struct merge m = {.scale = scale};
    if (format && !(m.format = quant_format_by_name(format)))
        return err_set(err, ERR_NOT_FOUND, "no weight format is called '%s'", format);
    enum err_code code = gguf_open(base, &m.base, err);
    if (!code)
        code = gguf_open(adapter, &m.adapter, err);
    if (!code) {
        code = gguf_f32(m.adapter, "adapter.lora.alpha", &m.alpha, err);
        code = code == ERR_NOT_FOUND ? ERR_OK : code;
    }
    if (!code)
        code = write_merged(&m, out, err);
    gguf_close(&m.adapter);
    gguf_close(&m.base);
    return code;
}
